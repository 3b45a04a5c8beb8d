//! Which of several alike processes does what only one may do at a time.

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::SortedSetsInterface;
use wagate_domain::ports::{Duties, PortResult};

use super::{call::port_error, connect::Redis, lanes::millis, reply, scripts};

/// [`Duties`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisDuties {
    redis: Redis,
}

impl RedisDuties {
    /// Duties of a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl Duties for RedisDuties {
    async fn present(&self, process: &str, ttl: Duration) -> PortResult<u32> {
        let key = || vec![self.redis.keys().workers()];
        self.redis.run(&scripts::HEARTBEAT, key(), vec![process.into(), millis(ttl)]).await?;
        let here = reply::list(self.redis.run(&scripts::ALIVE, key(), vec![]).await?)?;
        Ok(u32::try_from(here.len()).unwrap_or(u32::MAX).max(1))
    }

    async fn leave(&self, process: &str) -> PortResult<()> {
        let gone = self.redis.shared().zrem::<u64, _, _>(self.redis.keys().workers(), process).await;
        gone.map(drop).map_err(port_error)
    }

    async fn take(&self, duty: &str, process: &str, ttl: Duration) -> PortResult<bool> {
        let args = vec![process.into(), millis(ttl)];
        let leader = vec![self.redis.keys().leader(duty)];
        Ok(reply::number(&self.redis.run(&scripts::LEAD, leader, args).await?)? == 1)
    }

    async fn give_back(&self, duty: &str, process: &str) -> PortResult<()> {
        let leader = vec![self.redis.keys().leader(duty)];
        self.redis.run(&scripts::RESIGN, leader, vec![process.into()]).await.map(drop)
    }
}
