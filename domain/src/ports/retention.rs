//! How long what is kept, and the ends of what is not.

use async_trait::async_trait;

use crate::{
    Timestamp, WorkspaceId,
    media::Media,
    ports::PortResult,
    retention::{Aged, Retention},
};

/// Which of a tenant's things are too old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOld {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// Everything before this moment.
    pub before: Timestamp,
}

/// Retention on record.
#[async_trait]
pub trait Retentions: Send + Sync {
    /// What a tenant has set; everything is kept when it has set nothing.
    async fn get(&self, workspace: WorkspaceId) -> PortResult<Retention>;
    /// Sets it.
    async fn put(&self, workspace: WorkspaceId, retention: &Retention) -> PortResult<()>;
    /// Every tenant, with what it has set. Worker's side.
    async fn all(&self) -> PortResult<Vec<(WorkspaceId, Retention)>>;
    /// Deletes at most `limit` of a kind, the oldest first, and returns how many went. Messages that have not
    /// ended stay, and so do deliveries that wait, with their events. Worker's side.
    async fn forget(&self, kind: Aged, which: TooOld, limit: u32) -> PortResult<u64>;
    /// At most `limit` media objects, the oldest first, without those that are awaited or that a message which has
    /// not ended carries. Worker's side.
    async fn old_media(&self, which: TooOld, limit: u32) -> PortResult<Vec<Media>>;
}
