//! The end of tenants.

use async_trait::async_trait;

use crate::{Timestamp, WorkspaceId, ports::PortResult, workspaces::Tombstone};

/// A tenant whose removal may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which one.
    pub workspace: WorkspaceId,
    /// Until when its sessions are held once more, to be logged out.
    pub unlink_until: Option<Timestamp>,
}

/// What the record keeps of tenants that are deleted. Worker's side, but for [`Removals::tombstones`].
#[async_trait]
pub trait Removals: Send + Sync {
    /// Tenants whose grace is over at `now`, who have no unfinished export, and, where one has to be done before, have
    /// one that is done and was asked for since.
    async fn due(&self, now: Timestamp) -> PortResult<Vec<Due>>;
    /// Lets connectors hold the sessions of a tenant once more, until then.
    async fn unlink(&self, workspace: WorkspaceId, until: Timestamp) -> PortResult<()>;
    /// Puts a tombstone in the place of a tenant that is due, in one step; its sessions want no owner any more, events of it
    /// are not stored any more, and its exports are kept until `exports_until` at least. `false` when it is not due.
    async fn begin(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
        exports_until: Timestamp,
    ) -> PortResult<bool>;
    /// Tenants with a tombstone of which something may be left: their removal has not ended, or it has after `ended_after`
    /// and nobody has looked since `seen_before`.
    async fn open(&self, ended_after: Timestamp, seen_before: Timestamp) -> PortResult<Vec<WorkspaceId>>;
    /// Deletes at most `limit` rows of a tenant with a tombstone, what opens something first; returns how many went. Its
    /// tombstone stays, and exports that are done.
    async fn remove(&self, workspace: WorkspaceId, limit: u32) -> PortResult<u64>;
    /// Notes that nothing of it was found.
    async fn end(&self, workspace: WorkspaceId, now: Timestamp) -> PortResult<()>;
    /// What stays of deleted tenants, by id, the newest first, strictly before one.
    async fn tombstones(&self, before: Option<WorkspaceId>, limit: u32) -> PortResult<Vec<Tombstone>>;
}

/// What Redis keeps of tenants.
#[async_trait]
pub trait Traces: Send + Sync {
    /// Forgets every key of a tenant; returns how many there were. What it has in the event log goes with the log.
    async fn forget(&self, workspace: WorkspaceId) -> PortResult<u64>;
}
