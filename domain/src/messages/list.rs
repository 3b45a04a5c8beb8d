//! Reading messages: in pages, by session and chat, both ways.

use std::{fmt, str::FromStr};

use crate::{
    Invalid, MessageId, SessionId, Timestamp,
    auth::Principal,
    chats::chat_filter,
    messages::{Message, Sought, Status},
    page,
    ports::{Contacts, MessageQuery, Messages, PortError},
};

/// Longest search in characters.
const MAX_SEARCH: usize = 256;

/// A request for one page of messages.
#[derive(Debug, Clone, Default)]
pub struct ListMessages {
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only this chat's: a contact id, a number or a JID.
    pub chat: Option<String>,
    /// Only those that stand there: a status by name.
    pub status: Option<String>,
    /// Only those of this campaign.
    pub campaign: Option<String>,
    /// Only those of this type, by its name on the wire.
    pub kind: Option<String>,
    /// Only those with these words: words, and phrases in double quotes.
    pub text: Option<String>,
    /// Only those of this moment and later.
    pub from: Option<Timestamp>,
    /// Only those before this moment.
    pub to: Option<Timestamp>,
    /// Oldest first.
    pub oldest_first: bool,
    /// Where another page ended or began.
    pub cursor: Option<String>,
    /// Page size, 1 to 200.
    pub limit: Option<u32>,
}

/// One page of messages.
#[derive(Debug, Clone, Default)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Pass it to get the next page in the same order; absent at the end.
    pub next_cursor: Option<String>,
    /// Pass it to get the page before in the same order. It is there also on the first page: what comes in later
    /// is found with it.
    pub prev_cursor: Option<String>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A parameter is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A place between messages, and which way to go from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    at: Timestamp,
    id: MessageId,
    /// Against the order of the list.
    back: bool,
}

/// One page of a workspace's messages.
///
/// # Errors
/// See [`ListError`].
pub async fn list(
    messages: &dyn Messages,
    contacts: &dyn Contacts,
    caller: Principal,
    request: ListMessages,
) -> Result<MessagePage, ListError> {
    let limit = page::limit(request.limit)?;
    let status = request.status.as_deref().map(parse_status).transpose()?;
    let text = request.text.as_deref().map(parse_search).transpose()?;
    let cursor: Option<Cursor> = request.cursor.as_deref().map(str::parse).transpose()?;
    let chat = match &request.chat {
        None => None,
        Some(chat) => match chat_filter(contacts, caller, request.session, chat).await? {
            Some(filter) => Some(filter),
            None => return Ok(MessagePage::default()),
        },
    };
    let back = cursor.is_some_and(|cursor| cursor.back);
    let oldest_first = request.oldest_first != back;
    let place = cursor.map(|cursor| (cursor.at, cursor.id));
    let query = MessageQuery {
        session: request.session,
        chat,
        status,
        campaign: request.campaign,
        kind: request.kind,
        text,
        from: request.from,
        to: request.to,
        oldest_first,
        after: place.filter(|_| oldest_first),
        before: place.filter(|_| !oldest_first),
        limit: limit + 1,
    };
    let found = messages.list(caller.workspace, &query).await?;
    Ok(cut(found, limit as usize, back, request.cursor))
}

/// The page of what was found, one more than its size, walking `back` or not from a cursor.
fn cut(mut found: Vec<Message>, limit: usize, back: bool, cursor: Option<String>) -> MessagePage {
    let more = found.len() > limit;
    found.truncate(limit);
    if back {
        found.reverse();
    }
    let place = |message: Option<&Message>, back| {
        message.map(|message| Cursor { at: message.at, id: message.id, back }.to_string())
    };
    MessagePage {
        // walking back we came from somewhere
        next_cursor: place(found.last(), false).filter(|_| more || back),
        prev_cursor: place(found.first(), true).or(cursor.filter(|_| back)),
        messages: found,
    }
}

fn parse_status(name: &str) -> Result<Status, Invalid> {
    Status::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Status::ALL.iter().map(|status| status.name()).collect();
        Invalid::new("status", "is not a status", format!("use one of {}", names.join(", ")))
    })
}

fn parse_search(text: &str) -> Result<Sought, Invalid> {
    if text.chars().count() > MAX_SEARCH {
        return Err(Invalid::new("q", "is too long", format!("use at most {MAX_SEARCH} characters")));
    }
    Sought::read(text)
        .ok_or_else(|| Invalid::new("q", "has no word in it", "send at least one letter, digit or emoji"))
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.at.as_millis(), self.id.ulid(), if self.back { ".back" } else { "" })
    }
}

impl FromStr for Cursor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (place, back) = text.strip_suffix(".back").map_or((text, false), |place| (place, true));
        let parse = || {
            let (millis, ulid) = place.split_once('.')?;
            let id = format!("msg_{ulid}").parse().ok()?;
            Some(Self { at: Timestamp::from_millis(millis.parse().ok()?), id, back })
        };
        parse().ok_or_else(page::no_cursor)
    }
}
