//! What happened: the entries of the event log, from which everything readable is made.

mod filter;
mod happenings;
mod kind;
mod list;
mod sample;
mod told;
mod transition;

pub use filter::{BadFilter, EventFilter};
pub use happenings::{Actor, Call, CallState, ChatChange, GroupChange, HistoryProgress, Presence, Target};
pub use kind::EventKind;
pub use list::{EventsError, LONGEST_WAIT, ListEvents, Selection, Wanted, list, place_of};
pub use sample::sample;
pub use told::{ContactRef, MessageRef, Told, ToldData};
pub use transition::of_transition;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Address, ContactIds, Env, EventId, MediaId, MessageId, SessionId, Timestamp, WorkspaceId,
    ids::{Id, ulid_of},
    media::Media,
    messages::{Content, Failure, Message, Status},
    sessions::{Pairing, Reason, SessionKey, State},
};

/// One entry of the event log. Order holds within a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Identifier; stable over redelivery.
    pub id: EventId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session it happened to.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub data: EventData,
}

impl Event {
    /// An event of this moment. What WhatsApp may tell again carries the same id every time.
    #[must_use]
    pub fn new(env: &Env, session: SessionKey, data: EventData) -> Self {
        let id = data.own_id(session).unwrap_or_else(|| env.new_id());
        Self { id, workspace: session.workspace, session: session.id, at: env.now(), data }
    }

    /// A message has got so far, at this moment.
    #[must_use]
    pub fn status(
        env: &Env,
        session: SessionKey,
        message: MessageId,
        status: Status,
        failure: Option<Failure>,
    ) -> Self {
        Self::new(env, session, EventData::MessageStatus { message, status, failure })
    }
}

/// What happened, as the log keeps it. What subscribers are told is made from it: [`ToldData`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum EventData {
    /// A session moved to another state.
    #[serde(rename = "session.status")]
    SessionStatus {
        /// The new state.
        state: State,
        /// Why.
        reason: Option<Reason>,
    },
    /// A session knows (or has learned again) whose account it is.
    #[serde(rename = "session.linked")]
    SessionLinked {
        /// Phone number, digits.
        pn: String,
        /// LID, digits.
        lid: Option<String>,
        /// Push name.
        push_name: Option<String>,
    },
    /// A session lost its account (logout from either side).
    #[serde(rename = "session.unlinked")]
    SessionUnlinked {},
    /// The API took a message.
    #[serde(rename = "message.accepted")]
    MessageAccepted(Box<Message>),
    /// A message that waits was changed; this is what it is now.
    #[serde(rename = "message.edited")]
    MessageEdited(Box<Message>),
    /// A message that had failed or expired is in the queue again, under the same ids.
    #[serde(rename = "message.requeued")]
    MessageRequeued(Box<Message>),
    /// A message moved on, known by our id.
    #[serde(rename = "message.status")]
    MessageStatus {
        /// The message.
        message: MessageId,
        /// Its new status.
        status: Status,
        /// Why it ended, when it failed.
        failure: Option<Failure>,
    },
    /// Receipts for messages of one chat, known by WhatsApp's ids.
    #[serde(rename = "message.receipt")]
    MessageReceipt {
        /// Chat the receipt came from.
        chat: Address,
        /// Who sent it, PN and LID as far as known.
        contact: ContactIds,
        /// WhatsApp's ids.
        stanza_ids: Vec<String>,
        /// Delivered, read or played.
        status: Status,
        /// When the recipient's device says it happened.
        at: Timestamp,
    },
    /// A message came in (or was sent by another device of the same account).
    #[serde(rename = "message.received")]
    MessageReceived {
        /// The message.
        message: Box<Message>,
        /// Its media object, pending, when it carries one.
        media: Option<Box<Media>>,
        /// It is of the past, told by the phone after linking: on record, but no news to anybody.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        history: bool,
    },
    /// A media object is in S3, or will never be.
    #[serde(rename = "media.settled")]
    MediaSettled {
        /// The object, with its final state.
        media: Box<Media>,
    },
    /// A contact's PN, LID or push name was learned.
    #[serde(rename = "contact.updated")]
    ContactUpdated {
        /// PN and LID.
        contact: ContactIds,
        /// Push name.
        push_name: Option<String>,
    },
    /// Something is on offer with which a phone can link the session.
    #[serde(rename = "session.offer")]
    SessionOffer(Pairing),
    /// A message was edited by who wrote it.
    #[serde(rename = "message.updated")]
    MessageUpdated {
        /// Which.
        target: Target,
        /// Who did it.
        by: Actor,
        /// What it carries now: always a text, which is the caption when the message carries a file (the file
        /// stays), or something that is not modelled.
        content: Content,
        /// When.
        at: Timestamp,
    },
    /// A message was deleted for everybody, or on the account's own devices only.
    #[serde(rename = "message.deleted")]
    MessageDeleted {
        /// Which.
        target: Target,
        /// Who did it.
        by: Actor,
        /// Nobody sees it any more.
        for_everyone: bool,
        /// When.
        at: Timestamp,
    },
    /// Somebody reacted to a message, or took the reaction back.
    #[serde(rename = "message.reaction")]
    MessageReaction {
        /// To which.
        target: Target,
        /// Who did it.
        by: Actor,
        /// The emoji; none: taken back.
        emoji: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Somebody voted in a poll; this is the whole vote, it takes the place of an earlier one.
    #[serde(rename = "poll.vote")]
    PollVote {
        /// The message that is the poll.
        target: Target,
        /// Who voted.
        by: Actor,
        /// What for, by the options' texts; nothing: the vote was taken back.
        options: Vec<String>,
        /// When.
        at: Timestamp,
    },
    /// Something happened to a group.
    #[serde(rename = "group.changed")]
    GroupChanged {
        /// Which.
        group: Address,
        /// Who did it.
        by: Actor,
        /// What.
        change: GroupChange,
        /// When.
        at: Timestamp,
    },
    /// Somebody came online, went, or is typing.
    #[serde(rename = "presence.seen")]
    PresenceSeen {
        /// The chat it shows in: a person's own, or a group.
        chat: Address,
        /// Who.
        contact: ContactIds,
        /// What they do.
        presence: Presence,
        /// When they were last online, when they say so.
        last_seen: Option<Timestamp>,
    },
    /// Something was done to a chat on one of the account's devices.
    #[serde(rename = "chat.changed")]
    ChatChanged {
        /// Which.
        chat: Address,
        /// The other person; empty for groups and channels.
        contact: ContactIds,
        /// What.
        change: ChatChange,
        /// When.
        at: Timestamp,
    },
    /// Somebody calls the account.
    #[serde(rename = "call.seen")]
    CallSeen(Call),
    /// A part of the account's history has come in.
    #[serde(rename = "history.progress")]
    HistoryProgress(HistoryProgress),
}

