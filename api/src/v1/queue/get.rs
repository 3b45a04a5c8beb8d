//! `GET /api/v1/sessions/{id}/queue`

use axum::{Json, extract::State};
use wagate_domain::SessionId;

use super::view::{QueueView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
    v1::sessions,
};

/// Look at a session's queue
#[utoipa::path(
    get, path = "/sessions/{id}/queue", tag = "queue",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "How full it is.", body = QueueView, example = json!(example()))),
)]
pub(crate) async fn get_queue(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
) -> Result<Json<QueueView>, Problem> {
    let session = sessions::find(&state, caller, id).await?;
    Ok(Json(QueueView::of(&state, &session).await?))
}
