//! What subscribers are told, by webhook, live or by asking.
//!
//! Made while the log is brought into the record: by then a receipt's stanza ids are messages, and what changes
//! nothing is not told. What was told once is kept as it was.

use serde::{Deserialize, Serialize};

use super::{Actor, Call, CallState, ChatChange, EventKind, GroupChange, HistoryProgress, Presence};
use crate::{
    Address, ContactId, ContactIds, EventId, MessageId, SessionId, Timestamp, WorkspaceId,
    ids::{Id, ulid},
    media::{Media, MediaState},
    messages::{Content, Failure, Message, Status},
    sessions::{Pairing, Reason, State},
};

/// One event as it is told. The same id, however often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Identifier; stable over every repetition.
    pub id: EventId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session it happened to; none for what concerns the workspace.
    pub session: Option<SessionId>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub data: ToldData,
}

/// A person in an event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContactRef {
    /// The contact on record.
    pub id: Option<ContactId>,
    /// PN and LID.
    #[serde(flatten)]
    pub ids: ContactIds,
    /// Push name, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_name: Option<String>,
}

/// A message that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// The message, when it is on record.
    pub id: Option<MessageId>,
    /// WhatsApp's id of it.
    pub stanza_id: String,
    /// The chat's address.
    pub chat: Address,
    /// The other person; empty for groups and channels.
    pub contact: ContactRef,
    /// Whether the linked account wrote it.
    pub from_me: bool,
    /// The campaign it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
}

/// What happened, complete enough to act on without asking back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "d", rename_all = "snake_case")]
pub enum ToldData {
    /// [`EventKind::SessionStatus`].
    SessionStatus {
        /// The new state.
        state: State,
        /// The one before.
        before: Option<State>,
        /// Why.
        reason: Option<Reason>,
    },
    /// [`EventKind::SessionQr`].
    SessionQr(Pairing),
    /// [`EventKind::SessionConnected`].
    SessionConnected {},
    /// [`EventKind::SessionDisconnected`].
    SessionDisconnected {
        /// The state it is in now.
        state: State,
        /// Why.
        reason: Option<Reason>,
    },
    /// [`EventKind::MessageReceived`].
    MessageReceived(Box<Message>),
    /// [`EventKind::MessageSent`].
    MessageSent(Box<Message>),
    /// [`EventKind::MessageStatus`].
    MessageStatus {
        /// Which.
        message: MessageRef,
        /// How far it has come.
        status: Status,
        /// Why it ended, when it failed.
        failure: Option<Failure>,
        /// When, as the recipient's device says.
        at: Timestamp,
    },
    /// [`EventKind::MessageUpdated`].
    MessageUpdated {
        /// Which.
        message: MessageRef,
        /// Who did it.
        by: Actor,
        /// What it carries now.
        content: Content,
    },
    /// [`EventKind::MessageDeleted`].
    MessageDeleted {
        /// Which.
        message: MessageRef,
        /// Who did it.
        by: Actor,
        /// Nobody sees it any more.
        for_everyone: bool,
    },
    /// [`EventKind::MessageReaction`].
    MessageReaction {
        /// To which.
        message: MessageRef,
        /// Who did it.
        by: Actor,
        /// The emoji; none: taken back.
        emoji: Option<String>,
    },
    /// [`EventKind::PollVote`].
    PollVote {
        /// The poll.
        message: MessageRef,
        /// Who voted.
        by: Actor,
        /// What for.
        options: Vec<String>,
    },
    /// [`EventKind::GroupJoined`], [`EventKind::GroupLeft`], [`EventKind::GroupParticipants`] or
    /// [`EventKind::GroupUpdated`], by what happened.
    Group {
        /// Which.
        group: Address,
        /// Who did it.
        by: Actor,
        /// What.
        change: GroupChange,
    },
    /// [`EventKind::ContactUpdated`].
    ContactUpdated {
        /// Who.
        contact: ContactRef,
    },
    /// [`EventKind::ContactMerged`].
    ContactMerged {
        /// Who it is.
        contact: ContactRef,
        /// The id that is not used any more.
        from: ContactId,
    },
    /// [`EventKind::PresenceUpdate`].
    PresenceUpdate {
        /// The chat it shows in.
        chat: Address,
        /// Who.
        contact: ContactRef,
        /// What they do.
        presence: Presence,
        /// When they were last online, when they say so.
        last_seen: Option<Timestamp>,
    },
    /// [`EventKind::ChatUpdated`] or [`EventKind::ChatDeleted`], by what happened.
    Chat {
        /// Which.
        chat: Address,
        /// The other person; empty for groups and channels.
        contact: ContactRef,
        /// What.
        change: ChatChange,
    },
    /// [`EventKind::CallReceived`] or [`EventKind::CallUpdated`], by where the call stands.
    Call {
        /// The call.
        call: Call,
        /// Who calls.
        contact: ContactRef,
    },
    /// [`EventKind::MediaReady`] or [`EventKind::MediaFailed`], by the object's state.
    Media(Box<Media>),
    /// [`EventKind::HistoryProgress`].
    HistoryProgress(HistoryProgress),
    /// [`EventKind::RestrictionStarted`].
    RestrictionStarted {
        /// Why, and until when.
        reason: Option<Reason>,
    },
    /// [`EventKind::RestrictionEnded`].
    RestrictionEnded {},
    /// [`EventKind::WebhookDisabled`].
    WebhookDisabled {
        /// Which.
        webhook: String,
        /// Its address.
        url: String,
        /// Stable code.
        code: String,
        /// What happened and what to do, for people.
        message: String,
    },
}

