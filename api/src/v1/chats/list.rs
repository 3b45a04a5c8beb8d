//! `GET /api/v1/chats`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::chats;

use super::view::{ChatView, example};
use crate::{
    ApiState,
    extract::{Caller, Query, session_of},
    problem::Problem,
};

/// Which chats.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListChats {
    /// Only this session's.
    #[param(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: Option<String>,
    /// `true`: only those in the archive; `false`: only those outside.
    archived: Option<bool>,
    /// `true`: only those with something unread; `false`: only those without.
    unread: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Page size, 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
}

/// A page of chats, the one with the newest message first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChatPage {
    /// The chats.
    chats: Vec<ChatView>,
    /// Pass it as `cursor` to get the next (older) page; `null` at the end.
    next_cursor: Option<String>,
}

/// List chats
///
/// The one with the newest message first, each with its last message and how many are unread. A chat that was deleted on the
/// phone is left out until the next message.
#[utoipa::path(
    get, path = "/chats", tag = "chats",
    params(ListChats),
    responses((
        status = 200, description = "A page of chats.", body = ChatPage,
        example = json!({"chats": [example()], "next_cursor": null}),
    )),
)]
pub(crate) async fn list_chats(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(query): Query<ListChats>,
) -> Result<Json<ChatPage>, Problem> {
    let ListChats { session, archived, unread, cursor, limit } = query;
    let request = chats::ListChats { session: session_of(session)?, archived, unread, cursor, limit };
    let page = chats::list(state.read_ports(), caller, request).await?;
    let now = state.env.now();
    let chats = page.chats.into_iter().map(|chat| ChatView::new(now, chat)).collect();
    Ok(Json(ChatPage { chats, next_cursor: page.next_cursor }))
}
