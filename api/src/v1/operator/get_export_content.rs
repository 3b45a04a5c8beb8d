//! `GET /api/v1/operator/workspaces/{id}/exports/{export}/content`

use axum::{extract::State, response::Response};

use crate::{ApiState, extract::ExportPath, problem::Problem, v1::exports::lead};

/// Get the file of an export of a workspace
///
/// Redirects to a link that is good for fifteen minutes.
#[utoipa::path(
    get, path = "/operator/workspaces/{id}/exports/{export}/content", tag = "operator",
    params(
        ("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("export" = String, Path, description = "The export's id.", example = "exp_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
    ),
    responses(
        (
            status = 307, description = "The file is at the address in `Location`.",
            headers(("Location" = String, description = "Where to `GET` the file without a key.")),
        ),
        (status = 409, description = "`export_not_ready`"),
    ),
)]
pub(crate) async fn get_workspace_export_content(
    State(state): State<ApiState>,
    ExportPath { workspace, export }: ExportPath,
) -> Result<Response, Problem> {
    lead(&state, workspace, export).await
}
