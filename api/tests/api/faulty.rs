//! The audit log on record, with faults.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use wagate_domain::{
    Timestamp, WorkspaceId,
    audit::AuditEntry,
    ports::{AuditLog, AuditQuery, PortError, PortResult},
};
use wagate_infra::sql::Database;

/// The audit log of a database that goes away when it is told to.
pub(crate) struct FaultyAudit {
    record: Database,
    /// Nothing is added.
    pub(crate) closed: AtomicBool,
    /// What was added stays as it is.
    pub(crate) stuck: AtomicBool,
}

impl FaultyAudit {
    pub(crate) fn over(record: Database) -> Self {
        Self { record, closed: AtomicBool::default(), stuck: AtomicBool::default() }
    }
}

fn there(away: &AtomicBool) -> PortResult<()> {
    if away.load(Ordering::Relaxed) {
        return Err(PortError::Unavailable { what: "SQL", source: "away".into() });
    }
    Ok(())
}

#[async_trait]
impl AuditLog for FaultyAudit {
    async fn insert(&self, entry: &AuditEntry) -> PortResult<()> {
        there(&self.closed)?;
        AuditLog::insert(&self.record, entry).await
    }

    async fn settle(&self, entry: &AuditEntry) -> PortResult<()> {
        there(&self.stuck)?;
        self.record.settle(entry).await
    }

    async fn withdraw(&self, entry: &AuditEntry) -> PortResult<()> {
        there(&self.stuck)?;
        self.record.withdraw(entry).await
    }

    async fn forget(&self, before: Timestamp, limit: u32) -> PortResult<u64> {
        self.record.forget(before, limit).await
    }

    async fn list(&self, workspace: Option<WorkspaceId>, query: &AuditQuery) -> PortResult<Vec<AuditEntry>> {
        AuditLog::list(&self.record, workspace, query).await
    }
}
