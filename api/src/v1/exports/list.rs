//! `GET /api/v1/exports`

use axum::{Json, extract::State};

use super::view::{ExportList, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// List exports
///
/// Newest first; those that have expired are gone.
#[utoipa::path(
    get, path = "/exports", tag = "exports",
    responses((
        status = 200, description = "The exports.", body = ExportList,
        example = json!({"exports": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_exports(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<ExportList>, Problem> {
    Ok(Json(state.exports.list(caller.workspace).await?.into()))
}
