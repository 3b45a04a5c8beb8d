//! `GET /api/v1/retention`

use axum::{Json, extract::State};

use super::view::{RetentionView, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// How long what is kept
///
/// Everything is kept for ever unless set otherwise.
#[utoipa::path(
    get, path = "/retention", tag = "retention",
    responses((status = 200, description = "In days.", body = RetentionView, example = json!(example()))),
)]
pub(crate) async fn get_retention(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<RetentionView>, Problem> {
    Ok(Json(state.retention.get(caller.workspace).await?.into()))
}
