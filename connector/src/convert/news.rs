//! What the device tells besides messages, as the event log keeps it.

use wacore::types::{
    events::{ChatPresenceUpdate, ContactNumberChanged, Event, PresenceUpdate, PushNameUpdate, Receipt},
    presence::{ChatPresence, ChatPresenceMedia},
};
use wagate_domain::{
    Timestamp,
    events::{EventData, Presence},
};

use super::{
    Own, address_of,
    call::Ringing,
    chat::{chat_changed, deleted_for_me},
    group::{group_changed, group_picture},
    identities_of, receipt_status,
};

/// What an event is to the log; nothing for what is of no interest to people.
pub(crate) fn news(event: &Event, own: &Own, ringing: &mut Ringing) -> Vec<EventData> {
    let one = match event {
        Event::Receipt(receipt) => receipts(receipt),
        Event::ChatPresence(update) => chat_presence(update),
        Event::Presence(update) => presence(update),
        Event::GroupUpdate(update) => return group_changed(update, own),
        Event::PictureUpdate(update) => group_picture(update, own),
        Event::IncomingCall(_) | Event::MissedCall(_) => ringing.after(event).map(EventData::CallSeen),
        Event::DeleteMessageForMeUpdate(update) => deleted_for_me(update, own),
        Event::ContactNumberChanged(update) => Some(number_changed(update)),
        Event::PushNameUpdate(update) => Some(renamed(update)),
        other => chat_changed(other),
    };
    one.into_iter().collect()
}

fn receipts(receipt: &Receipt) -> Option<EventData> {
    let source = &receipt.source;
    Some(EventData::MessageReceipt {
        status: receipt_status(&receipt.r#type)?,
        chat: address_of(&source.chat)?,
        contact: identities_of(Some(&source.sender)).or(identities_of(source.sender_alt.as_ref())),
        stanza_ids: receipt.message_ids.clone(),
        at: Timestamp::from_millis(receipt.timestamp.timestamp_millis()),
    })
}

fn chat_presence(update: &ChatPresenceUpdate) -> Option<EventData> {
    let source = &update.source;
    Some(EventData::PresenceSeen {
        chat: address_of(&source.chat)?,
        contact: identities_of(Some(&source.sender)).or(identities_of(source.sender_alt.as_ref())),
        presence: match (update.state, update.media) {
            (ChatPresence::Composing, ChatPresenceMedia::Text) => Presence::Typing,
            (ChatPresence::Composing, ChatPresenceMedia::Audio) => Presence::Recording,
            (ChatPresence::Paused, _) => Presence::Paused,
        },
        last_seen: None,
    })
}

fn presence(update: &PresenceUpdate) -> Option<EventData> {
    let chat = address_of(&update.from).filter(wagate_domain::Address::is_person)?;
    Some(EventData::PresenceSeen {
        contact: identities_of(Some(&update.from)),
        chat,
        presence: if update.unavailable { Presence::Unavailable } else { Presence::Available },
        last_seen: update.last_seen.map(|at| Timestamp::from_millis(at.timestamp_millis())),
    })
}

/// The person has the new number from now on; the LID, which stays, says who it is.
fn number_changed(update: &ContactNumberChanged) -> EventData {
    let contact = identities_of(Some(&update.new_jid))
        .or(identities_of(update.new_lid.as_ref()))
        .or(identities_of(update.old_lid.as_ref()));
    EventData::ContactUpdated { contact, push_name: None }
}

fn renamed(update: &PushNameUpdate) -> EventData {
    let push_name = Some(update.new_push_name.clone()).filter(|name| !name.is_empty());
    EventData::ContactUpdated { contact: identities_of(Some(&update.jid)), push_name }
}

#[cfg(test)]
#[path = "news_tests.rs"]
mod tests;