impl Told {
    /// What order holds within: the contact or address of the chat, or the session, or the workspace.
    #[must_use]
    pub fn order(&self) -> String {
        let of_chat = || self.data.chat().map(ToString::to_string);
        let of_session = || self.session.map(|session| session.to_string());
        let contact = self.data.contact().map(|contact| contact.to_string());
        contact.or_else(of_chat).or_else(of_session).unwrap_or_else(|| self.workspace.to_string())
    }

    /// The id of the `n`th event told of one entry of the log: the first carries the entry's own.
    #[must_use]
    pub fn nth_id(entry: EventId, n: usize) -> EventId {
        if n == 0 {
            return entry;
        }
        let moment = i64::try_from(entry.ulid().timestamp_ms()).unwrap_or(i64::MAX);
        // any mixing that gives other bits each time will do: an odd factor is one to one
        let bits = entry.ulid().random().wrapping_add(n as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39D);
        EventId::from_ulid(ulid(Timestamp::from_millis(moment), bits))
    }
}

impl ToldData {
    /// The type subscribers see.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        use EventKind as K;
        match self {
            Self::SessionStatus { .. } => K::SessionStatus,
            Self::SessionQr(_) => K::SessionQr,
            Self::SessionConnected {} => K::SessionConnected,
            Self::SessionDisconnected { .. } => K::SessionDisconnected,
            Self::MessageReceived(_) => K::MessageReceived,
            Self::MessageSent(_) => K::MessageSent,
            Self::MessageStatus { .. } => K::MessageStatus,
            Self::MessageUpdated { .. } => K::MessageUpdated,
            Self::MessageDeleted { .. } => K::MessageDeleted,
            Self::MessageReaction { .. } => K::MessageReaction,
            Self::PollVote { .. } => K::PollVote,
            Self::Group { change, .. } => match change {
                GroupChange::Joined { .. } => K::GroupJoined,
                GroupChange::Left {} => K::GroupLeft,
                GroupChange::Added { .. }
                | GroupChange::Removed { .. }
                | GroupChange::Promoted { .. }
                | GroupChange::Demoted { .. } => K::GroupParticipants,
                _ => K::GroupUpdated,
            },
            Self::ContactUpdated { .. } => K::ContactUpdated,
            Self::ContactMerged { .. } => K::ContactMerged,
            Self::PresenceUpdate { .. } => K::PresenceUpdate,
            Self::Chat { change, .. } => match change {
                ChatChange::Cleared {} | ChatChange::Deleted {} => K::ChatDeleted,
                _ => K::ChatUpdated,
            },
            Self::Call { call, .. } => match call.state {
                CallState::Ringing => K::CallReceived,
                _ => K::CallUpdated,
            },
            Self::Media(media) => match media.state {
                MediaState::Ready => K::MediaReady,
                _ => K::MediaFailed,
            },
            Self::HistoryProgress(_) => K::HistoryProgress,
            Self::RestrictionStarted { .. } => K::RestrictionStarted,
            Self::RestrictionEnded {} => K::RestrictionEnded,
            Self::WebhookDisabled { .. } => K::WebhookDisabled,
        }
    }

    /// The chat it belongs to, by its address: subscribers are told of one chat's events in their order.
    #[must_use]
    pub const fn chat(&self) -> Option<&Address> {
        match self {
            Self::MessageReceived(message) | Self::MessageSent(message) => Some(&message.chat),
            Self::MessageStatus { message, .. }
            | Self::MessageUpdated { message, .. }
            | Self::MessageDeleted { message, .. }
            | Self::MessageReaction { message, .. }
            | Self::PollVote { message, .. } => Some(&message.chat),
            Self::Group { group, .. } => Some(group),
            Self::PresenceUpdate { chat, .. } | Self::Chat { chat, .. } => Some(chat),
            _ => None,
        }
    }

    /// The person at the other end, when it belongs to the chat with one.
    #[must_use]
    pub const fn contact(&self) -> Option<ContactId> {
        match self {
            Self::MessageReceived(message) | Self::MessageSent(message) => message.contact_id,
            Self::MessageStatus { message, .. }
            | Self::MessageUpdated { message, .. }
            | Self::MessageDeleted { message, .. }
            | Self::MessageReaction { message, .. }
            | Self::PollVote { message, .. } => message.contact.id,
            Self::ContactUpdated { contact }
            | Self::ContactMerged { contact, .. }
            | Self::PresenceUpdate { contact, .. }
            | Self::Chat { contact, .. } => contact.id,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_entry_have_ids_of_their_own_that_stay() {
        let entry = EventId::from_ulid(ulid(Timestamp::from_millis(77), 5));
        let ids: Vec<EventId> = (0..4).map(|n| Told::nth_id(entry, n)).collect();
        assert_eq!(ids[0], entry);
        let unique: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), 4);
        assert!(ids.iter().all(|id| id.ulid().timestamp_ms() == 77));
        assert_eq!(ids[2], Told::nth_id(entry, 2));
    }
}
