//! `GET /api/v1/operator/workspaces/{id}/exports/{export}`

use axum::{Json, extract::State};

use crate::{
    ApiState,
    extract::ExportPath,
    problem::Problem,
    v1::exports::{ExportView, example, find},
};

/// Look at an export of a workspace
#[utoipa::path(
    get, path = "/operator/workspaces/{id}/exports/{export}", tag = "operator",
    params(
        ("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("export" = String, Path, description = "The export's id.", example = "exp_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
    ),
    responses((status = 200, description = "The export.", body = ExportView, example = json!(example()))),
)]
pub(crate) async fn get_workspace_export(
    State(state): State<ApiState>,
    ExportPath { workspace, export }: ExportPath,
) -> Result<Json<ExportView>, Problem> {
    find(&state, workspace, export).await
}
