//! What is kept of a tenant.

use async_trait::async_trait;
use fred::{
    prelude::{Error, Key, KeysInterface},
    types::scan::ScanType,
};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream::BoxStream};
use wagate_domain::{
    WorkspaceId,
    ports::{PortResult, Traces},
};

use super::{call::port_error, connect::Redis};

/// Keys looked at in one step: others get their turn between two.
const STEP: u32 = 1_000;
/// Keys that are forgotten at the same time.
const AT_ONCE: usize = 100;

/// [`Traces`] in Redis. Every key of a tenant has its id in its name, so all names are gone through: none can be forgotten,
/// whatever is added.
#[derive(Debug, Clone)]
pub struct RedisTraces {
    redis: Redis,
}

impl RedisTraces {
    /// Traces in a connected Redis.
    #[must_use]
    pub const fn new(redis: Redis) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl Traces for RedisTraces {
    async fn forget(&self, workspace: WorkspaceId) -> PortResult<u64> {
        let pattern = self.redis.keys().of_workspace(workspace);
        let connection = self.redis.dedicated().await.map_err(port_error)?;
        let none: Option<ScanType> = None;
        let found: BoxStream<'_, Result<Key, Error>> = if self.redis.is_cluster() {
            connection.client().scan_cluster_buffered(pattern, Some(STEP), none).boxed()
        } else {
            connection.client().scan_buffered(pattern, Some(STEP), none).boxed()
        };
        let mut groups = found.try_chunks(AT_ONCE);
        let mut forgotten = 0;
        while let Some(group) = groups.next().await {
            let group = group.map_err(|broken| port_error(broken.1))?;
            let gone = group.into_iter().map(|key| self.redis.shared().unlink::<u64, _>(key));
            forgotten += try_join_all(gone).await.map_err(port_error)?.into_iter().sum::<u64>();
        }
        Ok(forgotten)
    }
}
