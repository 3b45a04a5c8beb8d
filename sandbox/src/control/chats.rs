//! Chats of a phone: what it shows, reading, typing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use super::body::{Body, Paging};
use super::message_view::MessageList;
use super::number::{chat, digits};
use super::problem::Problem;
use super::views::{ChatList, ChatView, OpenChatView};

/// What the other side sees of the user's fingers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TypingState {
    #[default]
    Composing,
    Recording,
    Paused,
}

/// A chat state to send.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Typing {
    /// `composing` unless given.
    #[serde(default)]
    state: TypingState,
}

/// What reading a chat has changed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReadResult {
    /// Ids of the messages that were unread.
    read: Vec<String>,
}

/// Chats of a phone, the newest first.
#[utoipa::path(get, path = "/v1/phones/{number}/chats", tag = "chats", params(("number" = String, Path)),
    responses((status = 200, body = ChatList), (status = "4XX", body = Problem)))]
pub(super) async fn list(
    State(control): State<Control>,
    Path(number): Path<String>,
) -> Result<Json<ChatList>, Problem> {
    let chats = control.phones.chats(&digits("number", &number)?).await?;
    Ok(Json(ChatList { items: chats.into_iter().map(ChatView::from).collect() }))
}

/// One chat as the phone shows it when its user opens it: with what the other side does now. The
/// phone asks for its presence from then on.
#[utoipa::path(get, path = "/v1/phones/{number}/chats/{peer}", tag = "chats",
    params(("number" = String, Path), ("peer" = String, Path)),
    responses((status = 200, body = OpenChatView), (status = "4XX", body = Problem)))]
pub(super) async fn show(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
) -> Result<Json<OpenChatView>, Problem> {
    let (number, peer) = (digits("number", &number)?, chat("peer", &peer)?);
    Ok(Json(OpenChatView::new(&peer, control.phones.look_at(&number, &peer).await?)))
}

/// Messages of one chat, both directions, oldest first.
#[utoipa::path(get, path = "/v1/phones/{number}/chats/{peer}/messages", tag = "chats",
    params(("number" = String, Path), ("peer" = String, Path), Paging),
    responses((status = 200, body = MessageList), (status = "4XX", body = Problem)))]
pub(super) async fn messages(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
    paging: Paging,
) -> Result<Json<MessageList>, Problem> {
    let (number, peer) = (digits("number", &number)?, chat("peer", &peer)?);
    let page = control.phones.chat_messages(&number, &peer, paging.seq()?, paging.limit).await?;
    Ok(Json(page.into()))
}

/// Incoming messages of all chats, once per id, oldest first.
#[utoipa::path(get, path = "/v1/phones/{number}/inbox", tag = "chats", params(("number" = String, Path), Paging),
    responses((status = 200, body = MessageList), (status = "4XX", body = Problem)))]
pub(super) async fn inbox(
    State(control): State<Control>,
    Path(number): Path<String>,
    paging: Paging,
) -> Result<Json<MessageList>, Problem> {
    let number = digits("number", &number)?;
    Ok(Json(control.phones.inbox(&number, paging.seq()?, paging.limit).await?.into()))
}

/// Marks every unread message of a chat as read; the senders get read receipts.
#[utoipa::path(post, path = "/v1/phones/{number}/chats/{peer}/read", tag = "chats",
    params(("number" = String, Path), ("peer" = String, Path)),
    responses((status = 200, body = ReadResult), (status = "4XX", body = Problem)))]
pub(super) async fn read(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
) -> Result<Json<ReadResult>, Problem> {
    let (number, peer) = (digits("number", &number)?, chat("peer", &peer)?);
    Ok(Json(ReadResult { read: control.phones.read_chat(&number, &peer).await? }))
}

/// Shows typing or recording in a chat, or ends it.
#[utoipa::path(post, path = "/v1/phones/{number}/chats/{peer}/typing", tag = "chats",
    params(("number" = String, Path), ("peer" = String, Path)), request_body = Option<Typing>,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub(super) async fn typing(
    State(control): State<Control>,
    Path((number, peer)): Path<(String, String)>,
    typing: Option<Body<Typing>>,
) -> Result<StatusCode, Problem> {
    let (number, peer) = (digits("number", &number)?, chat("peer", &peer)?);
    let state = typing.map_or_else(TypingState::default, |Body(typing)| typing.state);
    let composing = state != TypingState::Paused;
    control.phones.type_in(&number, &peer, composing, state == TypingState::Recording).await?;
    Ok(StatusCode::NO_CONTENT)
}
