//! Reading the audit log, newest first.

use super::{AuditActor, AuditEntry};
use crate::{
    AuditId, Timestamp, WorkspaceId,
    messages::ListError,
    page,
    ports::{AuditLog, AuditQuery},
};

/// A request for one page of the audit log.
#[derive(Debug, Clone, Default)]
pub struct ListAudit {
    /// Only what this actor did: an id or `console`.
    pub actor: Option<String>,
    /// Only this action, or those of a resource: `key.created`, `key.*`.
    pub action: Option<String>,
    /// Only what was done to this.
    pub target: Option<String>,
    /// Only at this moment and later.
    pub from: Option<Timestamp>,
    /// Only before this moment.
    pub to: Option<Timestamp>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Page size, 1 to 200.
    pub limit: Option<u32>,
}

/// One page of the audit log.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The entries, newest first.
    pub entries: Vec<AuditEntry>,
    /// Pass it to get the next page; absent at the end.
    pub next_cursor: Option<String>,
}

/// One page of a workspace's audit log, or, without a workspace, of what concerns none.
///
/// # Errors
/// See [`ListError`].
pub async fn list(
    log: &dyn AuditLog,
    workspace: Option<WorkspaceId>,
    request: ListAudit,
) -> Result<AuditPage, ListError> {
    let limit = page::limit(request.limit)?;
    let parse = |cursor: &str| cursor.parse::<AuditId>().map_err(|_| page::no_cursor());
    let query = AuditQuery {
        actor: request.actor.as_deref().map(AuditActor::read).transpose()?,
        action: request.action,
        target: request.target,
        from: request.from,
        to: request.to,
        before: request.cursor.as_deref().map(parse).transpose()?,
        limit: limit + 1,
    };
    let mut entries = log.list(workspace, &query).await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next_cursor = entries.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(AuditPage { entries, next_cursor })
}
