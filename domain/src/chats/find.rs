//! Which chat a caller means, and what is known of it.

use crate::{
    Address, ContactId, Invalid, SessionId,
    address::BadAddress,
    auth::Principal,
    chats::Chat,
    messages::{ListError, Message},
    ports::{ChatFilter, Chats, Contacts, Messages},
};

/// The chat a caller names by a contact id, a number or a JID; `None` when nobody on record has it.
///
/// # Errors
/// See [`ListError`].
pub async fn chat_filter(
    contacts: &dyn Contacts,
    caller: Principal,
    session: Option<SessionId>,
    text: &str,
) -> Result<Option<ChatFilter>, ListError> {
    if let Ok(id) = text.parse::<ContactId>() {
        return Ok(Some(ChatFilter::Contact(vec![id])));
    }
    let address: Address =
        text.parse().map_err(|why: BadAddress| Invalid::new("chat", why.to_string(), why.remedy()))?;
    if !address.is_person() {
        return Ok(Some(ChatFilter::Address(address)));
    }
    let known = contacts.find(caller.workspace, session, &address).await?;
    let ids: Vec<ContactId> = known.into_iter().map(|contact| contact.id).collect();
    Ok((!ids.is_empty()).then_some(ChatFilter::Contact(ids)))
}

/// A chat of a session with its last message; `None` when there is none.
///
/// # Errors
/// See [`ListError`].
pub async fn find(
    ports: ReadPorts<'_>,
    caller: Principal,
    session: SessionId,
    chat: &str,
) -> Result<Option<(Chat, Option<Message>)>, ListError> {
    let Some(filter) = chat_filter(ports.contacts, caller, Some(session), chat).await? else {
        return Ok(None);
    };
    let Some(chat) = ports.chats.get(caller.workspace, session, &filter).await? else { return Ok(None) };
    let last = match chat.last_message {
        Some(id) => ports.messages.get(caller.workspace, id).await?,
        None => None,
    };
    Ok(Some((chat, last)))
}

/// What reading chats needs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct ReadPorts<'a> {
    /// Chats on record.
    pub chats: &'a dyn Chats,
    /// Messages on record.
    pub messages: &'a dyn Messages,
    /// Contacts on record.
    pub contacts: &'a dyn Contacts,
}
