//! `POST /api/v1/operator/workspaces/{id}/suspend`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wagate_domain::{WorkspaceId, workspaces};

use super::{
    get::find,
    view::{WorkspaceView, example},
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{IdPath, JsonBody},
    problem::Problem,
};

/// Why a workspace is suspended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuspendWorkspace {
    /// Told to whoever is refused, 1 to 500 characters.
    #[schema(example = "the invoice of May is not paid")]
    reason: String,
}

/// Suspend a workspace
///
/// It may read, and change nothing: its requests are answered with `workspace_suspended`, and its sessions are let go of.
/// Suspended again it gets the new reason.
#[utoipa::path(
    post, path = "/operator/workspaces/{id}/suspend", tag = "operator",
    params(("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = SuspendWorkspace, example = json!({"reason": "the invoice of May is not paid"})),
    responses((status = 200, description = "Suspended.", body = WorkspaceView, example = json!(example()))),
)]
pub(crate) async fn suspend_workspace(
    State(state): State<ApiState>,
    IdPath(id): IdPath<WorkspaceId>,
    JsonBody { value, .. }: JsonBody<SuspendWorkspace>,
) -> Result<(Changed, Json<WorkspaceView>), Problem> {
    let before = WorkspaceView::from(find(&state, id).await?);
    let after = workspaces::suspend(&state.env, &*state.terms.workspaces, id, &value.reason).await?;
    let after = WorkspaceView::from(after);
    Ok((Changed::rewritten(&id.to_string(), &before, &after), Json(after)))
}
