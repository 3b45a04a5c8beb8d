//! One event of each type as it might happen: for the documentation, and for trying a webhook.

use super::{
    Actor, Call, CallState, ChatChange, ContactRef, EventKind, GroupChange, HistoryProgress, MessageRef,
    Presence, Told, ToldData,
};
use crate::{
    Address, ContactId, ContactIds, EventId, MediaId, MessageId, SessionId, Timestamp, WorkspaceId,
    ids::{Id, ulid},
    media::{Media, MediaState},
    messages::{Content, Direction, Failure, Message, Priority, Status, Times},
    sessions::{Pairing, Reason, SessionKey, State},
};

const PN: &str = "6281234567890";
const LID: &str = "123456789012345";
const STANZA: &str = "3EB0C431C26A1916E07A17";

/// An event of this type, told of a session (of none: of a made-up one) at a moment. Everything in it is made up.
#[must_use]
pub fn sample(
    kind: EventKind,
    id: EventId,
    workspace: WorkspaceId,
    session: Option<SessionId>,
    at: Timestamp,
) -> Told {
    let session = session.unwrap_or_else(made_up);
    let data = data(kind, SessionKey { workspace, id: session }, at);
    Told { id, workspace, session: Some(session), at, data }
}

fn made_up<T: Id>() -> T {
    // 2026-01-01
    T::from_ulid(ulid(Timestamp::from_millis(1_767_225_600_000), 0x3f5c_0e21_9d44_7a68_b1c2))
}

fn data(kind: EventKind, session: SessionKey, at: Timestamp) -> ToldData {
    use EventKind as K;
    match kind {
        K::SessionStatus => {
            ToldData::SessionStatus { state: State::Connected, before: Some(State::Starting), reason: None }
        }
        K::SessionQr => ToldData::SessionQr(Pairing::Qr {
            code: "2@Qz1mVb8Kp0,x7HrT2wYc4,9fEjN6sLd3,AbCdEfGhIj".to_owned(),
            expires_at: Timestamp::from_millis(at.as_millis().saturating_add(20_000)),
        }),
        K::SessionConnected => ToldData::SessionConnected {},
        K::SessionDisconnected => ToldData::SessionDisconnected {
            state: State::LoggedOut,
            reason: Some(reason(
                "device_removed",
                "The device was removed on the phone; scan a new QR code.",
            )),
        },
        K::RestrictionStarted => ToldData::RestrictionStarted {
            reason: Some(reason("reach_out_limit", "WhatsApp lets this account begin no new chats for now.")),
        },
        K::RestrictionEnded => ToldData::RestrictionEnded {},
        K::HistoryProgress => {
            ToldData::HistoryProgress(HistoryProgress { percent: 40, messages: 312, chats: 17, done: false })
        }
        K::WebhookDisabled => ToldData::WebhookDisabled {
            webhook: "whk_01KDVDMW00BB0W8ECX8KQ75Q62".to_owned(),
            url: "https://example.com/wagate".to_owned(),
            code: "failing".to_owned(),
            message: "It answered no 2xx for 5 days. Mend it, then enable it again.".to_owned(),
        },
        K::MediaReady => media(session, MediaState::Ready, at),
        K::MediaFailed => media(session, MediaState::Expired, at),
        K::MessageReceived
        | K::MessageSent
        | K::MessageStatus
        | K::MessageUpdated
        | K::MessageDeleted
        | K::MessageReaction
        | K::PollVote => of_message(kind, session, at),
        _ => of_chat(kind, at),
    }
}

fn of_message(kind: EventKind, session: SessionKey, at: Timestamp) -> ToldData {
    let (message, by) = (reference(kind), them());
    match kind {
        EventKind::MessageSent => {
            ToldData::MessageSent(Box::new(sent(session, Direction::Out, Status::Sent, at)))
        }
        EventKind::MessageStatus => {
            ToldData::MessageStatus { message, status: Status::Delivered, failure: None::<Failure>, at }
        }
        EventKind::MessageUpdated => ToldData::MessageUpdated {
            message,
            by,
            content: Content::Text { body: "See you at 10".to_owned() },
        },
        EventKind::MessageDeleted => ToldData::MessageDeleted { message, by, for_everyone: true },
        EventKind::MessageReaction => {
            ToldData::MessageReaction { message, by, emoji: Some("👍".to_owned()) }
        }
        EventKind::PollVote => ToldData::PollVote { message, by, options: vec!["Tuesday".to_owned()] },
        _ => ToldData::MessageReceived(Box::new(sent(session, Direction::In, Status::Received, at))),
    }
}

