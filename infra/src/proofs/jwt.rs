//! Access tokens as JSON Web Tokens (RFC 7519, RFC 9068), signed with Ed25519 (RFC 8037).

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use wagate_domain::{
    Env, SignInId, Timestamp, UserId, WorkspaceId,
    ports::{Claims, PortResult, Tokens},
};

use super::key_ring::{KeyRing, LIFE, failed, forgotten, generate};
use crate::{
    memory::{MOMENT, Memory},
    redis::RedisSignOuts,
    sql::Database,
};

/// Whom tokens are for.
pub const AUDIENCE: &str = "wagate";
/// Most sign-ins that are remembered.
const MOST: usize = 10_000;

/// [`Tokens`] signed with the keys on record.
pub struct JwtTokens {
    env: Env,
    issuer: String,
    record: Database,
    sign_outs: RedisSignOuts,
    ring: Mutex<Option<(Instant, KeyRing)>>,
    /// Whether a sign-in has ended, as Redis said a moment ago.
    ended: Memory<SignInId, bool>,
}

/// What stands in a token.
#[derive(Debug, Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    sub: UserId,
    /// The sign-in.
    sid: SignInId,
    /// Seconds since the Unix epoch.
    iat: i64,
    exp: i64,
    /// The only workspace it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    ws: Option<WorkspaceId>,
}

impl std::fmt::Debug for JwtTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtTokens").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl JwtTokens {
    /// Tokens issued by the installation at this URL.
    #[must_use]
    pub fn new(env: Env, issuer: &str, record: Database, sign_outs: RedisSignOuts) -> Self {
        Self {
            env,
            issuer: issuer.to_owned(),
            record,
            sign_outs,
            ring: Mutex::new(None),
            ended: Memory::new(MOMENT, MOST),
        }
    }

    /// The keys as they were a moment ago, for what is shown to us; those of a minute ago do for signing.
    async fn ring(&self, good: impl Fn(&KeyRing) -> bool) -> PortResult<KeyRing> {
        let known = self.ring.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read, ring)) = known {
            let age = read.elapsed();
            // a key that we do not know may be new; whoever makes one up makes us look once a second
            if age < MOMENT || (age < MOMENT * 60 && good(&ring)) {
                return Ok(ring);
            }
        }
        self.read_ring().await
    }

    async fn read_ring(&self) -> PortResult<KeyRing> {
        let asked = Instant::now();
        let ring = KeyRing::read(&self.record.signing_keys().await?, self.env.now())?;
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = Some((asked, ring.clone()));
        Ok(ring)
    }

    /// Makes a new key, unless somebody else made one after that moment.
    async fn renew(&self, unless_after: Timestamp) -> PortResult<KeyRing> {
        let key = generate(&self.env)?;
        self.record.put_signing_key(&key, unless_after, forgotten(key.created_at)).await?;
        self.read_ring().await
    }

    async fn has_ended(&self, sign_in: SignInId) -> PortResult<bool> {
        let forgotten = match self.ended.recall(&sign_in) {
            Ok(ended) => return Ok(ended),
            Err(forgotten) => forgotten,
        };
        let asked = Instant::now();
        let ended = self.sign_outs.has(sign_in).await?;
        self.ended.keep(sign_in, asked, forgotten, ended);
        Ok(ended)
    }

    fn read(&self, token: &str, ring: &KeyRing, kid: &str) -> Option<Body> {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        // by our own clock, below
        rules.validate_exp = false;
        decode::<Body>(token, ring.verifier(kid)?, &rules).ok().map(|token| token.claims)
    }
}

#[async_trait]
impl Tokens for JwtTokens {
    async fn issue(&self, claims: &Claims) -> PortResult<String> {
        let now = self.env.now();
        let mut ring = self.ring(|ring| ring.signer(now).is_some()).await?;
        if ring.signer(now).is_none() {
            ring = self.renew(now.minus(LIFE)).await?;
        }
        let signer = ring.signer(now).ok_or_else(|| failed(std::io::Error::other("no key signs")))?;
        let body = Body {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: claims.user,
            sid: claims.sign_in,
            iat: now.as_millis() / 1000,
            exp: claims.expires_at.as_millis() / 1000,
            ws: claims.workspace,
        };
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(signer.kid.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, &body, &signer.key).map_err(failed)
    }

    async fn verify(&self, token: &str) -> PortResult<Option<Claims>> {
        let Some(kid) = decode_header(token).ok().and_then(|header| header.kid) else { return Ok(None) };
        let ring = self.ring(|ring| ring.verifier(&kid).is_some()).await?;
        let Some(body) = self.read(token, &ring, &kid) else { return Ok(None) };
        let expires_at = Timestamp::from_millis(body.exp.saturating_mul(1000));
        if expires_at <= self.env.now() || self.has_ended(body.sid).await? {
            return Ok(None);
        }
        Ok(Some(Claims { user: body.sub, sign_in: body.sid, expires_at, workspace: body.ws }))
    }

    async fn revoke(&self, sign_ins: &[SignInId]) -> PortResult<()> {
        for sign_in in sign_ins {
            self.sign_outs.add(*sign_in).await?;
        }
        self.ended.forget();
        Ok(())
    }

    async fn jwks(&self) -> PortResult<serde_json::Value> {
        let now = self.env.now();
        Ok(self.ring(|ring| ring.signer(now).is_some()).await?.jwks())
    }

    async fn rotate(&self) -> PortResult<String> {
        let now = self.env.now();
        let ring = self.renew(now).await?;
        let signer = ring.signer(now).ok_or_else(|| failed(std::io::Error::other("no key signs")))?;
        Ok(signer.kid.clone())
    }
}
