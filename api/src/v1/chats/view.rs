//! A chat as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{
    Timestamp,
    chats::{Chat, Muted},
    messages::Message,
};
use wagate_views::message::{MessageView, example as message_example};

/// A conversation with a person, a group or a channel, as one session has it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chat)]
pub(crate) struct ChatView {
    /// Session that has it.
    #[schema(example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    session: String,
    /// Its address.
    #[schema(example = "6281234567890@s.whatsapp.net")]
    chat: String,
    /// The other person; empty for groups and channels.
    contact: ChatContactView,
    /// The group's subject, or the push name of the person, as far as known.
    #[schema(example = "Ayu")]
    name: Option<String>,
    /// Messages that came in and have not been read.
    #[schema(example = 2)]
    unread: u64,
    /// Whether somebody marked it as unread on a phone.
    marked_unread: bool,
    /// Whether it is in the archive.
    archived: bool,
    /// Whether it is pinned.
    pinned: bool,
    /// Whether it is muted.
    muted: bool,
    /// When muting ends by itself (RFC 3339, UTC); `null`: never.
    #[schema(format = DateTime)]
    muted_until: Option<String>,
    /// Whether the linked account has left the group.
    left: bool,
    /// The last message on record: the last that came in, or that WhatsApp took.
    last_message: Option<MessageView>,
    /// Its place in lists: when the last message was accepted (out) or written (in).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    at: String,
}

/// The person at the other end of a chat, as far as known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatContact)]
pub(crate) struct ChatContactView {
    /// Stable id of the person.
    #[schema(example = "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: Option<String>,
    /// Phone number, digits.
    #[schema(example = "6281234567890")]
    pn: Option<String>,
    /// LID, digits.
    #[schema(example = "123456789012345")]
    lid: Option<String>,
}

impl ChatView {
    /// A chat and its last message, at this moment.
    pub(super) fn new(now: Timestamp, (chat, last): (Chat, Option<Message>)) -> Self {
        let Chat {
            workspace: _,
            session,
            key: _,
            address,
            contact,
            contact_id,
            name,
            at,
            last_message: _,
            unread,
            marked_unread,
            archived,
            pinned,
            muted,
            left,
        } = chat;
        let muted = muted.filter(|muted| muted.until.is_none_or(|until| until > now));
        Self {
            session: session.to_string(),
            chat: address.to_string(),
            contact: ChatContactView {
                id: contact_id.map(|id| id.to_string()),
                pn: contact.pn,
                lid: contact.lid,
            },
            name,
            unread,
            marked_unread,
            archived,
            pinned,
            muted: muted.is_some(),
            muted_until: muted.and_then(|Muted { until }| until).map(|until| until.to_string()),
            left,
            last_message: last.map(MessageView::from),
            at: at.to_string(),
        }
    }
}

/// The example of a chat in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "session": "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "chat": "6281234567890@s.whatsapp.net",
        "contact": { "id": "ctc_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "pn": "6281234567890", "lid": "123456789012345" },
        "name": "Ayu",
        "unread": 2,
        "marked_unread": false,
        "archived": false,
        "pinned": false,
        "muted": false,
        "muted_until": null,
        "left": false,
        "last_message": message_example(),
        "at": "2026-01-01T00:00:00.000Z"
    })
}
