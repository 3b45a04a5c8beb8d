//! What a provider says of itself (OpenID Connect Discovery 1.0), and the keys it signs with.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    DecodingKey,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;
use wagate_domain::ports::ProviderFailure;

use super::{broken, missing};
use crate::http::{Exchange, is_secure};

/// How long what a provider said is believed.
const KEEP: Duration = Duration::from_hours(1);

/// Where a provider listens, and what it can do (OpenID Connect Discovery 1.0 §3, RFC 8414, RFC 9207 §3).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Whether our password goes into the form: only where the header is not taken, which is the default.
    pub(super) fn wants_secret_in_form(&self) -> bool {
        let takes = |name: &str| self.token_endpoint_auth_methods_supported.iter().any(|one| one == name);
        takes("client_secret_post") && !takes("client_secret_basic")
    }

    fn endpoints(&self) -> impl Iterator<Item = &str> {
        let always = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        always.into_iter().chain(&self.userinfo_endpoint).map(String::as_str)
    }
}

/// A provider, asked when it is needed.
#[derive(Debug)]
pub(super) struct Discovered {
    issuer: String,
    exchange: Exchange,
    metadata: Kept<Metadata>,
    keys: Kept<Vec<Key>>,
}

impl Discovered {
    pub(super) fn new(issuer: &str, exchange: Exchange) -> Self {
        Self { issuer: issuer.to_owned(), exchange, metadata: Kept::default(), keys: Kept::default() }
    }

    /// What it says of itself. It must be the provider that the operator named (§4.3), and keep secrets on their way.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, ProviderFailure> {
        if let Some(known) = self.metadata.get() {
            return Ok(known);
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.exchange.get(&address, None).await.map_err(missing)?;
        if metadata.issuer != self.issuer {
            let said = format!("{} calls itself {:?}", self.issuer, metadata.issuer);
            return Err(broken(io::Error::other(said)));
        }
        let ours = self.issuer.starts_with("http://");
        let open = |url: &&str| !(url.starts_with("https://") || ours && is_secure(url));
        if let Some(open) = metadata.endpoints().find(open) {
            return Err(broken(io::Error::other(format!("{} would have us use {open:?}", self.issuer))));
        }
        Ok(self.metadata.put(metadata))
    }

    /// The key of that name, or the only one when none is named. A name that we do not know makes us ask again: the
    /// provider has a new key (OpenID Connect Core 1.0 §10.1.1).
    pub(super) async fn key(&self, kid: Option<&str>) -> Result<Option<DecodingKey>, ProviderFailure> {
        if let Some(key) = self.keys.get().and_then(|known| pick(&known, kid)) {
            return Ok(Some(key));
        }
        let metadata = self.metadata().await?;
        let set: KeySet = self.exchange.get(&metadata.jwks_uri, None).await.map_err(missing)?;
        Ok(pick(&self.keys.put(set.keys.into_iter().filter_map(Key::read).collect()), kid))
    }
}

/// A key that a provider signs with.
#[derive(Debug)]
struct Key {
    kid: Option<String>,
    verifies: DecodingKey,
}

impl Key {
    /// `None` for one that does not sign, and for one of a kind that we do not know (RFC 7517 §5).
    fn read(key: Value) -> Option<Self> {
        let key: Jwk = serde_json::from_value(key).ok()?;
        if !matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        let verifies = DecodingKey::from_jwk(&key).ok()?;
        Some(Self { kid: key.common.key_id, verifies })
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

fn pick(keys: &[Key], kid: Option<&str>) -> Option<DecodingKey> {
    let key = match (kid, keys) {
        (Some(kid), _) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    key.map(|key| key.verifies.clone())
}

/// Something a provider said, for as long as it is believed.
#[derive(Debug)]
struct Kept<T>(Mutex<Option<(Instant, Arc<T>)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    fn get(&self) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| at.elapsed() < KEEP).map(|(_, value)| Arc::clone(value))
    }

    fn put(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(&value)));
        value
    }
}
