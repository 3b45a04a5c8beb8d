//! Exports on record.

use async_trait::async_trait;

use crate::{ExportId, Timestamp, WorkspaceId, exports::Export, ports::PortResult};

/// Exports.
#[async_trait]
pub trait Exports: Send + Sync {
    /// Stores an export; one of the same id is left as it is.
    async fn insert(&self, export: &Export) -> PortResult<()>;
    /// One export of a tenant, also of a deleted one.
    async fn get(&self, workspace: WorkspaceId, id: ExportId) -> PortResult<Option<Export>>;
    /// A tenant's exports, newest first; all of them, for their number is bounded.
    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<Export>>;
    /// Rewrites how one stands that has not ended; `false` when there is none such.
    async fn update(&self, export: &Export) -> PortResult<bool>;
    /// Notes how many lines one that is running has.
    async fn note(&self, workspace: WorkspaceId, id: ExportId, lines: u64) -> PortResult<()>;
    /// Those that have not ended, over all tenants, oldest first. Worker's side.
    async fn unfinished(&self, limit: u32) -> PortResult<Vec<Export>>;
    /// Those that have expired by `now`, over all tenants but those whose deletion waits for one. Worker's side.
    async fn expired(&self, now: Timestamp, limit: u32) -> PortResult<Vec<Export>>;
    /// Forgets an export.
    async fn delete(&self, workspace: WorkspaceId, id: ExportId) -> PortResult<()>;
}
