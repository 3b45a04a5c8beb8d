//! `GET /api/v1/operator/workspaces/{id}/exports`

use axum::{Json, extract::State};
use wagate_domain::WorkspaceId;

use crate::{
    ApiState,
    extract::IdPath,
    problem::Problem,
    v1::exports::{ExportList, example},
};

/// List exports of a workspace
///
/// Newest first. Those that are done outlive the workspace, until they expire.
#[utoipa::path(
    get, path = "/operator/workspaces/{id}/exports", tag = "operator",
    params(("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((
        status = 200, description = "The exports.", body = ExportList,
        example = json!({"exports": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_workspace_exports(
    State(state): State<ApiState>,
    IdPath(id): IdPath<WorkspaceId>,
) -> Result<Json<ExportList>, Problem> {
    Ok(Json(state.exports.list(id).await?.into()))
}
