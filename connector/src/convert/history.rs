//! Messages of the past, as the phone tells them to a device that was linked.

use std::sync::Arc;

use wacore::{
    proto_helpers::MessageExt,
    types::message::{MessageInfo, MessageSource},
};
use wacore_binary::{Jid, JidExt, Server};
use wagate_domain::{
    ContactIds, Timestamp,
    events::EventData,
    messages::{Direction, Status},
    sessions::SessionKey,
};
use waproto::whatsapp as wa;
use waproto::whatsapp::{conversation::EndOfHistoryTransferType, web_message_info::Status as Told};

use super::{Own, Viewer, address_of, identities_of, inbound};

/// A message of the past with the envelope it would have come in.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    /// The message.
    pub(crate) message: wa::Message,
    /// Its envelope.
    pub(crate) info: Arc<MessageInfo>,
    /// How far the account's own message has come.
    status: Status,
}

/// Reads a message of a chat; `None` for what is no message any more (revoked), was never sent, only told of
/// something that happened, or was done to another message, which carries it already.
pub(crate) fn past(web: &wa::WebMessageInfo, chat: &Jid, own: &Own) -> Option<Past> {
    let mut message = web.message.as_option()?.clone();
    let key = web.key.as_option()?;
    let from_me = key.from_me == Some(true);
    if is_act(message.get_base_message()) || (from_me && web.status == Some(Told::ERROR)) {
        return None;
    }
    let named = |jid: Option<&str>| jid.and_then(|jid| jid.parse::<Jid>().ok());
    let chat = named(key.remote_jid.as_deref()).unwrap_or_else(|| chat.clone());
    let author = named(key.participant.as_deref()).or_else(|| named(web.participant.as_deref()));
    let sender = if from_me { own_in(&chat, own)? } else { author.unwrap_or_else(|| chat.clone()) };
    let seconds = i64::try_from(web.message_timestamp?).ok()?;
    if message.message_context_info.message_secret.is_none() && web.message_secret.is_some() {
        // votes are opened with it
        message.message_context_info.get_or_insert_default().message_secret.clone_from(&web.message_secret);
    }
    let info = MessageInfo {
        id: key.id.clone().filter(|id| !id.is_empty())?,
        source: MessageSource {
            is_group: chat.is_group(),
            chat,
            sender,
            is_from_me: from_me,
            ..Default::default()
        },
        push_name: web.push_name.clone().unwrap_or_default(),
        timestamp: wacore::time::from_secs(seconds)?,
        ..Default::default()
    };
    Some(Past { message, info: Arc::new(info), status: status_of(web.status) })
}

/// The entry of the log that a message of the past becomes; the same message comes under the same id when it is
/// delivered once more. `contact` is what is known of the other person.
pub(crate) fn entry(past: &Past, session: SessionKey, own: &Own, contact: ContactIds) -> Option<EventData> {
    let at = Timestamp::from_millis(past.info.timestamp.timestamp_millis());
    let viewer = Viewer { session, own, now: at };
    let mut received = inbound(&past.message, &past.info, viewer, contact)?;
    if received.message.direction == Direction::Out {
        received.message.status = past.status;
        received.message.times.note(past.status, at);
    }
    let media = received.media.map(Box::new);
    Some(EventData::MessageReceived { message: Box::new(received.message), media, history: true })
}

/// The chat of a conversation, and the other person of it.
pub(crate) fn conversation(told: &wa::Conversation) -> Option<(Jid, ContactIds)> {
    let chat: Jid = told.id.parse().ok()?;
    if !address_of(&chat)?.is_person() {
        return Some((chat, ContactIds::default()));
    }
    let named = |jid: Option<&str>| jid.and_then(|jid| jid.parse::<Jid>().ok());
    let contact = identities_of(Some(&chat))
        .or(identities_of(named(told.pn_jid.as_deref()).as_ref()))
        .or(identities_of(named(told.lid_jid.as_deref()).as_ref()));
    Some((chat, contact))
}

/// Whether the phone has more of a conversation than it tells by itself.
pub(crate) fn is_complete(told: &wa::Conversation) -> bool {
    told.end_of_history_transfer_type
        == Some(EndOfHistoryTransferType::COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY)
}

/// The name that somebody has given themselves.
pub(crate) fn name(told: &wa::Pushname) -> Option<EventData> {
    let jid = told.id.as_deref()?.parse::<Jid>().ok()?;
    let contact = identities_of(address_of(&jid).filter(wagate_domain::Address::is_person).map(|_| &jid));
    let push_name = told.pushname.clone().filter(|name| !name.is_empty())?;
    (contact != ContactIds::default())
        .then_some(EventData::ContactUpdated { contact, push_name: Some(push_name) })
}

/// Whether a message announces a piece of history (which is told apart from it).
pub(crate) fn announces_history(message: &wa::Message) -> bool {
    use wa::message::protocol_message::Type;
    let protocol = message.get_base_message().protocol_message.as_option();
    protocol.is_some_and(|protocol| protocol.r#type == Some(Type::HISTORY_SYNC_NOTIFICATION))
}

/// What is done to another message, or to the chat.
fn is_act(base: &wa::Message) -> bool {
    base.protocol_message.is_set() || base.reaction_message.is_set() || base.poll_update_message.is_set()
}

/// The account itself, addressed as its chat is.
fn own_in(chat: &Jid, own: &Own) -> Option<Jid> {
    let pn = own.pn.as_deref().map(|pn| Jid::new(pn, Server::Pn));
    let lid = own.lid.as_deref().map(|lid| Jid::new(lid, Server::Lid));
    if chat.is_lid() { lid.or(pn) } else { pn.or(lid) }
}

fn status_of(told: Option<Told>) -> Status {
    match told {
        Some(Told::DELIVERY_ACK) => Status::Delivered,
        Some(Told::READ) => Status::Read,
        Some(Told::PLAYED) => Status::Played,
        _ => Status::Sent,
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
