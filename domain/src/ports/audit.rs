//! The audit log on record.

use async_trait::async_trait;

use crate::{
    AuditId, Timestamp, WorkspaceId,
    audit::{AuditActor, AuditEntry},
    ports::PortResult,
};

/// One page of the audit log, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only what this actor did.
    pub actor: Option<AuditActor>,
    /// Only this action; `key.*` is every action on keys.
    pub action: Option<String>,
    /// Only what was done to this.
    pub target: Option<String>,
    /// Only at this moment and later.
    pub from: Option<Timestamp>,
    /// Only before this moment.
    pub to: Option<Timestamp>,
    /// Strictly before this entry.
    pub before: Option<AuditId>,
    /// At most so many.
    pub limit: u32,
}

/// The audit log.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Adds an entry.
    async fn insert(&self, entry: &AuditEntry) -> PortResult<()>;
    /// Rewrites an entry whose outcome was unknown by what is known now; one that is settled stays as it is.
    async fn settle(&self, entry: &AuditEntry) -> PortResult<()>;
    /// Takes an entry back whose outcome was unknown: nothing was done. One that is settled stays.
    async fn withdraw(&self, entry: &AuditEntry) -> PortResult<()>;
    /// Deletes at most `limit` entries made before a moment, the oldest first, of all tenants and of none; returns how many
    /// went. Worker's side.
    async fn forget(&self, before: Timestamp, limit: u32) -> PortResult<u64>;
    /// A page of a tenant's entries; without a tenant, of those that concern none.
    async fn list(&self, workspace: Option<WorkspaceId>, query: &AuditQuery) -> PortResult<Vec<AuditEntry>>;
}
