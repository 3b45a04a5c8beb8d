//! `POST /api/v1/messages/{id}/retry`

use axum::{Json, extract::State};
use http::StatusCode;
use wagate_domain::{MessageId, messages};

use super::view::{MessageView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Send a failed message again
///
/// Queues a message that has failed or expired once more, under the same ids: a recipient who has it after all is shown
/// it once. List such messages with `GET /messages?status=failed`.
#[utoipa::path(
    post, path = "/messages/{id}/retry", tag = "messages",
    params(("id" = String, Path, description = "The message's id.", example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses(
        (status = 202, description = "In the queue again.", body = MessageView, example = json!(example())),
        (status = 409, description = "`message_not_failed`"),
    ),
)]
pub(crate) async fn retry_message(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<MessageId>,
) -> Result<(StatusCode, Json<MessageView>), Problem> {
    let message = messages::retry(&state.env, state.send_ports(), caller, id).await?;
    Ok((StatusCode::ACCEPTED, Json(message.into())))
}
