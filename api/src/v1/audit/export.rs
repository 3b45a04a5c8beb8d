//! `GET /api/v1/audit/export`

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, TryStreamExt, stream};
use http::header;
use wagate_domain::{WorkspaceId, audit, messages::ListError, page};

use super::{list::AuditFilter, view::AuditView};
use crate::{
    ApiState,
    extract::{Caller, Query},
    problem::Problem,
};

/// Export the audit log
///
/// All entries that the filter lets through as JSON Lines, newest first. `limit` is the size of the steps in which they are
/// read; the export is whole all the same.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit",
    params(AuditFilter),
    responses((
        status = 200, description = "One entry a line.", body = String, content_type = "application/x-ndjson",
        headers(("Content-Disposition" = String, description = "Suggests a file name.")),
    )),
)]
pub(crate) async fn export_audit(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(filter): Query<AuditFilter>,
) -> Result<Response, Problem> {
    let mut request = filter.read()?;
    request.limit.get_or_insert(page::MAX_LIMIT);
    // the first page tells whether the filter is right while there is still a status to say so
    let (first, next) = step(&state, caller.workspace, request).await?;
    let rest = stream::try_unfold(next, move |next| {
        let state = state.clone();
        async move {
            let Some(request) = next else { return Ok::<_, ListError>(None) };
            step(&state, caller.workspace, request).await.map(Some)
        }
    });
    let lines = stream::once(async { Ok(first) }).chain(rest.map_err(std::io::Error::other));
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// The lines of one page, and the request for the next.
async fn step(
    state: &ApiState,
    workspace: WorkspaceId,
    request: audit::ListAudit,
) -> Result<(Bytes, Option<audit::ListAudit>), ListError> {
    let page = audit::list(&*state.audit, Some(workspace), request.clone()).await?;
    let mut lines = Vec::new();
    for entry in page.entries {
        // a view of plain strings and JSON can always be written
        if serde_json::to_writer(&mut lines, &AuditView::from(entry)).is_ok() {
            lines.push(b'\n');
        }
    }
    let next = page.next_cursor.map(|cursor| audit::ListAudit { cursor: Some(cursor), ..request });
    Ok((lines.into(), next))
}
