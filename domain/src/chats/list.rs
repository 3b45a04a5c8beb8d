//! A workspace's chats in pages, the one with the newest message first.

use std::collections::HashMap;

use crate::{
    Invalid, MessageId, SessionId, Timestamp,
    auth::Principal,
    chats::{Chat, ReadPorts},
    messages::{ListError, Message},
    page,
    ports::{ChatPlace, ChatQuery},
};

/// A request for one page of chats.
#[derive(Debug, Clone, Default)]
pub struct ListChats {
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only those in the archive, or outside.
    pub archived: Option<bool>,
    /// Only those with something unread, or without.
    pub unread: Option<bool>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Page size, 1 to 200.
    pub limit: Option<u32>,
}

/// One page of chats.
#[derive(Debug, Clone)]
pub struct ChatPage {
    /// The chats, each with its last message.
    pub chats: Vec<(Chat, Option<Message>)>,
    /// Pass it to get the next page; absent at the end.
    pub next_cursor: Option<String>,
}

/// One page of a workspace's chats. A chat that moves to the front between two pages is not shown on the second.
///
/// # Errors
/// See [`ListError`].
pub async fn list(
    ports: ReadPorts<'_>,
    caller: Principal,
    request: ListChats,
) -> Result<ChatPage, ListError> {
    let limit = page::limit(request.limit)?;
    let query = ChatQuery {
        session: request.session,
        archived: request.archived,
        unread: request.unread,
        behind: request.cursor.as_deref().map(parse_cursor).transpose()?,
        limit: limit + 1,
    };
    let mut found = ports.chats.list(caller.workspace, &query).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(cursor);
    let ids: Vec<MessageId> = found.iter().filter_map(|chat| chat.last_message).collect();
    let last = ports.messages.get_many(caller.workspace, &ids).await?;
    let mut last: HashMap<MessageId, Message> =
        last.into_iter().map(|message| (message.id, message)).collect();
    let with_last = |chat: Chat| {
        let message = chat.last_message.and_then(|id| last.remove(&id));
        (chat, message)
    };
    Ok(ChatPage { chats: found.into_iter().map(with_last).collect(), next_cursor })
}

fn cursor(chat: &Chat) -> String {
    format!("{}.{}.{}", chat.at.as_millis(), chat.session.ulid(), chat.key)
}

fn parse_cursor(text: &str) -> Result<ChatPlace, Invalid> {
    let parse = || {
        let (millis, rest) = text.split_once('.')?;
        let (ulid, key) = rest.split_once('.')?;
        let fits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        Some(ChatPlace {
            at: Timestamp::from_millis(millis.parse().ok()?),
            session: format!("ses_{ulid}").parse().ok()?,
            key: key.to_owned(),
        })
        .filter(|_| fits)
    };
    parse().ok_or_else(page::no_cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let place = parse_cursor("17.01JZZZ6E5R4Q3P2N1M0K9J8H7G.120363000000000001@g.us").unwrap();
        assert_eq!((place.at, place.key.as_str()), (Timestamp::from_millis(17), "120363000000000001@g.us"));
        for wrong in ["", "17", "17.x.y", "x.01JZZZ6E5R4Q3P2N1M0K9J8H7G.k", "17.01JZZZ6E5R4Q3P2N1M0K9J8H7G."]
        {
            assert_eq!(parse_cursor(wrong).unwrap_err().field, "cursor", "{wrong}");
        }
    }
}
