//! What is around every event.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::events::{Told, ToldData};

use super::{
    chats::{self, ChatDeleted, ChatUpdated},
    groups::{self, GroupJoined, GroupLeft, GroupParticipants, GroupUpdated},
    messages::{MessageData, MessageDeleted, MessageReaction, MessageStatus, MessageUpdated, PollVote},
    people::{CallData, ContactMerged, ContactUpdated, PresenceUpdate},
    sessions::{
        History, MediaData, Nothing, RestrictionStarted, SessionDisconnected, SessionQr, SessionStatus,
        WebhookDisabled,
    },
};

/// The version that the shapes of this crate are of.
pub const API_VERSION: &str = "v1";

/// One event. Fields are added over time; ignore those you do not know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct Envelope {
    /// Identifier, the same however often the event is told: ignore what you have seen.
    #[schema(example = "evt_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// What happened, and with it the shape of `data`.
    #[serde(rename = "type")]
    #[schema(example = "message.received")]
    kind: &'static str,
    /// The version of the shapes.
    #[schema(example = "v1")]
    api_version: &'static str,
    /// Workspace.
    #[schema(example = "ws_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    workspace: String,
    /// Session it happened to; `null` for what concerns the workspace.
    #[schema(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: Option<String>,
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    time: String,
    /// What exactly.
    data: EventDataView,
}

/// What exactly happened; the event's `type` says which of these it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = EventData)]
pub enum EventDataView {
    /// `message.received`, `message.sent`.
    Message(MessageData),
    /// `message.status`.
    MessageStatus(MessageStatus),
    /// `message.updated`.
    MessageUpdated(MessageUpdated),
    /// `message.deleted`.
    MessageDeleted(MessageDeleted),
    /// `message.reaction`.
    MessageReaction(MessageReaction),
    /// `poll.vote`.
    PollVote(PollVote),
    /// `session.status`.
    SessionStatus(SessionStatus),
    /// `session.qr`.
    SessionQr(SessionQr),
    /// `session.disconnected`.
    SessionDisconnected(SessionDisconnected),
    /// `group.joined`.
    GroupJoined(GroupJoined),
    /// `group.left`.
    GroupLeft(GroupLeft),
    /// `group.participants`.
    GroupParticipants(GroupParticipants),
    /// `group.updated`.
    GroupUpdated(GroupUpdated),
    /// `contact.updated`.
    ContactUpdated(ContactUpdated),
    /// `contact.merged`.
    ContactMerged(ContactMerged),
    /// `presence.update`.
    PresenceUpdate(PresenceUpdate),
    /// `chat.updated`.
    ChatUpdated(ChatUpdated),
    /// `chat.deleted`.
    ChatDeleted(ChatDeleted),
    /// `call.received`, `call.updated`.
    Call(CallData),
    /// `media.ready`, `media.failed`.
    Media(MediaData),
    /// `history.progress`.
    History(History),
    /// `restriction.started`.
    RestrictionStarted(RestrictionStarted),
    /// `webhook.disabled`.
    WebhookDisabled(WebhookDisabled),
    /// `session.connected`, `restriction.ended`.
    Nothing(Nothing),
}

impl From<Told> for Envelope {
    fn from(told: Told) -> Self {
        Self {
            id: told.id.to_string(),
            kind: told.data.kind().name(),
            api_version: API_VERSION,
            workspace: told.workspace.to_string(),
            session: told.session.map(|id| id.to_string()),
            time: told.at.to_string(),
            data: told.data.into(),
        }
    }
}

impl From<ToldData> for EventDataView {
    fn from(data: ToldData) -> Self {
        use ToldData as T;
        match data {
            T::SessionStatus { state, before, reason } => {
                Self::SessionStatus(SessionStatus::new(state, before, reason))
            }
            T::SessionQr(pairing) => Self::SessionQr(pairing.into()),
            T::SessionConnected {} | T::RestrictionEnded {} => Self::Nothing(Nothing {}),
            T::SessionDisconnected { state, reason } => {
                Self::SessionDisconnected(SessionDisconnected::new(state, reason))
            }
            T::MessageReceived(message) | T::MessageSent(message) => Self::Message((*message).into()),
            T::MessageStatus { message, status, failure, at } => {
                Self::MessageStatus(MessageStatus::new(message, status, failure, at))
            }
            T::MessageUpdated { message, by, content } => {
                Self::MessageUpdated(MessageUpdated::new(message, by, content))
            }
            T::MessageDeleted { message, by, for_everyone } => {
                Self::MessageDeleted(MessageDeleted::new(message, by, for_everyone))
            }
            T::MessageReaction { message, by, emoji } => {
                Self::MessageReaction(MessageReaction::new(message, by, emoji))
            }
            T::PollVote { message, by, options } => Self::PollVote(PollVote::new(message, by, options)),
            T::Group { group, by, change } => groups::shape(&group, by, change),
            T::ContactUpdated { contact } => Self::ContactUpdated(ContactUpdated::new(contact)),
            T::ContactMerged { contact, from } => {
                Self::ContactMerged(ContactMerged::new(contact, from.to_string()))
            }
            T::PresenceUpdate { chat, contact, presence, last_seen } => {
                Self::PresenceUpdate(PresenceUpdate::new(chat.to_string(), contact, presence, last_seen))
            }
            T::Chat { chat, contact, change } => chats::shape(&chat, contact, change),
            T::Call { call, contact } => Self::Call(CallData::new(call, contact)),
            T::Media(media) => Self::Media((*media).into()),
            T::HistoryProgress(progress) => Self::History(progress.into()),
            T::RestrictionStarted { reason } => Self::RestrictionStarted(RestrictionStarted::new(reason)),
            T::WebhookDisabled { webhook, url, code, message } => {
                Self::WebhookDisabled(WebhookDisabled::new(webhook, url, code, message))
            }
        }
    }
}
