//! Who is alive and who holds which session.

use std::time::Duration;

use async_trait::async_trait;
use fred::prelude::{HashesInterface, SortedSetsInterface, Value};
use wagate_domain::{
    ConnectorId,
    ports::{Leases, PortResult},
    sessions::SessionKey,
};

use super::{
    call::{garbled, port_error},
    connect::Redis,
    lanes::millis,
    reply, scripts,
};

/// How long the epoch of a session that nobody owns is remembered: longer than a process can sleep.
const KEEP_EPOCH: Duration = Duration::from_hours(30 * 24);

/// [`Leases`] on Redis.
#[derive(Debug, Clone)]
pub struct RedisLeases {
    redis: Redis,
}

impl RedisLeases {
    /// Leases of a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl Leases for RedisLeases {
    async fn heartbeat(&self, connector: ConnectorId, ttl: Duration) -> PortResult<()> {
        let args = vec![connector.to_string().into(), millis(ttl)];
        self.redis.run(&scripts::HEARTBEAT, vec![self.redis.keys().connectors()], args).await.map(drop)
    }

    async fn alive(&self) -> PortResult<Vec<ConnectorId>> {
        let answer = self.redis.run(&scripts::ALIVE, vec![self.redis.keys().connectors()], vec![]).await?;
        reply::list(answer)?.iter().map(|id| reply::text(id)?.parse().map_err(garbled)).collect()
    }

    async fn take(&self, session: SessionKey, connector: ConnectorId, epoch: u64) -> PortResult<bool> {
        let args = vec![connector.to_string().into(), epoch.to_string().into()];
        let taken = self.redis.run(&scripts::TAKE, vec![self.redis.keys().owner(session)], args).await?;
        Ok(reply::number(&taken)? == 1)
    }

    async fn release(&self, session: SessionKey, connector: ConnectorId, epoch: u64) -> PortResult<()> {
        let args = vec![connector.to_string().into(), epoch.to_string().into(), millis(KEEP_EPOCH)];
        self.redis.run(&scripts::RELEASE, vec![self.redis.keys().owner(session)], args).await.map(drop)
    }

    async fn owner(&self, session: SessionKey) -> PortResult<Option<(ConnectorId, u64)>> {
        let owner = self.redis.keys().owner(session);
        let record: Vec<Value> =
            self.redis.shared().hmget(owner, vec!["c", "e"]).await.map_err(port_error)?;
        match record.as_slice() {
            [connector, epoch] if !connector.is_null() => {
                let connector = reply::text(connector)?.parse().map_err(garbled)?;
                Ok(Some((connector, reply::number(epoch)?)))
            }
            _ => Ok(None),
        }
    }

    async fn farewell(&self, connector: ConnectorId) -> PortResult<()> {
        let key = self.redis.keys().connectors();
        let gone = self.redis.shared().zrem::<u64, _, _>(key, connector.to_string()).await;
        gone.map(drop).map_err(port_error)
    }
}
