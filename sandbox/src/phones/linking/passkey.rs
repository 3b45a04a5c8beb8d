//! The phone's half of linking by passkey (protocol, "passkey").

use buffa::Message as _;
use bytes::Bytes;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use wacore::shortcake::ShortcakeUtils;
use wacore_libsignal::crypto::aes_256_gcm_decrypt;
use wacore_libsignal::protocol::KeyPair;
use waproto::whatsapp as wa;

use super::super::account::raw_public;
use crate::ports::{PasskeyRequest, PasskeySession, PortError, PortResult};

/// One exchange with one companion.
pub(in super::super) struct Session {
    ephemeral: KeyPair,
    nonce: [u8; 32],
    /// `CompanionEphemeralIdentity`, as the companion has committed itself to it.
    companion: Vec<u8>,
    commitment: Vec<u8>,
}

impl Session {
    /// Reads what the companion commits itself to.
    pub(in super::super) fn begin(prologue: &[u8]) -> PortResult<Self> {
        let prologue = wa::ProloguePayload::decode_from_slice(prologue).map_err(|_| malformed("prologue"))?;
        let companion = prologue.companion_ephemeral_identity.ok_or_else(|| malformed("prologue"))?;
        let commitment = prologue.commitment.into_option().and_then(|commitment| commitment.hash);
        Ok(Self {
            ephemeral: KeyPair::generate(&mut rand::make_rng::<StdRng>()),
            nonce: rand::random(),
            companion,
            commitment: commitment.ok_or_else(|| malformed("commitment"))?,
        })
    }

    fn key(&self) -> PortResult<[u8; 32]> {
        let companion = wa::CompanionEphemeralIdentity::decode_from_slice(&self.companion)
            .map_err(|_| malformed("identity"))?;
        let (key, kind, reference) = (companion.public_key, companion.device_type, companion.r#ref);
        let (Some(key), Some(kind), Some(reference)) = (key, kind, reference) else {
            return Err(malformed("identity"));
        };
        let key = key.try_into().map_err(|_| malformed("identity"))?;
        let derived = ShortcakeUtils::derive_encryption_key(&self.ephemeral, &key, kind, &reference);
        derived.map_err(|_| malformed("identity"))
    }
}

impl PasskeySession for Session {
    fn primary_identity(&self) -> Bytes {
        wa::PrimaryEphemeralIdentity {
            public_key: Some(raw_public(&self.ephemeral.public_key).to_vec()),
            nonce: Some(self.nonce.to_vec()),
        }
        .encode_to_vec()
        .into()
    }

    fn reveal(&self, companion_nonce: &[u8; 32]) -> PortResult<String> {
        let digest = Sha256::new().chain_update(&self.companion).chain_update(companion_nonce).finalize();
        if digest[..] != self.commitment[..] {
            return Err(PortError::Refused("the companion breaks its commitment".to_owned()));
        }
        let key = raw_public(&self.ephemeral.public_key);
        Ok(ShortcakeUtils::derive_verification_code(companion_nonce, &key, &self.nonce))
    }

    fn open(&self, sealed: &[u8]) -> PortResult<PasskeyRequest> {
        let sealed =
            wa::EncryptedPairingRequest::decode_from_slice(sealed).map_err(|_| malformed("request"))?;
        let (Some(payload), Some(iv)) = (sealed.encrypted_payload, sealed.iv) else {
            return Err(malformed("request"));
        };
        let iv: [u8; 12] = iv.try_into().map_err(|_| malformed("request"))?;
        let mut plain = Vec::new();
        aes_256_gcm_decrypt(&self.key()?, &iv, b"", &payload, &mut plain)
            .map_err(|_| PortError::Refused("the companion's request does not open".to_owned()))?;
        let request = wa::PairingRequest::decode_from_slice(&plain).map_err(|_| malformed("request"))?;
        let bytes = |field: Option<Vec<u8>>| {
            let field: Option<[u8; 32]> = field.and_then(|field| field.try_into().ok());
            field.ok_or_else(|| malformed("request"))
        };
        Ok(PasskeyRequest {
            noise: bytes(request.companion_public_key)?,
            identity: bytes(request.companion_identity_key)?,
            adv_secret: bytes(request.adv_secret)?,
        })
    }
}

fn malformed(what: &str) -> PortError {
    PortError::Refused(format!("the companion's {what} is malformed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_committed_to_is_revealed() {
        let key = KeyPair::generate(&mut rand::make_rng::<StdRng>());
        let platform = wa::device_props::PlatformType::CHROME;
        let identity =
            ShortcakeUtils::build_companion_ephemeral_identity(&raw_public(&key.public_key), platform, "ref");
        let nonce = [7; 32];
        let commitment = ShortcakeUtils::commitment_hash(&identity, &nonce);
        let prologue = ShortcakeUtils::build_prologue_payload(&identity, &commitment);
        let session = Session::begin(&prologue).expect("prologue");
        let primary = ShortcakeUtils::parse_primary_ephemeral_identity(&session.primary_identity());
        let primary = primary.expect("identity");
        let code = ShortcakeUtils::derive_verification_code(&nonce, &primary.public_key, &primary.nonce);
        assert_eq!(session.reveal(&nonce).expect("code"), code);
        assert!(session.reveal(&[8; 32]).is_err());

        let secret = ShortcakeUtils::derive_encryption_key(&key, &primary.public_key, platform, "ref");
        let plain = ShortcakeUtils::build_pairing_request(&[1; 32], &[2; 32], &[3; 32]);
        let sealed = ShortcakeUtils::encrypt_pairing_request(&plain, &secret.expect("key")).expect("sealed");
        let request = session.open(&ShortcakeUtils::build_encrypted_pairing_request(&sealed)).expect("open");
        assert_eq!((request.noise, request.identity, request.adv_secret), ([1; 32], [2; 32], [3; 32]));
        assert!(session.open(b"nonsense").is_err());
    }
}
