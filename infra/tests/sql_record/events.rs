//! Events to tell.

use wagate_domain::{
    Address, ContactIds, MessageId,
    events::{Event, EventData},
    media::Media,
    messages::{Failure, Message, Status},
    sessions::{SessionKey, State},
};

use crate::sample::{at, id};

pub(crate) fn event(session: SessionKey, millis: i64, data: EventData) -> Event {
    Event { id: id(), workspace: session.workspace, session: session.id, at: at(millis), data }
}

fn of(message: &Message) -> SessionKey {
    SessionKey { workspace: message.workspace, id: message.session }
}

pub(crate) fn accepted(message: &Message, millis: i64) -> Event {
    event(of(message), millis, EventData::MessageAccepted(Box::new(message.clone())))
}

pub(crate) fn received(message: &Message, media: Option<&Media>, millis: i64) -> Event {
    let media = media.cloned().map(Box::new);
    event(
        of(message),
        millis,
        EventData::MessageReceived { message: Box::new(message.clone()), media, history: false },
    )
}

/// As a phone's history tells of it.
pub(crate) fn past(message: &Message, millis: i64) -> Event {
    let data = EventData::MessageReceived { message: Box::new(message.clone()), media: None, history: true };
    event(of(message), millis, data)
}

pub(crate) fn status(session: SessionKey, message: MessageId, status: Status, millis: i64) -> Event {
    let failure = matches!(status, Status::Failed | Status::Cancelled)
        .then(|| Failure { code: "not_on_whatsapp".to_owned(), message: "Nobody there.".to_owned() });
    event(session, millis, EventData::MessageStatus { message, status, failure })
}

pub(crate) fn receipt(
    session: SessionKey,
    chat: &Address,
    stanza_ids: &[&str],
    status: Status,
    millis: i64,
) -> Event {
    receipt_by(session, chat, ContactIds::of(chat), stanza_ids, status, millis)
}

pub(crate) fn receipt_by(
    session: SessionKey,
    chat: &Address,
    contact: ContactIds,
    stanza_ids: &[&str],
    status: Status,
    millis: i64,
) -> Event {
    let stanza_ids = stanza_ids.iter().map(|&stanza| stanza.to_owned()).collect();
    let data =
        EventData::MessageReceipt { chat: chat.clone(), contact, stanza_ids, status, at: at(millis - 1) };
    event(session, millis, data)
}

pub(crate) fn contact(
    session: SessionKey,
    contact: ContactIds,
    push_name: Option<&str>,
    millis: i64,
) -> Event {
    let push_name = push_name.map(str::to_owned);
    event(session, millis, EventData::ContactUpdated { contact, push_name })
}

pub(crate) fn state(session: SessionKey, state: State, millis: i64) -> Event {
    event(session, millis, EventData::SessionStatus { state, reason: None })
}
