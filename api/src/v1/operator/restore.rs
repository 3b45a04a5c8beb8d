//! `POST /api/v1/operator/workspaces/{id}/restore`

use axum::{Json, extract::State};
use wagate_domain::{WorkspaceId, workspaces};

use super::{
    get::find,
    view::{WorkspaceView, example},
};
use crate::{ApiState, admission::Changed, extract::IdPath, problem::Problem};

/// Undo a deletion, or end a suspension
///
/// A workspace that is to be deleted stays, as it was before: a suspension of it goes on. Of any other the suspension ends.
/// Sessions that were connected are taken up again. Once its removal has begun there is no workspace any more.
#[utoipa::path(
    post, path = "/operator/workspaces/{id}/restore", tag = "operator",
    params(("id" = String, Path, description = "The workspace's id.", example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "As it is now.", body = WorkspaceView, example = json!(example()))),
)]
pub(crate) async fn restore_workspace(
    State(state): State<ApiState>,
    IdPath(id): IdPath<WorkspaceId>,
) -> Result<(Changed, Json<WorkspaceView>), Problem> {
    let before = WorkspaceView::from(find(&state, id).await?);
    let after = WorkspaceView::from(workspaces::restore(&*state.terms.workspaces, id).await?);
    Ok((Changed::rewritten(&id.to_string(), &before, &after), Json(after)))
}
