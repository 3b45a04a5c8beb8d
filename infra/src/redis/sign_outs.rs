//! Sign-ins that have ended while their access tokens would still be good.

use std::time::Duration;

use fred::prelude::{Expiration, KeysInterface, Value};
use wagate_domain::{SignInId, people::ACCESS_TTL, ports::PortResult};

use super::{call::port_error, connect::Redis};

/// Beyond the life of a token, for clocks that differ.
const MARGIN: Duration = Duration::from_mins(1);

/// The list of those sign-ins. Each is on it for as long as a token of it could be good.
#[derive(Debug, Clone)]
pub struct RedisSignOuts {
    redis: Redis,
}

impl RedisSignOuts {
    /// The list in a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }

    /// Puts a sign-in on the list.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn add(&self, sign_in: SignInId) -> PortResult<()> {
        let key = self.redis.keys().signed_out(sign_in);
        let life = (ACCESS_TTL + MARGIN).as_millis().try_into().unwrap_or(i64::MAX);
        let expire = Some(Expiration::PX(life));
        let set = self.redis.shared().set::<Value, _, _>(key, 1, expire, None, false).await;
        set.map(drop).map_err(port_error)
    }

    /// Whether a sign-in is on it.
    ///
    /// # Errors
    /// When Redis is away.
    pub async fn has(&self, sign_in: SignInId) -> PortResult<bool> {
        let key = self.redis.keys().signed_out(sign_in);
        let there: u32 = self.redis.shared().exists(key).await.map_err(port_error)?;
        Ok(there > 0)
    }
}
