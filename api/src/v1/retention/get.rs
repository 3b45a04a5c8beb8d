//! `GET /api/v1/retention`

use axum::{Json, extract::State};
use wagate_domain::retention;

use super::view::{RetentionView, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// How long what is kept
///
/// Unless set otherwise, messages and files are kept for ever, events and logs of deliveries for 30 days.
#[utoipa::path(
    get, path = "/retention", tag = "retention",
    responses((status = 200, description = "In days.", body = RetentionView, example = json!(example()))),
)]
pub(crate) async fn get_retention(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<RetentionView>, Problem> {
    Ok(Json(retention::get(state.terms(), &*state.retention, caller).await?.into()))
}
