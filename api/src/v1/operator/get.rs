//! `GET /api/v1/operator/workspaces/{id}`

use axum::{Json, extract::State};
use wagate_domain::{WorkspaceId, workspaces::Workspace};

use super::view::{WorkspaceView, example};
use crate::{
    ApiState,
    extract::IdPath,
    problem::{Code, Problem},
};

/// Look at a workspace
#[utoipa::path(
    get, path = "/operator/workspaces/{id}", tag = "operator",
    params(("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The workspace.", body = WorkspaceView, example = json!(example()))),
)]
pub(crate) async fn get_workspace(
    State(state): State<ApiState>,
    IdPath(id): IdPath<WorkspaceId>,
) -> Result<Json<WorkspaceView>, Problem> {
    Ok(Json(find(&state, id).await?.into()))
}

/// A workspace of that id.
pub(super) async fn find(state: &ApiState, id: WorkspaceId) -> Result<Workspace, Problem> {
    state.terms.workspaces.get(id).await?.ok_or_else(|| Problem::plain(Code::WorkspaceNotFound))
}
