//! What a provider says of itself (OpenID Connect Discovery 1.0), and the keys it signs with.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde::Deserialize;
use wagate_domain::ports::PortResult;

use super::failed;
use crate::http::GuardedExchange;

/// How long what a provider said is believed.
const KEEP: Duration = Duration::from_hours(1);
/// How soon it is asked again for a key that we do not know.
const AGAIN: Duration = Duration::from_secs(10);

/// Where a provider listens, and with which keys it signs.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Endpoints {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
}

#[derive(Debug)]
struct Found {
    at: Instant,
    endpoints: Endpoints,
    keys: JwkSet,
}

/// A provider, asked when it is needed.
#[derive(Debug)]
pub(super) struct Discovered {
    issuer: String,
    exchange: GuardedExchange,
    found: Mutex<Option<Arc<Found>>>,
}

impl Discovered {
    pub(super) fn new(issuer: &str, exchange: GuardedExchange) -> Self {
        Self { issuer: issuer.to_owned(), exchange, found: Mutex::new(None) }
    }

    pub(super) async fn endpoints(&self) -> PortResult<Endpoints> {
        Ok(self.found(KEEP).await?.endpoints.clone())
    }

    /// The key of that name, or the only one when none is named.
    pub(super) async fn key(&self, kid: Option<&str>) -> PortResult<Option<Jwk>> {
        let pick = |found: &Found| match kid {
            Some(kid) => found.keys.find(kid).cloned(),
            None if found.keys.keys.len() == 1 => found.keys.keys.first().cloned(),
            None => None,
        };
        if let Some(key) = pick(&*self.found(KEEP).await?) {
            return Ok(Some(key));
        }
        Ok(pick(&*self.found(AGAIN).await?))
    }

    async fn found(&self, not_older: Duration) -> PortResult<Arc<Found>> {
        let known = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known.filter(|known| known.at.elapsed() < not_older) {
            return Ok(known);
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let endpoints: Endpoints = self.exchange.get(&address).await?;
        if endpoints.issuer != self.issuer {
            let said = format!("{} calls itself {}", self.issuer, endpoints.issuer);
            return Err(failed(std::io::Error::other(said)));
        }
        let keys = self.exchange.get(&endpoints.jwks_uri).await?;
        let found = Arc::new(Found { at: Instant::now(), endpoints, keys });
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&found));
        Ok(found)
    }
}
