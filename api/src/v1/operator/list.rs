//! `GET /api/v1/operator/workspaces`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{WorkspaceView, example};
use crate::{ApiState, problem::Problem};

/// All workspaces, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkspaceList {
    /// The workspaces.
    workspaces: Vec<WorkspaceView>,
    /// Always `null`: the list comes whole.
    next_cursor: Option<String>,
}

/// List workspaces
///
/// Oldest first.
#[utoipa::path(
    get, path = "/operator/workspaces", tag = "operator",
    responses((
        status = 200, description = "The workspaces.", body = WorkspaceList,
        example = json!({"workspaces": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_workspaces(State(state): State<ApiState>) -> Result<Json<WorkspaceList>, Problem> {
    let found = state.terms.workspaces.list().await?;
    Ok(Json(WorkspaceList { workspaces: found.into_iter().map(Into::into).collect(), next_cursor: None }))
}
