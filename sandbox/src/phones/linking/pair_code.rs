//! The phone's half of pairing by code (protocol, "pair-code").

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rand::rngs::StdRng;
use wacore::crypto::hkdf_sha256;
use wacore::pair_code::PairCodeUtils;
use wacore_libsignal::crypto::aes_256_gcm_decrypt;
use wacore_libsignal::protocol::{KeyPair, PublicKey};

use super::super::account::{Keys, raw_public};
use crate::clock::{Clock, Moment};
use crate::ports::{CodeFinish, CodeHello, CodePrimaryHello, PortError, PortResult};

const BUNDLE_INFO: &[u8] = b"link_code_pairing_key_bundle_encryption_key";
const ADV_SECRET_INFO: &[u8] = b"adv_secret";
const SALT: usize = 32;
const IV: usize = 12;
const KEY: usize = 32;

struct Pending {
    ephemeral: KeyPair,
    companion_ephemeral: [u8; 32],
    begun: Moment,
}

/// Pairings between their second and third stage. They live as long as a code does and need
/// not survive a restart: the companion's connection does not either.
pub(in super::super) struct PendingPairings {
    pending: Mutex<HashMap<(String, Bytes), Pending>>,
    clock: Clock,
}

impl PendingPairings {
    pub(in super::super) fn new(clock: Clock) -> Self {
        Self { pending: Mutex::default(), clock }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, Bytes), Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn valid(&self, pairing: &Pending) -> bool {
        self.clock.since(pairing.begun) < PairCodeUtils::code_validity()
    }

    /// Second stage: opens the companion's ephemeral key with the code, answers with an own one.
    pub(in super::super) async fn hello(
        &self,
        pn: &str,
        keys: &Keys,
        code: &str,
        hello: &CodeHello,
    ) -> PortResult<CodePrimaryHello> {
        let code = normalize_code(code)?;
        let wrapped = hello.wrapped_ephemeral.clone();
        let ephemeral = KeyPair::generate(&mut rand::make_rng::<StdRng>());
        let public = raw_public(&ephemeral.public_key);
        // two key derivations of 2^17 rounds each
        let (companion_ephemeral, answer) = tokio::task::spawn_blocking(move || {
            let theirs = PairCodeUtils::decrypt_primary_ephemeral_pub(&wrapped, &code);
            theirs.map(|theirs| (theirs, PairCodeUtils::encrypt_ephemeral_pub(&public, &code)))
        })
        .await
        .map_err(anyhow::Error::from)?
        .map_err(|error| PortError::Refused(format!("the companion's hello is malformed: {error}")))?;
        let mut pending = self.lock();
        pending.retain(|_, pairing| self.valid(pairing));
        pending.insert(
            (pn.to_owned(), hello.reference.clone()),
            Pending { ephemeral, companion_ephemeral, begun: self.clock.moment() },
        );
        Ok(CodePrimaryHello {
            wrapped_ephemeral: Bytes::copy_from_slice(&answer),
            identity: keys.identity_public(),
        })
    }

    /// Third stage: opens the bundle, checks both identities, derives the ADV secret.
    pub(in super::super) fn finish(
        &self,
        pn: &str,
        keys: &Keys,
        finish: &CodeFinish,
    ) -> PortResult<[u8; 32]> {
        let pending = self
            .lock()
            .remove(&(pn.to_owned(), finish.reference.clone()))
            .filter(|pairing| self.valid(pairing))
            .ok_or_else(|| PortError::NotFound("no pairing by code under this reference".to_owned()))?;
        // a wrong code yields some other 32 bytes here, and the bundle does not open
        let shared = agree(&pending.ephemeral, &pending.companion_ephemeral)?;
        let bundle = open_bundle(&shared, &finish.wrapped_bundle)?;
        let (companion, rest) = bundle.split_at(KEY);
        let (primary, random) = rest.split_at(KEY);
        if companion != finish.identity {
            return Err(PortError::Refused("the bundle names another companion".to_owned()));
        }
        if primary != keys.identity_public() {
            return Err(PortError::Refused("the bundle names another phone".to_owned()));
        }
        let identity = KeyPair::new(*keys.identity.public_key(), keys.identity.private_key().clone());
        let identity_shared = agree(&identity, &finish.identity)?;
        let secret =
            hkdf_sha256(&[&shared[..], &identity_shared, random].concat(), KEY, None, ADV_SECRET_INFO)
                .map_err(anyhow::Error::from)?;
        Ok(secret.try_into().map_err(|_| anyhow::anyhow!("HKDF gave another length"))?)
    }
}

/// The code as the companion derived its key from it: eight characters, no dash, upper case.
pub(crate) fn normalize_code(code: &str) -> PortResult<String> {
    let code: String =
        code.chars().filter(|c| *c != '-' && !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    if PairCodeUtils::validate_code(&code) {
        Ok(code)
    } else {
        Err(PortError::Refused(
            "a pairing code has eight letters or digits, without 0, I, O and U".to_owned(),
        ))
    }
}

fn agree(own: &KeyPair, theirs: &[u8; 32]) -> PortResult<[u8; 32]> {
    let theirs = PublicKey::from_djb_public_key_bytes(theirs).map_err(anyhow::Error::from)?;
    Ok(own.private_key.calculate_agreement(&theirs).map_err(anyhow::Error::from)?)
}

pub(crate) fn open_bundle(shared: &[u8; 32], wrapped: &[u8]) -> PortResult<Vec<u8>> {
    let wrong = || PortError::Refused("the code is not the one that the companion shows".to_owned());
    let (salt, rest) = wrapped.split_at_checked(SALT).ok_or_else(wrong)?;
    let (iv, sealed) = rest.split_at_checked(IV).ok_or_else(wrong)?;
    let key = hkdf_sha256(shared, KEY, Some(salt), BUNDLE_INFO).map_err(anyhow::Error::from)?;
    let key: [u8; KEY] = key.try_into().map_err(|_| anyhow::anyhow!("HKDF gave another length"))?;
    let iv: &[u8; IV] = iv.try_into().map_err(|_| wrong())?;
    let mut bundle = Vec::with_capacity(3 * KEY);
    aes_256_gcm_decrypt(&key, iv, b"", sealed, &mut bundle).map_err(|_| wrong())?;
    if bundle.len() != 3 * KEY {
        return Err(wrong());
    }
    Ok(bundle)
}
