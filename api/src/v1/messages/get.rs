//! `GET /api/v1/messages/{id}`

use axum::{Json, extract::State};
use wagate_domain::{MessageId, messages};

use super::view::{MessageView, example};
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Look at a message
///
/// Also right after the 202 that accepted it. While it waits, `waiting` tells its place, its attempts and when it is tried next.
#[utoipa::path(
    get, path = "/messages/{id}", tag = "messages",
    params(("id" = String, Path, description = "The message's id.", example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "The message.", body = MessageView, example = json!(example()))),
)]
pub(crate) async fn get_message(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<MessageId>,
) -> Result<Json<MessageView>, Problem> {
    let found = messages::look(&state.env, state.send_ports(), caller, id).await?;
    let (message, outlook) = found.ok_or_else(|| Problem::plain(Code::MessageNotFound))?;
    Ok(Json(MessageView::from(message).standing(outlook)))
}
