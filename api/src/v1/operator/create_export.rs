//! `POST /api/v1/operator/workspaces/{id}/exports`

use axum::{extract::State, response::Response};
use wagate_domain::WorkspaceId;

use crate::{
    ApiState,
    extract::{IdPath, Once},
    problem::Problem,
    v1::exports::{ExportView, ask, example},
};

/// Export a workspace
///
/// As its owners can: everything of it is written into one file. Also of one that is suspended or is going to be deleted.
#[utoipa::path(
    post, path = "/operator/workspaces/{id}/exports", tag = "operator",
    params(
        ("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes repeating this request safe; 1 to 255 characters, kept for a day."),
    ),
    responses(
        (status = 202, description = "It will be made.", body = ExportView, example = json!(example())),
        (status = 409, description = "`too_many_exports`"),
    ),
)]
pub(crate) async fn create_workspace_export(
    State(state): State<ApiState>,
    IdPath(id): IdPath<WorkspaceId>,
    once: Once,
) -> Result<Response, Problem> {
    ask(&state, once, id).await
}
