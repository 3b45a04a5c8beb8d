//! `GET /api/v1/exports/{id}`

use axum::{Json, extract::State};
use wagate_domain::{ExportId, WorkspaceId};

use super::view::{ExportView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Look at an export
#[utoipa::path(
    get, path = "/exports/{id}", tag = "exports",
    params(("id" = String, Path, description = "The export's id.", example = "exp_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The export.", body = ExportView, example = json!(example()))),
)]
pub(crate) async fn get_export(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<ExportId>,
) -> Result<Json<ExportView>, Problem> {
    find(&state, caller.workspace, id).await
}

/// An export of a workspace.
pub(in crate::v1) async fn find(
    state: &ApiState,
    workspace: WorkspaceId,
    id: ExportId,
) -> Result<Json<ExportView>, Problem> {
    let found = state.exports.get(workspace, id).await?;
    found.map(|export| Json(export.into())).ok_or_else(|| Problem::plain(Code::ExportNotFound))
}
