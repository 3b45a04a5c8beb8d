//! `POST /api/v1/sessions/{id}/queue/pause`

use axum::{Json, extract::State};
use wagate_domain::SessionId;

use super::view::{QueueView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
    v1::sessions,
};

/// Pause a session's queue
///
/// Nothing leaves until it is resumed, also over restarts; the message being sent goes out. New messages are taken and wait.
#[utoipa::path(
    post, path = "/sessions/{id}/queue/pause", tag = "queue",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "It is paused.", body = QueueView, example = json!(example()))),
)]
pub(crate) async fn pause_queue(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
) -> Result<Json<QueueView>, Problem> {
    let session = sessions::find(&state, caller, id).await?;
    state.lanes.set_paused(session.key(), true).await?;
    Ok(Json(QueueView::of(&state, &session).await?))
}
