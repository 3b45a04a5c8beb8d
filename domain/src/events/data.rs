//! What happened, as the event log keeps it.

use serde::{Deserialize, Serialize};

use super::{Actor, Call, ChatChange, GroupChange, HistoryProgress, Presence, Target};
use crate::{
    Address, ContactIds, MediaId, MessageId, Timestamp,
    media::Media,
    messages::{Content, Failure, Message, Status},
    sessions::{Pairing, Reason, State},
};

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
