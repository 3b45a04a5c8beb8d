//! X3DH, double ratchet and sender keys over a scratch copy of stored state.
//!
//! A step loads the records it needs into a [`Scratch`], runs the library on it and hands the
//! changed records back to be committed in the same transaction as the step's effect.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use rand::rngs::StdRng;
use wacore_libsignal::protocol::error::Result as SignalResult;
use wacore_libsignal::protocol::{
    CiphertextMessage, Direction, GenericSignedPreKey, IdentityChange, IdentityKey, IdentityKeyPair,
    IdentityKeyStore, KeyPair, PreKeyBundle, PreKeyId, PreKeyRecord, PreKeySignalMessage, PreKeyStore,
    ProtocolAddress, PublicKey, SenderKeyDistributionMessage, SenderKeyMessage, SenderKeyName,
    SenderKeyRecord, SenderKeyStore, SessionRecord, SessionStore, SignalMessage, SignalProtocolError,
    SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp, UsePQRatchet,
    create_sender_key_distribution_message, group_decrypt, group_encrypt, message_decrypt, message_encrypt,
    process_prekey_bundle, process_sender_key_distribution_message,
};

use super::account::{Keys, SIGNED_PRE_KEY_ID};
use super::address::DeviceAddress;
use crate::ports::KeyBundle;

/// One `<enc>` as it goes on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encrypted {
    /// `pkmsg`, `msg` or `skmsg`.
    pub(super) kind: &'static str,
    pub(super) bytes: Vec<u8>,
}

/// Records of one step, and which of them it changed.
pub(super) struct Scratch {
    sessions: Sessions,
    pre_keys: PreKeys,
    sender_keys: SenderKeys,
    identity: OwnIdentity,
    signed: SignedKey,
}

/// What a step changed, ready to be stored.
#[derive(Default)]
pub(super) struct Changes {
    /// Signal address and serialized session.
    pub(super) sessions: Vec<(String, Vec<u8>)>,
    /// Sender key name and serialized record.
    pub(super) sender_keys: Vec<(String, Vec<u8>)>,
    /// One-time pre-keys that a new session has used up.
    pub(super) used_pre_keys: Vec<u32>,
}

impl Scratch {
    pub(super) fn new(keys: &Keys) -> Self {
        Self {
            sessions: Sessions::default(),
            pre_keys: PreKeys::default(),
            sender_keys: SenderKeys::default(),
            identity: OwnIdentity { pair: keys.identity.clone(), registration_id: keys.registration_id },
            signed: SignedKey { pair: keys.signed_pre_key.clone(), signature: keys.signed_pre_key_signature },
        }
    }

    /// Puts a stored session into the scratch.
    pub(super) fn put_session(&mut self, key: String, stored: &[u8]) -> anyhow::Result<()> {
        let mut record = SessionRecord::deserialize(stored)?;
        // every step is committed before its ciphertext leaves, so no counters are leased ahead
        record.waive_counter_lease();
        self.sessions.records.insert(key, record);
        Ok(())
    }

    pub(super) fn put_pre_key(&mut self, id: u32, pair: &KeyPair) {
        self.pre_keys.records.insert(id, PreKeyRecord::new(id.into(), pair));
    }

    /// Puts a stored sender key into the scratch, unless an earlier step has it there already.
    pub(super) fn put_sender_key(&mut self, name: String, stored: &[u8]) -> anyhow::Result<()> {
        if let Entry::Vacant(place) = self.sender_keys.records.entry(name) {
            place.insert(SenderKeyRecord::deserialize(stored)?);
        }
        Ok(())
    }

    pub(super) fn has_session(&self, device: &DeviceAddress) -> bool {
        self.sessions.records.get(&device.key()).is_some_and(|record| record.session_state().is_some())
    }

    /// Starts a session with a device from its bundle, replacing (archiving) an older one.
    pub(super) async fn start_session(
        &mut self,
        device: &DeviceAddress,
        bundle: &KeyBundle,
    ) -> anyhow::Result<()> {
        let one_time = bundle
            .one_time
            .map(|(id, key)| PublicKey::from_djb_public_key_bytes(&key).map(|key| (PreKeyId::from(id), key)))
            .transpose()?;
        let (signed_id, signed, signature) = bundle.signed_pre_key;
        let bundle = PreKeyBundle::new(
            bundle.registration_id,
            u32::from(device.device).into(),
            one_time,
            SignedPreKeyId::from(signed_id),
            PublicKey::from_djb_public_key_bytes(&signed)?,
            signature.to_vec(),
            IdentityKey::new(PublicKey::from_djb_public_key_bytes(&bundle.identity)?),
        )?;
        process_prekey_bundle(
            &device.signal(),
            &mut self.sessions,
            &mut self.identity,
            &bundle,
            &mut rng(),
            UsePQRatchet::No,
        )
        .await?;
        Ok(())
    }

