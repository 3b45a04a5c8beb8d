//! `POST /api/v1/messages/{id}/cancel`

use axum::{Json, extract::State};
use wagate_domain::{MessageId, messages};

use super::view::{MessageView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// Cancel a message that waits
///
/// Takes it out of the queue. Once a connector has taken it the answer is `message_not_waiting`; cancelling twice is fine.
#[utoipa::path(
    post, path = "/messages/{id}/cancel", tag = "messages",
    params(("id" = String, Path, description = "The message's id.", example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses(
        (status = 200, description = "It is cancelled.", body = MessageView, example = json!(example())),
        (status = 409, description = "`message_not_waiting`"),
    ),
)]
pub(crate) async fn cancel_message(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<MessageId>,
) -> Result<Json<MessageView>, Problem> {
    let message = messages::cancel(&state.env, state.send_ports(), caller, id).await?;
    Ok(Json(message.into()))
}
