//! People on their way to a provider.

use std::time::Duration;

use fred::prelude::{Expiration, KeysInterface, Value};
use serde::{Deserialize, Serialize};
use wagate_domain::{UserId, people::TokenHash, ports::PortResult};

use super::{call::port_error, connect::Redis, reply};

/// How long somebody may be away.
pub(crate) const AWAY: Duration = Duration::from_mins(10);

/// What is remembered of somebody who was sent to a provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Away {
    /// Which provider.
    pub(crate) provider: String,
    /// Who wants to link an account there; nobody when somebody wants to come in.
    pub(crate) user: Option<UserId>,
    /// SHA-256 of what stays with whoever began.
    pub(crate) binding: String,
    /// What the ID token has to repeat.
    pub(crate) nonce: String,
    /// What proves to the provider that we are who began (RFC 7636).
    pub(crate) verifier: String,
}

/// Those who are away, by the hash of what they bring back.
#[derive(Debug, Clone)]
pub struct RedisDepartures {
    redis: Redis,
}

impl RedisDepartures {
    /// Remembers in a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }

    pub(crate) async fn put(&self, state: &TokenHash, away: &Away) -> PortResult<()> {
        let key = self.redis.keys().departure(state.as_str());
        let expire = Some(Expiration::PX(AWAY.as_millis().try_into().unwrap_or(i64::MAX)));
        let json = reply::to_json(away)?;
        self.redis.shared().set::<(), _, _>(key, json, expire, None, false).await.map_err(port_error)
    }

    /// What is remembered, once: of several who bring back the same, one gets it.
    pub(crate) async fn take(&self, state: &TokenHash) -> PortResult<Option<Away>> {
        let key = self.redis.keys().departure(state.as_str());
        let found: Value = self.redis.shared().getdel(key).await.map_err(port_error)?;
        if found.is_null() { Ok(None) } else { reply::json(&found).map(Some) }
    }
}
