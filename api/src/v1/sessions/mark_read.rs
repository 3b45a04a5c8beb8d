//! `POST /api/v1/sessions/{id}/chats/{chat}/read`

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{
    Address, Invalid, MessageId,
    auth::Principal,
    messages::{self, Direction, ListMessages, Message},
    sessions::{Command, CommandReply},
};

use crate::{
    ApiState,
    extract::{Caller, ChatPath, JsonBody},
    problem::{Code, Problem},
};

/// How long the owner has to send the receipts.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most messages marked at once, and how far back a whole chat is marked.
const MOST: u32 = 100;

/// Which messages have been read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkRead {
    /// Ids of received messages of this chat, at most 100; the chat's latest 100 messages when left out.
    #[schema(example = json!(["msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G"]))]
    message_ids: Option<Vec<String>>,
}

/// How many messages were marked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MarkedRead {
    /// Messages for which a read receipt was sent.
    #[schema(example = 3)]
    marked: usize,
}

/// Mark messages as read
///
/// Sends read receipts, so that the other side sees blue ticks. The chat's `unread` goes to 0 a moment later, as when the chat is
/// opened on the phone, whichever of its messages are named.
#[utoipa::path(
    post, path = "/sessions/{id}/chats/{chat}/read", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G"),
        ("chat" = String, Path, description = "A contact id, a number or a JID.", example = "6281234567890"),
    ),
    request_body(content = MarkRead, example = json!({})),
    responses(
        (status = 200, description = "Receipts were sent.", body = MarkedRead, example = json!({"marked": 3})),
        (status = 409, description = "`session_not_linked`, `session_refused`"),
        (status = 503, description = "`session_unreachable`"),
    ),
)]
pub(crate) async fn mark_chat_read(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    path: ChatPath,
    JsonBody { value, .. }: JsonBody<MarkRead>,
) -> Result<Json<MarkedRead>, Problem> {
    let session = super::find(&state, caller, path.session).await?;
    if !session.is_linked() {
        return Err(Problem::plain(Code::SessionNotLinked));
    }
    let of_chat = received(&state, caller, &path, value.message_ids).await?;
    let mut marked = 0;
    for (chat, ids) in of_chat {
        let count = ids.len();
        let command = Command::MarkRead { chat: chat.to_string(), ids };
        match state.calls.call(session.key(), &command, PATIENCE).await? {
            Some(CommandReply::Refused { code, message }) => return Err(super::refused(&code, &message)),
            Some(CommandReply::Done | CommandReply::Pairing(_) | CommandReply::Health(_)) => marked += count,
            None => return Err(Problem::plain(Code::SessionUnreachable).retry_after(5)),
        }
    }
    Ok(Json(MarkedRead { marked }))
}

/// WhatsApp's ids of the received messages meant, by the address they came from: a person's may
/// have come from the number and from the LID.
async fn received(
    state: &ApiState,
    caller: Principal,
    path: &ChatPath,
    ids: Option<Vec<String>>,
) -> Result<BTreeMap<Address, Vec<String>>, Problem> {
    let request = ListMessages {
        session: Some(path.session),
        chat: Some(path.chat.clone()),
        limit: Some(MOST),
        ..ListMessages::default()
    };
    let latest = messages::list(&*state.messages, &*state.contacts, caller, request).await?.messages;
    let meant = match ids {
        None => latest,
        Some(ids) => named(state, caller, path, &ids, &latest).await?,
    };
    let mut by_chat: BTreeMap<Address, Vec<String>> = BTreeMap::new();
    for message in meant.into_iter().filter(|message| message.direction == Direction::In) {
        by_chat.entry(message.chat).or_default().push(message.stanza_id);
    }
    Ok(by_chat)
}

/// The messages of these ids, each of them a received one of this session and chat.
async fn named(
    state: &ApiState,
    caller: Principal,
    path: &ChatPath,
    ids: &[String],
    latest: &[Message],
) -> Result<Vec<Message>, Problem> {
    if ids.len() > MOST as usize {
        return Err(Invalid::new("message_ids", "has too many ids", format!("send at most {MOST}")).into());
    }
    let same_chat = |message: &Message| {
        latest.iter().any(|other| {
            other.chat == message.chat
                || (other.contact_id.is_some() && other.contact_id == message.contact_id)
        })
    };
    let mut found = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let message = match id.parse::<MessageId>() {
            Ok(id) => state.messages.get(caller.workspace, id).await?,
            Err(_) => None,
        };
        let fits = |message: &Message| {
            message.session == path.session && message.direction == Direction::In && same_chat(message)
        };
        found.push(message.filter(fits).ok_or_else(|| {
            Invalid::new(
                format!("message_ids[{index}]"),
                "is not a received message of this chat",
                "use ids of messages with direction in, from this session and chat",
            )
        })?);
    }
    Ok(found)
}