    /// Encrypts a padded plaintext for a device with a session.
    pub(super) async fn encrypt(
        &mut self,
        device: &DeviceAddress,
        plaintext: &[u8],
    ) -> anyhow::Result<Encrypted> {
        let sealed =
            message_encrypt(plaintext, &device.signal(), &mut self.sessions, &mut self.identity).await?;
        Ok(match sealed {
            CiphertextMessage::PreKeySignalMessage(m) => {
                Encrypted { kind: "pkmsg", bytes: m.serialized().to_vec() }
            }
            other => Encrypted { kind: "msg", bytes: other.serialize().to_vec() },
        })
    }

    /// Opens a `pkmsg` or `msg`; the answer is the padded plaintext.
    pub(super) async fn decrypt(
        &mut self,
        device: &DeviceAddress,
        sealed: &CiphertextMessage,
    ) -> SignalResult<Vec<u8>> {
        let opened = message_decrypt(
            sealed,
            &device.signal(),
            &mut self.sessions,
            &mut self.identity,
            &mut self.pre_keys,
            &self.signed,
            &mut rng(),
            UsePQRatchet::No,
        )
        .await?;
        if let Some(id) = opened.consumed_prekey_id {
            self.pre_keys.used.push(id.into());
        }
        Ok(opened.plaintext)
    }

    /// Opens a `skmsg` with the sender key of `name`.
    pub(super) async fn decrypt_group(
        &mut self,
        name: &SenderKeyName,
        sealed: &[u8],
    ) -> SignalResult<Vec<u8>> {
        group_decrypt(sealed, &mut self.sender_keys, name).await
    }

    /// Learns a sender key.
    pub(super) async fn learn_sender_key(
        &mut self,
        name: &SenderKeyName,
        distribution: &[u8],
    ) -> SignalResult<()> {
        let distribution = SenderKeyDistributionMessage::try_from(distribution)?;
        process_sender_key_distribution_message(name, &distribution, &mut self.sender_keys).await
    }

    /// The distribution of an own sender key, which is made when there is none.
    pub(super) async fn distribute_sender_key(&mut self, name: &SenderKeyName) -> SignalResult<Vec<u8>> {
        let distribution =
            create_sender_key_distribution_message(name, &mut self.sender_keys, &mut rng()).await?;
        Ok(distribution.serialized().to_vec())
    }

    /// Encrypts a padded plaintext with an own sender key.
    pub(super) async fn encrypt_group(
        &mut self,
        name: &SenderKeyName,
        plaintext: &[u8],
    ) -> SignalResult<Encrypted> {
        let sealed = group_encrypt(&mut self.sender_keys, name, plaintext, &mut rng()).await?;
        Ok(Encrypted { kind: "skmsg", bytes: sealed.serialized().to_vec() })
    }

    /// Everything the steps on this scratch have changed.
    pub(super) fn changes(self) -> anyhow::Result<Changes> {
        let mut changes = Changes { used_pre_keys: self.pre_keys.used, ..Changes::default() };
        for key in &self.sessions.changed {
            if let Some(record) = self.sessions.records.get(key) {
                changes.sessions.push((key.clone(), record.serialize()?));
            }
        }
        for name in &self.sender_keys.changed {
            if let Some(record) = self.sender_keys.records.get(name) {
                changes.sender_keys.push((name.clone(), record.serialize()?));
            }
        }
        Ok(changes)
    }
}

/// Parses an `<enc>` of type `pkmsg` or `msg`.
pub(super) fn parse_sealed(kind: &str, bytes: &[u8]) -> SignalResult<CiphertextMessage> {
    if kind == "pkmsg" {
        PreKeySignalMessage::try_from(bytes).map(CiphertextMessage::PreKeySignalMessage)
    } else {
        SignalMessage::try_from(bytes).map(CiphertextMessage::SignalMessage)
    }
}

/// Place of a ciphertext in its ratchet.
pub(super) fn counter(kind: &str, bytes: &[u8]) -> Option<u32> {
    match kind {
        "skmsg" => SenderKeyMessage::try_from(bytes).ok().map(|sealed| sealed.iteration()),
        kind => match parse_sealed(kind, bytes).ok()? {
            CiphertextMessage::SignalMessage(sealed) => Some(sealed.counter()),
            CiphertextMessage::PreKeySignalMessage(sealed) => Some(sealed.message().counter()),
            _ => None,
        },
    }
}