impl EventData {
    /// The media object an event is about.
    #[must_use]
    pub fn media(&self) -> Option<MediaId> {
        match self {
            Self::MediaSettled { media } => Some(media.id),
            Self::MessageReceived { media, .. } => media.as_ref().map(|media| media.id),
            _ => None,
        }
    }

    /// The id of what WhatsApp dates and may tell more than once: made from the session and the whole of it.
    fn own_id(&self, session: SessionKey) -> Option<EventId> {
        let at = match self {
            Self::MessageUpdated { at, .. }
            | Self::MessageDeleted { at, .. }
            | Self::MessageReaction { at, .. }
            | Self::PollVote { at, .. }
            | Self::GroupChanged { at, .. }
            | Self::ChatChanged { at, .. } => *at,
            _ => return None,
        };
        let mut hash = Sha256::new();
        hash.update(session.id.ulid().to_bytes());
        hash.update(serde_json::to_vec(self).ok()?);
        Some(EventId::from_ulid(ulid_of(at, &hash.finalize())))
    }

    /// The message that an event is about which was there before.
    #[must_use]
    pub const fn target(&self) -> Option<&Target> {
        match self {
            Self::MessageUpdated { target, .. }
            | Self::MessageDeleted { target, .. }
            | Self::MessageReaction { target, .. }
            | Self::PollVote { target, .. } => Some(target),
            _ => None,
        }
    }

    /// The event's type in the log.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SessionStatus { .. } => "session.status",
            Self::SessionLinked { .. } => "session.linked",
            Self::SessionUnlinked {} => "session.unlinked",
            Self::MessageAccepted(_) => "message.accepted",
            Self::MessageEdited(_) => "message.edited",
            Self::MessageRequeued(_) => "message.requeued",
            Self::MessageStatus { .. } => "message.status",
            Self::MessageReceipt { .. } => "message.receipt",
            Self::MessageReceived { .. } => "message.received",
            Self::MediaSettled { .. } => "media.settled",
            Self::ContactUpdated { .. } => "contact.updated",
            Self::SessionOffer(_) => "session.offer",
            Self::MessageUpdated { .. } => "message.updated",
            Self::MessageDeleted { .. } => "message.deleted",
            Self::MessageReaction { .. } => "message.reaction",
            Self::PollVote { .. } => "poll.vote",
            Self::GroupChanged { .. } => "group.changed",
            Self::PresenceSeen { .. } => "presence.seen",
            Self::ChatChanged { .. } => "chat.changed",
            Self::CallSeen(_) => "call.seen",
            Self::HistoryProgress(_) => "history.progress",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ulid;

    #[test]
    fn what_is_told_again_is_the_same_event() {
        let key = |n| SessionKey {
            workspace: WorkspaceId::from_ulid(ulid(Timestamp::from_millis(1), 1)),
            id: SessionId::from_ulid(ulid(Timestamp::from_millis(1), n)),
        };
        let reaction = |emoji: &str, at| EventData::MessageReaction {
            target: Target {
                chat: Address::pn("6281234567890"),
                contact: ContactIds::default(),
                stanza_id: "3EB0".to_owned(),
                from_me: true,
            },
            by: Actor::default(),
            emoji: Some(emoji.to_owned()),
            at: Timestamp::from_millis(at),
        };
        let id = |session, emoji, at| reaction(emoji, at).own_id(key(session)).unwrap();
        assert_eq!(id(1, "👍", 5), id(1, "👍", 5));
        for other in [id(2, "👍", 5), id(1, "❤️", 5), id(1, "👍", 6)] {
            assert_ne!(id(1, "👍", 5), other);
        }
    }

    #[test]
    fn the_type_on_the_wire_is_the_name() {
        let ulid = ulid(Timestamp::from_millis(5), 1);
        let event = Event {
            id: EventId::from_ulid(ulid),
            workspace: WorkspaceId::from_ulid(ulid),
            session: SessionId::from_ulid(ulid),
            at: Timestamp::from_millis(5),
            data: EventData::SessionUnlinked {},
        };
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["type"], event.data.name());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}
