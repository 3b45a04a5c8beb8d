//! `GET /api/v1/cors`

use axum::{Json, extract::State};

use super::view::{CorsView, example};
use crate::{ApiState, extract::Caller, problem::Problem};

/// Which web pages may call
///
/// None, unless set otherwise.
#[utoipa::path(
    get, path = "/cors", tag = "cors",
    responses((status = 200, description = "Allowed origins.", body = CorsView, example = json!(example()))),
)]
pub(crate) async fn get_cors(
    State(state): State<ApiState>,
    Caller(caller): Caller,
) -> Result<Json<CorsView>, Problem> {
    Ok(Json(CorsView { origins: state.origins.get(caller.workspace).await? }))
}
