//! Reading messages: newest first, in pages, by session and chat.

use crate::{
    Address, ContactId, Invalid, SessionId,
    auth::Principal,
    messages::{Message, Status},
    ports::{ChatFilter, Contacts, MessageQuery, Messages, PortError},
};

/// Largest page.
const MAX_LIMIT: u32 = 200;
/// Page size when none is asked for.
const DEFAULT_LIMIT: u32 = 50;

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
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Page size, 1 to 200.
    pub limit: Option<u32>,
}

/// One page of messages, newest first.
#[derive(Debug, Clone)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Pass it to get the next (older) page; absent at the end.
    pub next_cursor: Option<String>,
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
    let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Invalid::new("limit", "is out of range", format!("use 1 to {MAX_LIMIT}")).into());
    }
    let status = request.status.as_deref().map(parse_status).transpose()?;
    let chat = match &request.chat {
        None => None,
        Some(text) => match chat_filter(contacts, caller, request.session, text).await? {
            Some(filter) => Some(filter),
            None => return Ok(MessagePage { messages: Vec::new(), next_cursor: None }),
        },
    };
    let after = request.cursor.as_deref().map(parse_cursor).transpose()?;
    let query = MessageQuery {
        session: request.session,
        chat,
        status,
        campaign: request.campaign,
        before: after,
        limit: limit + 1,
    };
    let mut found = messages.list(caller.workspace, &query).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor =
        found.last().filter(|_| more).map(|last| format!("{}.{}", last.at.as_millis(), last.id.ulid()));
    Ok(MessagePage { messages: found, next_cursor })
}

async fn chat_filter(
    contacts: &dyn Contacts,
    caller: Principal,
    session: Option<SessionId>,
    text: &str,
) -> Result<Option<ChatFilter>, ListError> {
    if let Ok(id) = text.parse::<ContactId>() {
        return Ok(Some(ChatFilter::Contact(vec![id])));
    }
    let address: Address = text
        .parse()
        .map_err(|why: crate::address::BadAddress| Invalid::new("chat", why.to_string(), why.remedy()))?;
    if !address.is_person() {
        return Ok(Some(ChatFilter::Address(address)));
    }
    let known = contacts.find(caller.workspace, session, &address).await?;
    let ids: Vec<ContactId> = known.into_iter().map(|contact| contact.id).collect();
    Ok((!ids.is_empty()).then_some(ChatFilter::Contact(ids)))
}

fn parse_status(name: &str) -> Result<Status, Invalid> {
    Status::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Status::ALL.iter().map(|status| status.name()).collect();
        Invalid::new("status", "is not a status", format!("use one of {}", names.join(", ")))
    })
}

fn parse_cursor(text: &str) -> Result<(crate::Timestamp, crate::MessageId), Invalid> {
    let parse = || {
        let (millis, ulid) = text.split_once('.')?;
        let id = format!("msg_{ulid}").parse().ok()?;
        Some((crate::Timestamp::from_millis(millis.parse().ok()?), id))
    };
    parse().ok_or_else(|| {
        Invalid::new("cursor", "is not a cursor", "pass next_cursor of the page before, unchanged")
    })
}
