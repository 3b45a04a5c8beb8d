//! A message as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{
    ContactIds,
    messages::{Direction, Message, Outlook, Quote},
};

use crate::{
    content::ContentView,
    progress::{FailureView, MessageStatus, TimesView},
    waiting::Waiting,
};

/// A message, in or out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageView {
    /// Identifier.
    #[schema(example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Session it went through.
    #[schema(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: String,
    /// In or out.
    direction: MessageDirection,
    /// The chat's address as it was given (out) or as it came (in).
    #[schema(example = "6281234567890@s.whatsapp.net")]
    chat: String,
    /// The other person; empty for groups and channels.
    contact: ContactView,
    /// Who wrote it, in groups and channels (inbound only).
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<SenderView>,
    /// Push name the sender showed (inbound only).
    #[serde(skip_serializing_if = "Option::is_none")]
    push_name: Option<String>,
    /// `text`, `image`, `video`, `audio`, `voice`, `document`, `sticker` or `other`.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    kind: &'static str,
    /// What it carries, in the object named by `type`.
    #[serde(flatten)]
    content: ContentView,
    /// The message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    quote: Option<QuoteView>,
    /// JIDs of the people it mentions.
    mentions: Vec<String>,
    /// How far it has come.
    status: MessageStatus,
    /// Why it ended, when it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureView>,
    /// When each step happened.
    times: TimesView,
    /// Whether it came in while the session was offline (inbound only).
    offline: bool,
    /// WhatsApp's id of the message, the same on every retry.
    #[schema(example = "3EB0C431C26A1916E07A17")]
    stanza_id: String,
    /// The moment it waits or waited for (outbound only; RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// The campaign it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "xmas-2026")]
    campaign: Option<String>,
    /// After this moment it is not sent any more (outbound only; RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Where it stands in the queue, while it waits (`GET /messages/{id}` only).
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<Waiting>,
    /// Its place in lists: when it was accepted (out) or written by its sender (in).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    at: String,
}

/// Which way a message went.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageDirection {
    /// From the linked account.
    Out,
    /// To the linked account.
    In,
}

/// The person at the other end, as far as known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageContact)]
pub struct ContactView {
    /// Stable id of the person; survives the moment a LID is learned.
    #[schema(example = "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: Option<String>,
    /// Phone number, digits.
    #[schema(example = "6281234567890")]
    pn: Option<String>,
    /// LID, digits.
    #[schema(example = "123456789012345")]
    lid: Option<String>,
}

/// Who wrote a message of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageSender)]
pub(crate) struct SenderView {
    /// Phone number, digits.
    pn: Option<String>,
    /// LID, digits.
    lid: Option<String>,
}

impl From<ContactIds> for SenderView {
    fn from(ids: ContactIds) -> Self {
        Self { pn: ids.pn, lid: ids.lid }
    }
}

/// The message a message answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageQuote)]
pub struct QuoteView {
    /// Its id, when it is on record.
    id: Option<String>,
    /// WhatsApp's id of it.
    stanza_id: String,
    /// Whether the linked account wrote it.
    from_me: bool,
    /// JID of who wrote it, when it was not the linked account.
    author: Option<String>,
    /// Its text.
    text: Option<String>,
}

impl From<Quote> for QuoteView {
    fn from(quote: Quote) -> Self {
        Self {
            id: quote.message.map(|id| id.to_string()),
            stanza_id: quote.stanza_id,
            from_me: quote.from_me,
            author: quote.author.map(|author| author.to_string()),
            text: quote.text,
        }
    }
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        let kind = message.content.type_name();
        Self {
            id: message.id.to_string(),
            session: message.session.to_string(),
            direction: match message.direction {
                Direction::Out => MessageDirection::Out,
                Direction::In => MessageDirection::In,
            },
            chat: message.chat.to_string(),
            contact: ContactView {
                id: message.contact_id.map(|id| id.to_string()),
                pn: message.contact.pn,
                lid: message.contact.lid,
            },
            sender: message.sender.map(SenderView::from),
            push_name: message.push_name,
            kind,
            content: message.content.into(),
            quote: message.quote.map(QuoteView::from),
            mentions: message.mentions.iter().map(ToString::to_string).collect(),
            status: message.status.into(),
            failure: message.failure.map(FailureView::from),
            times: message.times.into(),
            offline: message.offline,
            stanza_id: message.stanza_id,
            send_at: message.send_at.map(|at| at.to_string()),
            campaign: message.campaign,
            expires_at: message.expires_at.map(|at| at.to_string()),
            waiting: None,
            at: message.at.to_string(),
        }
    }
}

impl MessageView {
    /// The message with its place in the queue.
    #[must_use]
    pub fn standing(mut self, outlook: Option<Outlook>) -> Self {
        self.waiting = outlook.map(Waiting::from);
        self
    }
}

/// The example of a message in the documentation.
#[must_use]
pub fn example() -> serde_json::Value {
    json!({
        "id": "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "session": "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "direction": "out",
        "chat": "6281234567890@s.whatsapp.net",
        "contact": { "id": "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "pn": "6281234567890", "lid": "123456789012345" },
        "type": "text",
        "text": { "body": "Hello!" },
        "mentions": [],
        "status": "delivered",
        "times": {
            "accepted": "2026-01-01T00:00:00.000Z",
            "sending": "2026-01-01T00:00:00.012Z",
            "sent": "2026-01-01T00:00:00.180Z",
            "delivered": "2026-01-01T00:00:00.950Z"
        },
        "offline": false,
        "stanza_id": "3EB0C431C26A1916E07A17",
        "expires_at": "2026-01-02T00:00:00.000Z",
        "at": "2026-01-01T00:00:00.000Z"
    })
}