fn of_chat(kind: EventKind, at: Timestamp) -> ToldData {
    let (group, chat, contact) = (group(), Address::pn(PN), person());
    let group_of = |change| ToldData::Group { group: group.clone(), by: them(), change };
    match kind {
        EventKind::GroupJoined => group_of(GroupChange::Joined { subject: Some("Neighbours".to_owned()) }),
        EventKind::GroupLeft => group_of(GroupChange::Left {}),
        EventKind::GroupParticipants => group_of(GroupChange::Added { participants: vec![ids()] }),
        EventKind::GroupUpdated => group_of(GroupChange::Subject { subject: "Good neighbours".to_owned() }),
        EventKind::ContactMerged => ToldData::ContactMerged { contact, from: made_up() },
        EventKind::PresenceUpdate => {
            ToldData::PresenceUpdate { chat, contact, presence: Presence::Typing, last_seen: None }
        }
        EventKind::ChatUpdated => ToldData::Chat { chat, contact, change: ChatChange::Archived { on: true } },
        EventKind::ChatDeleted => ToldData::Chat { chat, contact, change: ChatChange::Deleted {} },
        EventKind::CallReceived => call(CallState::Ringing),
        EventKind::CallUpdated => call(CallState::Missed),
        _ => {
            debug_assert!(kind == EventKind::ContactUpdated, "{kind} of {at} has a sample");
            ToldData::ContactUpdated { contact }
        }
    }
}

fn reason(code: &str, message: &str) -> Reason {
    Reason { code: code.to_owned(), message: message.to_owned() }
}

fn group() -> Address {
    Address::from_canonical("120363041234567890@g.us").unwrap_or_else(|| Address::pn(PN))
}

fn ids() -> ContactIds {
    ContactIds { pn: Some(PN.to_owned()), lid: Some(LID.to_owned()) }
}

fn them() -> Actor {
    Actor { from_me: false, contact: ids() }
}

fn person() -> ContactRef {
    ContactRef { id: Some(made_up()), ids: ids(), push_name: Some("Budi".to_owned()) }
}

fn call(state: CallState) -> ToldData {
    let call = Call { id: "8C9A1E".to_owned(), state, from: ids(), group: None, video: false };
    ToldData::Call { call, contact: person() }
}

fn reference(kind: EventKind) -> MessageRef {
    MessageRef {
        id: Some(made_up()),
        stanza_id: STANZA.to_owned(),
        chat: Address::pn(PN),
        contact: ContactRef { push_name: None, ..person() },
        from_me: !matches!(kind, EventKind::MessageUpdated | EventKind::MessageDeleted),
        campaign: None,
    }
}

fn sent(session: SessionKey, direction: Direction, status: Status, at: Timestamp) -> Message {
    let mut times = Times::default();
    times.note(status, at);
    Message {
        id: made_up::<MessageId>(),
        workspace: session.workspace,
        session: session.id,
        direction,
        chat: Address::pn(PN),
        contact: ids(),
        contact_id: Some(made_up::<ContactId>()),
        stanza_id: STANZA.to_owned(),
        content: Content::Text { body: "Hello!".to_owned() },
        quote: None,
        mentions: Vec::new(),
        offline: false,
        push_name: (direction == Direction::In).then(|| "Budi".to_owned()),
        priority: Priority::default(),
        status,
        failure: None,
        times,
        send_at: None,
        expires_at: None,
        campaign: None,
        revision: 0,
        sender: None,
        at,
    }
}

fn media(session: SessionKey, state: MediaState, at: Timestamp) -> ToldData {
    let ready = state == MediaState::Ready;
    ToldData::Media(Box::new(Media {
        id: made_up::<MediaId>(),
        workspace: session.workspace,
        session: Some(session.id),
        message: Some(made_up()),
        staged_with: None,
        state,
        mime: "image/jpeg".to_owned(),
        size: 48_213,
        sha256: ready.then(|| "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned()),
        file_name: None,
        locator: None,
        created_at: at,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_sample_of_its_own_type() {
        let at = Timestamp::from_millis(1);
        for kind in EventKind::ALL {
            let told = sample(*kind, made_up(), made_up(), None, at);
            assert_eq!(told.data.kind(), *kind);
        }
    }
}
