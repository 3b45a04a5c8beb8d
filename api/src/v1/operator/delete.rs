//! `DELETE /api/v1/operator/workspaces/{id}`

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wagate_domain::{
    WorkspaceId,
    workspaces::{self, DeletePorts},
};

use super::{
    get::find,
    view::{WorkspaceView, example},
};
use crate::{
    ApiState,
    admission::Changed,
    extract::{IdPath, Query},
    problem::Problem,
};

/// How a workspace is deleted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteQuery {
    /// The workspace's name, to show that it is this one that is meant.
    #[param(example = "Acme")]
    confirm: String,
    /// Whether everything is exported before; `true` when left out.
    #[param(default = true)]
    export: Option<bool>,
}

/// Delete a workspace
///
/// At once it may only read (`workspace_deleting`), and its sessions are let go of. After the grace time of this
/// installation, and when its export is done, its sessions are logged out of WhatsApp and everything of it is removed for
/// good. Until that begins, `POST /operator/workspaces/{id}/restore` undoes it.
#[utoipa::path(
    delete, path = "/operator/workspaces/{id}", tag = "operator",
    params(
        ("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        DeleteQuery,
    ),
    responses((status = 202, description = "It is going to be deleted.", body = WorkspaceView, example = json!(example()))),
)]
pub(crate) async fn delete_workspace(
    State(state): State<ApiState>,
    IdPath(id): IdPath<WorkspaceId>,
    Query(DeleteQuery { confirm, export }): Query<DeleteQuery>,
) -> Result<(StatusCode, Changed, Json<WorkspaceView>), Problem> {
    let before = WorkspaceView::from(find(&state, id).await?);
    let ports = DeletePorts { workspaces: &*state.terms.workspaces, exports: &*state.exports };
    let grace = state.deletion_grace;
    let request = workspaces::DeleteWorkspace { confirm, export: export.unwrap_or(true), grace };
    let after = WorkspaceView::from(workspaces::delete(&state.env, ports, id, request).await?);
    Ok((StatusCode::ACCEPTED, Changed::rewritten(&id.to_string(), &before, &after), Json(after)))
}
