//! The keys that sign access tokens: the newest signs, those before it verify until their tokens have run out.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{AlgorithmParameters, Jwk},
};
use serde_json::{Value, json};
use wagate_domain::{
    Env, Timestamp,
    people::ACCESS_TTL,
    ports::{PortError, PortResult},
};

use crate::{config::Secret, sql::SigningKey};

/// A key signs for so long before another takes over.
pub(super) const LIFE: Duration = Duration::from_hours(90 * 24);
/// Beyond the life of a token, for processes that have not heard of the newer key.
const MARGIN: Duration = Duration::from_hours(1);
/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410 §7).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// All keys that matter now.
#[derive(Clone)]
pub(super) struct KeyRing {
    signer: Option<Signer>,
    verifiers: Vec<Verifier>,
}

#[derive(Clone)]
pub(super) struct Signer {
    pub(super) kid: String,
    pub(super) key: EncodingKey,
    since: Timestamp,
}

#[derive(Clone)]
struct Verifier {
    kid: String,
    public: String,
    key: DecodingKey,
}

impl KeyRing {
    /// From what is on record.
    pub(super) fn read(keys: &[SigningKey], now: Timestamp) -> PortResult<Self> {
        let alive = |key: &&SigningKey| key.retired_at.is_none_or(|at| at.plus(ACCESS_TTL + MARGIN) > now);
        let verifier = |key: &SigningKey| {
            let decoding = DecodingKey::from_ed_components(&key.public).map_err(failed)?;
            Ok(Verifier { kid: key.kid.clone(), public: key.public.clone(), key: decoding })
        };
        let signer = keys.iter().rev().find(|key| key.retired_at.is_none()).map(|key| {
            let seed = URL_SAFE_NO_PAD.decode(key.private.expose()).map_err(failed)?;
            Ok(Signer { kid: key.kid.clone(), key: encoding(&seed), since: key.created_at })
        });
        Ok(Self {
            signer: signer.transpose()?,
            verifiers: keys.iter().filter(alive).map(verifier).collect::<PortResult<_>>()?,
        })
    }

    /// The key that signs, unless it has done so for long enough.
    pub(super) fn signer(&self, now: Timestamp) -> Option<&Signer> {
        self.signer.as_ref().filter(|signer| now.since(signer.since) < LIFE)
    }

    /// The key of that name.
    pub(super) fn verifier(&self, kid: &str) -> Option<&DecodingKey> {
        self.verifiers.iter().find(|verifier| verifier.kid == kid).map(|verifier| &verifier.key)
    }

    /// The public keys as a JWK Set (RFC 7517, RFC 8037).
    pub(super) fn jwks(&self) -> Value {
        let jwk = |verifier: &Verifier| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                "kid": verifier.kid, "x": verifier.public,
            })
        };
        json!({"keys": self.verifiers.iter().map(jwk).collect::<Vec<_>>()})
    }
}

/// A fresh key.
pub(super) fn generate(env: &Env) -> PortResult<SigningKey> {
    let seed = [env.random().to_be_bytes(), env.random().to_be_bytes()].concat();
    let jwk = Jwk::from_encoding_key(&encoding(&seed), Algorithm::EdDSA).map_err(failed)?;
    let AlgorithmParameters::OctetKeyPair(pair) = jwk.algorithm else {
        return Err(failed(std::io::Error::other("an Ed25519 key is no octet key pair")));
    };
    Ok(SigningKey {
        kid: env.ulid().to_string(),
        public: pair.x,
        private: Secret::new(URL_SAFE_NO_PAD.encode(&seed)),
        created_at: env.now(),
        retired_at: None,
    })
}

/// When a retired key is of no use any more.
pub(super) fn forgotten(now: Timestamp) -> Timestamp {
    now.minus(ACCESS_TTL + MARGIN)
}

fn encoding(seed: &[u8]) -> EncodingKey {
    EncodingKey::from_ed_der(&[&PKCS8, seed].concat())
}

pub(super) fn failed(source: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::Internal { what: "JWT", source: Box::new(source) }
}