/// Name of a sender key: group and sending device.
pub(super) fn sender_key_name(group: &str, sender: &DeviceAddress) -> SenderKeyName {
    SenderKeyName::new(group.to_owned(), sender.key())
}

fn rng() -> StdRng {
    rand::make_rng()
}

#[derive(Default)]
struct Sessions {
    records: BTreeMap<String, SessionRecord>,
    changed: BTreeSet<String>,
}

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> SignalResult<Option<SessionRecord>> {
        Ok(self.records.get(address.as_str()).cloned())
    }

    async fn has_session(&self, address: &ProtocolAddress) -> SignalResult<bool> {
        Ok(self.records.contains_key(address.as_str()))
    }

    async fn store_session(
        &mut self,
        address: &ProtocolAddress,
        mut record: SessionRecord,
    ) -> SignalResult<()> {
        record.waive_counter_lease();
        self.changed.insert(address.as_str().to_owned());
        self.records.insert(address.as_str().to_owned(), record);
        Ok(())
    }
}

#[derive(Default)]
struct PreKeys {
    records: BTreeMap<u32, PreKeyRecord>,
    used: Vec<u32>,
}

#[async_trait]
impl PreKeyStore for PreKeys {
    async fn get_pre_key(&self, id: PreKeyId) -> SignalResult<PreKeyRecord> {
        self.records.get(&id.into()).cloned().ok_or(SignalProtocolError::InvalidPreKeyId)
    }

    async fn save_pre_key(&mut self, id: PreKeyId, record: &PreKeyRecord) -> SignalResult<()> {
        self.records.insert(id.into(), record.clone());
        Ok(())
    }

    async fn remove_pre_key(&mut self, id: PreKeyId) -> SignalResult<()> {
        self.used.push(id.into());
        Ok(())
    }
}

struct SignedKey {
    pair: KeyPair,
    signature: [u8; 64],
}

#[async_trait]
impl SignedPreKeyStore for SignedKey {
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> SignalResult<SignedPreKeyRecord> {
        if u32::from(id) != SIGNED_PRE_KEY_ID {
            return Err(SignalProtocolError::InvalidSignedPreKeyId);
        }
        Ok(<SignedPreKeyRecord as GenericSignedPreKey>::new(
            id,
            Timestamp::from_epoch_millis(0),
            &self.pair,
            &self.signature,
        ))
    }

    async fn save_signed_pre_key(
        &mut self,
        _id: SignedPreKeyId,
        _record: &SignedPreKeyRecord,
    ) -> SignalResult<()> {
        Err(SignalProtocolError::InvalidState("save_signed_pre_key", "the signed pre-key is fixed".into()))
    }
}

struct OwnIdentity {
    pair: IdentityKeyPair,
    registration_id: u32,
}

/// Identities are trusted on change, as the real client does for a reinstalled contact.
#[async_trait]
impl IdentityKeyStore for OwnIdentity {
    async fn get_identity_key_pair(&self) -> SignalResult<IdentityKeyPair> {
        Ok(self.pair.clone())
    }

    async fn get_local_registration_id(&self) -> SignalResult<u32> {
        Ok(self.registration_id)
    }

    async fn save_identity(
        &mut self,
        _address: &ProtocolAddress,
        _identity: &IdentityKey,
    ) -> SignalResult<IdentityChange> {
        Ok(IdentityChange::NewOrUnchanged)
    }

    async fn is_trusted_identity(
        &self,
        _address: &ProtocolAddress,
        _identity: &IdentityKey,
        _direction: Direction,
    ) -> SignalResult<bool> {
        Ok(true)
    }

    async fn get_identity(&self, _address: &ProtocolAddress) -> SignalResult<Option<IdentityKey>> {
        Ok(None)
    }
}

#[derive(Default)]
pub(super) struct SenderKeys {
    records: BTreeMap<String, SenderKeyRecord>,
    changed: BTreeSet<String>,
}

#[async_trait]
impl SenderKeyStore for SenderKeys {
    async fn store_sender_key(&mut self, name: &SenderKeyName, record: SenderKeyRecord) -> SignalResult<()> {
        self.changed.insert(name.cache_key().to_owned());
        self.records.insert(name.cache_key().to_owned(), record);
        Ok(())
    }

    async fn load_sender_key(&self, name: &SenderKeyName) -> SignalResult<Option<SenderKeyRecord>> {
        Ok(self.records.get(name.cache_key()).cloned())
    }
}
