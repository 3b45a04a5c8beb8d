//! `POST /api/v1/exports`

use axum::{extract::State, response::Response};
use http::StatusCode;
use wagate_domain::{WorkspaceId, exports};

use super::view::{ExportView, example};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Answer, Caller, Fingerprint, Once},
    problem::Problem,
};

/// Export the workspace
///
/// Everything of it is written into one file: JSON Lines, compressed by gzip. Watch the export; when it is `done`, fetch its
/// file. While one is waiting for its turn, that one is the answer.
#[utoipa::path(
    post, path = "/exports", tag = "exports",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day.")),
    responses(
        (status = 202, description = "It will be made.", body = ExportView, example = json!(example())),
        (status = 409, description = "`too_many_exports`"),
    ),
)]
pub(crate) async fn create_export(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    once: Once,
) -> Result<Response, Problem> {
    ask(&state, once, caller.workspace).await
}

/// Has an export of a workspace made.
pub(in crate::v1) async fn ask(
    state: &ApiState,
    once: Once,
    workspace: WorkspaceId,
) -> Result<Response, Problem> {
    once.run(state, Fingerprint::of([]), |seed| async move {
        let tenants = &*state.terms.workspaces;
        let export = exports::request(&state.env, tenants, &*state.exports, workspace, seed).await?;
        let (id, view) = (export.id.to_string(), ExportView::from(export));
        Ok(Answer::json(StatusCode::ACCEPTED, &view)?.noting(Changed::made(&id, &view)))
    })
    .await
}
