//! `GET /api/v1/audit`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{Invalid, WorkspaceId, audit};

use super::view::{AuditView, example};
use crate::{
    ApiState,
    extract::{Caller, Query, moment},
    problem::Problem,
};

/// Which entries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditFilter {
    /// Only what this actor did: the id of a key or a person, or `console`.
    #[param(example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    actor: Option<String>,
    /// Only this action, or with a `*` at its end all that begin so: `key.created`, `key.*`.
    #[param(example = "key.*")]
    action: Option<String>,
    /// Only what was done to this.
    #[param(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    target: Option<String>,
    /// Only at this moment and later (RFC 3339).
    #[param(example = "2026-01-01T00:00:00Z")]
    from: Option<String>,
    /// Only before this moment (RFC 3339).
    #[param(example = "2026-02-01T00:00:00Z")]
    to: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

impl AuditFilter {
    /// The same, read.
    pub(super) fn read(self) -> Result<audit::ListAudit, Invalid> {
        Ok(audit::ListAudit {
            actor: self.actor,
            action: self.action,
            target: self.target,
            from: moment("from", self.from.as_deref())?,
            to: moment("to", self.to.as_deref())?,
            cursor: self.cursor,
            limit: self.limit,
        })
    }
}

/// A page of the audit log, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditPage {
    /// The entries.
    entries: Vec<AuditView>,
    /// Pass it as `cursor` to get the next page; `null` at the end.
    next_cursor: Option<String>,
}

/// Read the audit log
///
/// Who changed keys, members, settings, sessions and webhooks, from where, and what it was before. Newest first.
#[utoipa::path(
    get, path = "/audit", tag = "audit",
    params(AuditFilter),
    responses((
        status = 200, description = "A page of entries.", body = AuditPage,
        example = json!({"entries": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_audit(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(filter): Query<AuditFilter>,
) -> Result<Json<AuditPage>, Problem> {
    page_of(&state, Some(caller.workspace), filter).await
}

/// A page of a workspace's entries, or of those that concern none.
pub(in crate::v1) async fn page_of(
    state: &ApiState,
    workspace: Option<WorkspaceId>,
    filter: AuditFilter,
) -> Result<Json<AuditPage>, Problem> {
    let page = audit::list(&*state.audit, workspace, filter.read()?).await?;
    let entries = page.entries.into_iter().map(AuditView::from).collect();
    Ok(Json(AuditPage { entries, next_cursor: page.next_cursor }))
}
