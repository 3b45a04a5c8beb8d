//! `GET /api/v1/sessions/{id}`

use axum::{Json, extract::State};
use wagate_domain::SessionId;

use super::view::{SessionView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Look at a session
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The session.", body = SessionView, example = json!(example()))),
)]
pub(crate) async fn get_session(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
) -> Result<Json<SessionView>, Problem> {
    Ok(Json(super::find(&state, caller, id).await?.into()))
}
