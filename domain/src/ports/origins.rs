//! Origins of web pages that workspaces allow.

use async_trait::async_trait;

use crate::{WorkspaceId, ports::PortResult};

/// Allowed origins on record.
#[async_trait]
pub trait Origins: Send + Sync {
    /// What a tenant allows, in the order it gave.
    async fn get(&self, workspace: WorkspaceId) -> PortResult<Vec<String>>;
    /// Sets what a tenant allows, whole.
    async fn put(&self, workspace: WorkspaceId, origins: &[String]) -> PortResult<()>;
    /// Whether any tenant allows an origin: a browser asks before it says whose page it is.
    async fn anybody_allows(&self, origin: &str) -> PortResult<bool>;
}
