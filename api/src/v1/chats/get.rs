//! `GET /api/v1/chats/{session}/{chat}`

use axum::{Json, extract::State};
use wagate_domain::chats;

use super::view::{ChatView, example};
use crate::{
    ApiState,
    extract::{Caller, ChatPath},
    problem::{Code, Problem},
};

/// Look at a chat
///
/// What is unread in it, what was done to it on the phone, and its last message.
#[utoipa::path(
    get, path = "/chats/{session}/{chat}", tag = "chats",
    params(
        ("session" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("chat" = String, Path, description = "A contact id, a number or a JID.", example = "6281234567890"),
    ),
    responses((status = 200, description = "The chat.", body = ChatView, example = json!(example()))),
)]
pub(crate) async fn get_chat(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    path: ChatPath,
) -> Result<Json<ChatView>, Problem> {
    let found = chats::find(state.read_ports(), caller, path.session, &path.chat).await?;
    let found = found.ok_or_else(|| Problem::plain(Code::ChatNotFound))?;
    Ok(Json(ChatView::new(state.env.now(), found)))
}
