//! A phone's keys and names.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use rand::RngExt;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use wacore_binary::Jid;
use wacore_libsignal::protocol::{IdentityKeyPair, KeyPair, PrivateKey, PublicKey};

use super::behaviour::Behaviour;
use crate::ports::AccountInfo;

/// Every phone has one signed pre-key for life; rotating it is not simulated.
pub(super) const SIGNED_PRE_KEY_ID: u32 = 1;

/// The app-state sync key that the phone shares with its companions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyncKey {
    pub(super) id: [u8; 6],
    pub(super) data: [u8; 32],
    /// Unix seconds at which the key was made.
    pub(super) made: i64,
}

/// Key material of a phone.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) identity: IdentityKeyPair,
    pub(super) registration_id: u32,
    pub(super) signed_pre_key: KeyPair,
    pub(super) signed_pre_key_signature: [u8; 64],
    pub(super) sync: SyncKey,
}

/// Who a phone is: numbers and public keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) pn: String,
    pub(super) lid: String,
    pub(super) identity: [u8; 32],
    pub(super) adv_raw_id: u32,
}

/// A loaded phone. `signal` serialises everything that moves a ratchet, `sending` what its
/// user sends; who holds both took `sending` first.
pub(super) struct Phone {
    pub(super) info: Card,
    pub(super) keys: Keys,
    name: RwLock<String>,
    /// `None` when it does what phones do by default.
    behaviour: RwLock<Option<Arc<Behaviour>>>,
    on_whatsapp: AtomicBool,
    pub(super) signal: tokio::sync::Mutex<()>,
    pub(super) sending: tokio::sync::Mutex<()>,
}

impl Phone {
    pub(super) fn new(info: AccountInfo, keys: Keys) -> Self {
        let AccountInfo { pn, lid, push_name, identity, adv_raw_id } = info;
        Self {
            info: Card { pn, lid, identity, adv_raw_id },
            keys,
            name: RwLock::new(push_name),
            behaviour: RwLock::default(),
            on_whatsapp: AtomicBool::new(true),
            signal: tokio::sync::Mutex::new(()),
            sending: tokio::sync::Mutex::new(()),
        }
    }

    /// What the network knows of the account.
    pub(super) fn account(&self) -> AccountInfo {
        let Card { pn, lid, identity, adv_raw_id } = self.info.clone();
        AccountInfo { pn, lid, push_name: self.push_name(), identity, adv_raw_id }
    }

    /// Name of the phone's user.
    pub(super) fn push_name(&self) -> String {
        self.name.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_push_name(&self, name: &str) {
        name.clone_into(&mut self.name.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// What it does by itself, when that was said of this phone.
    pub(super) fn own_behaviour(&self) -> Option<Arc<Behaviour>> {
        self.behaviour.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_behaviour(&self, behaviour: Option<Arc<Behaviour>>) {
        *self.behaviour.write().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    /// Whether the number exists for the network.
    pub(super) fn on_whatsapp(&self) -> bool {
        self.on_whatsapp.load(Ordering::Relaxed)
    }

    pub(super) fn set_on_whatsapp(&self, exists: bool) {
        self.on_whatsapp.store(exists, Ordering::Relaxed);
    }

    pub(super) fn pn(&self) -> &str {
        &self.info.pn
    }

    pub(super) fn jid(&self) -> Jid {
        Jid::pn(self.info.pn.as_str())
    }

    /// True when `user` is this account, by number or by LID.
    pub(super) fn is_own(&self, user: &str) -> bool {
        user == self.info.pn || user == self.info.lid
    }
}

impl Keys {
    /// Fresh keys of a new phone.
    pub(super) fn generate(now: i64) -> anyhow::Result<Self> {
        let mut rng: StdRng = rand::make_rng();
        let identity = IdentityKeyPair::generate(&mut rng);
        let signed_pre_key = KeyPair::generate(&mut rng);
        let signed_pre_key_signature =
            identity.private_key().calculate_signature(&signed_pre_key.public_key.serialize(), &mut rng)?;
        let mut id = [0; 6];
        // two bytes of device (the phone is 0), four bytes of epoch
        id[2..].copy_from_slice(&rng.random_range(1..0x0001_0000_u32).to_be_bytes());
        Ok(Self {
            identity,
            // 14 bits as the clients choose it, never 0
            registration_id: rng.random_range(1..0x4000),
            signed_pre_key,
            signed_pre_key_signature,
            sync: SyncKey { id, data: rng.random(), made: now },
        })
    }

    /// Public identity key, 32 bytes without type prefix.
    pub(super) fn identity_public(&self) -> [u8; 32] {
        raw_public(self.identity.public_key())
    }
}

/// The 32 bytes of a public key without its type prefix.
pub(super) fn raw_public(key: &wacore_libsignal::protocol::PublicKey) -> [u8; 32] {
    let mut raw = [0; 32];
    raw.copy_from_slice(key.public_key_bytes());
    raw
}

/// A key pair from its stored halves.
pub(super) fn key_pair(private: &[u8], public: &[u8]) -> anyhow::Result<KeyPair> {
    Ok(KeyPair::new(PublicKey::from_djb_public_key_bytes(public)?, PrivateKey::deserialize(private)?))
}

/// The LID of a number: 15 digits by hash, so that it is stable and looks like no phone number
/// of the same account. `attempt` steps over collisions.
pub(super) fn derive_lid(pn: &str, attempt: u32) -> String {
    const SMALLEST: u64 = 100_000_000_000_000;
    let digest = Sha256::new()
        .chain_update(b"wagate sandbox lid")
        .chain_update(attempt.to_be_bytes())
        .chain_update(pn.as_bytes())
        .finalize();
    let mut head = [0; 8];
    head.copy_from_slice(&digest[..8]);
    (SMALLEST + u64::from_be_bytes(head) % (9 * SMALLEST)).to_string()
}

/// A name for a phone that was made without one; stable per number.
pub(super) fn invent_name(pn: &str) -> String {
    const FIRST: [&str; 16] = [
        "Ada", "Bruno", "Chioma", "Dilnoza", "Elif", "Farid", "Grace", "Hana", "Iker", "Jun", "Kofi", "Lena",
        "Mateo", "Nadia", "Omar", "Priya",
    ];
    const LAST: [&str; 16] = [
        "Almeida", "Bauer", "Costa", "Diallo", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen",
        "Khan", "Lopez", "Mensah", "Novak", "Okafor", "Petrov",
    ];
    let digest = Sha256::digest(pn.as_bytes());
    format!("{} {}", FIRST[usize::from(digest[0] % 16)], LAST[usize::from(digest[1] % 16)])
}

/// ADV raw id of a new account.
pub(super) fn new_raw_id() -> u32 {
    let mut rng: StdRng = rand::make_rng();
    rng.random_range(1..0x7fff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lids_are_stable_fifteen_digits_and_differ_by_attempt() {
        let lid = derive_lid("491700000001", 0);
        assert_eq!(lid, derive_lid("491700000001", 0));
        assert_eq!(lid.len(), 15);
        assert_ne!(lid, derive_lid("491700000001", 1));
        assert_ne!(lid, derive_lid("491700000002", 0));
    }
}
