//! `GET /api/v1/exports/{id}/content`

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderValue, header};
use wagate_domain::{ExportId, WorkspaceId, exports::link};

use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Get the file of an export
///
/// Redirects to a link that is good for fifteen minutes.
#[utoipa::path(
    get, path = "/exports/{id}/content", tag = "exports",
    params(("id" = String, Path, description = "The export's id.", example = "exp_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses(
        (
            status = 307, description = "The file is at the address in `Location`.",
            headers(("Location" = String, description = "Where to `GET` the file without a key.")),
        ),
        (status = 409, description = "`export_not_ready`"),
    ),
)]
pub(crate) async fn get_export_content(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<ExportId>,
) -> Result<Response, Problem> {
    lead(&state, caller.workspace, id).await
}

/// Leads to the file of an export.
pub(in crate::v1) async fn lead(
    state: &ApiState,
    workspace: WorkspaceId,
    id: ExportId,
) -> Result<Response, Problem> {
    let url = link(&*state.exports, &*state.objects, workspace, id, state.env.now()).await?;
    let mut response = Redirect::temporary(&url).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
