//! Tenants on record.

use async_trait::async_trait;

use crate::{
    WorkspaceId,
    ports::PortResult,
    workspaces::{Asker, Deletion, Plan, Suspension, Workspace},
};

/// Tenants.
#[async_trait]
pub trait Workspaces: Send + Sync {
    /// Stores a tenant.
    async fn insert(&self, workspace: &Workspace) -> PortResult<()>;
    /// One tenant.
    async fn get(&self, id: WorkspaceId) -> PortResult<Option<Workspace>>;
    /// All tenants, oldest first.
    async fn list(&self) -> PortResult<Vec<Workspace>>;
    /// Changes its name and its plan, those that are given (`Some(None)`: the plan of the installation); `None` when
    /// there is no such tenant.
    async fn change(
        &self,
        id: WorkspaceId,
        name: Option<&str>,
        plan: Option<Option<Plan>>,
    ) -> PortResult<Option<Workspace>>;
    /// Suspends it, or rewrites why it is; `None` when there is no such tenant.
    async fn suspend(&self, id: WorkspaceId, suspension: &Suspension) -> PortResult<Option<Workspace>>;
    /// Ends a suspension; `None` when there is no such tenant.
    async fn restore(&self, id: WorkspaceId) -> PortResult<Option<Workspace>>;
    /// Has it deleted, or not any more; what an operator asked for stays when an owner asks for something else. How it is now;
    /// `None` when there is no such tenant, or its removal has begun.
    async fn set_deletion(
        &self,
        id: WorkspaceId,
        deletion: Option<Deletion>,
        by: Asker,
    ) -> PortResult<Option<Workspace>>;
}
