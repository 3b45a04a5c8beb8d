//! Events about messages.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{
    Timestamp,
    events::{Actor, MessageRef},
    messages::{Content, Failure, Message, Status},
};

use super::people::{ActorView, PersonView};
use crate::{ContentView, FailureView, MessageStatus as StatusView, message::MessageView};

/// Data of `message.received` and `message.sent`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageEvent)]
pub struct MessageData {
    /// The message, as `GET /messages/{id}` shows it.
    message: MessageView,
}

/// The message an event is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventMessage)]
pub(super) struct MessageRefView {
    /// The message; `null` when it is not on record.
    #[schema(example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: Option<String>,
    /// WhatsApp's id of it.
    #[schema(example = "3EB0C431C26A1916E07A17")]
    stanza_id: String,
    /// The chat's address.
    #[schema(example = "6281234567890@s.whatsapp.net")]
    chat: String,
    /// The other person; empty for groups and channels.
    contact: PersonView,
    /// Whether the linked account wrote it.
    from_me: bool,
    /// The campaign it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
}

/// Data of `message.status`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageStatusEvent)]
pub struct MessageStatus {
    /// Which message.
    message: MessageRefView,
    /// `delivered`, `read`, `played`, `failed`, `expired` or `cancelled`.
    status: StatusView,
    /// Why it ended, when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureView>,
    /// When, as the recipient's device says (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
}

/// Data of `message.updated`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageUpdatedEvent)]
pub struct MessageUpdated {
    /// Which message.
    message: MessageRefView,
    /// Who edited it.
    by: ActorView,
    /// Its type: `text`, `image` …
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: &'static str,
    /// What it carries now, in the object named by `type`.
    #[serde(flatten)]
    content: ContentView,
}

/// Data of `message.deleted`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageDeletedEvent)]
pub struct MessageDeleted {
    /// Which message.
    message: MessageRefView,
    /// Who deleted it.
    by: ActorView,
    /// Nobody sees it any more; otherwise it is gone from the account's own devices only.
    for_everyone: bool,
}

/// Data of `message.reaction`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageReactionEvent)]
pub struct MessageReaction {
    /// The message reacted to.
    message: MessageRefView,
    /// Who reacted.
    by: ActorView,
    /// The emoji; `null`: the reaction was taken back.
    #[schema(example = "👍")]
    emoji: Option<String>,
}

/// Data of `poll.vote`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PollVoteEvent)]
pub struct PollVote {
    /// The poll.
    message: MessageRefView,
    /// Who voted.
    by: ActorView,
    /// Everything they vote for now, by the options' texts; empty: the vote was taken back.
    options: Vec<String>,
}

impl From<Message> for MessageData {
    fn from(message: Message) -> Self {
        Self { message: message.into() }
    }
}

impl From<MessageRef> for MessageRefView {
    fn from(message: MessageRef) -> Self {
        Self {
            id: message.id.map(|id| id.to_string()),
            stanza_id: message.stanza_id,
            chat: message.chat.to_string(),
            contact: PersonView::new(message.contact),
            from_me: message.from_me,
            campaign: message.campaign,
        }
    }
}

impl MessageStatus {
    pub(super) fn new(message: MessageRef, status: Status, failure: Option<Failure>, at: Timestamp) -> Self {
        Self {
            message: message.into(),
            status: status.into(),
            failure: failure.map(Into::into),
            at: at.to_string(),
        }
    }
}

impl MessageUpdated {
    pub(super) fn new(message: MessageRef, by: Actor, content: Content) -> Self {
        let kind = content.type_name();
        Self { message: message.into(), by: by.into(), kind, content: content.into() }
    }
}

impl MessageDeleted {
    pub(super) fn new(message: MessageRef, by: Actor, for_everyone: bool) -> Self {
        Self { message: message.into(), by: by.into(), for_everyone }
    }
}

impl MessageReaction {
    pub(super) fn new(message: MessageRef, by: Actor, emoji: Option<String>) -> Self {
        Self { message: message.into(), by: by.into(), emoji }
    }
}

impl PollVote {
    pub(super) fn new(message: MessageRef, by: Actor, options: Vec<String>) -> Self {
        Self { message: message.into(), by: by.into(), options }
    }
}
