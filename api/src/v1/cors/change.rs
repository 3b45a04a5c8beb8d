//! `PUT /api/v1/cors`

use axum::{Json, extract::State};
use wagate_domain::cors::check_origins;

use super::view::{CorsView, example};
use crate::{
    ApiState,
    admission::Changed,
    extract::{Caller, JsonBody},
    problem::Problem,
};

/// Set which web pages may call
///
/// All at once: what is left out is not allowed any more, `[]` allows none. A page whose origin is allowed may send
/// requests with a key from a browser and read the answers. Whoever reads that page can read its key as well.
#[utoipa::path(
    put, path = "/cors", tag = "cors",
    request_body(content = CorsView, example = json!(example())),
    responses((status = 200, description = "As it is set now.", body = CorsView, example = json!(example()))),
)]
pub(crate) async fn change_cors(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    JsonBody { value, .. }: JsonBody<CorsView>,
) -> Result<(Changed, Json<CorsView>), Problem> {
    let origins = check_origins(&value.origins)?;
    let before = CorsView { origins: state.origins.get(caller.workspace).await? };
    state.origins.put(caller.workspace, &origins).await?;
    let after = CorsView { origins };
    Ok((Changed::rewritten("cors", &before, &after), Json(after)))
}
