//! Events about chats.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{
    Address,
    events::{ChatChange, ContactRef},
};

use super::{envelope::EventDataView, people::PersonView};

/// Data of `chat.updated`: what changed, and only that.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatUpdatedEvent)]
pub struct ChatUpdated {
    /// The chat's address.
    #[schema(example = "6281234567890@s.whatsapp.net")]
    chat: String,
    /// The other person; empty for groups and channels.
    contact: PersonView,
    /// Whether it is in the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<bool>,
    /// Whether it is pinned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    /// Whether it is muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<bool>,
    /// When the muting ends by itself (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    muted_until: Option<String>,
    /// Whether it counts as read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<bool>,
}

/// Data of `chat.deleted`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChatDeletedEvent)]
pub struct ChatDeleted {
    /// The chat's address.
    chat: String,
    /// The other person; empty for groups and channels.
    contact: PersonView,
    /// It was emptied, but is still there.
    emptied: bool,
}

/// The shape that fits what happened.
pub(super) fn shape(chat: &Address, contact: ContactRef, change: ChatChange) -> EventDataView {
    let (chat, contact) = (chat.to_string(), PersonView::new(contact));
    if let ChatChange::Cleared {} | ChatChange::Deleted {} = change {
        let emptied = change == ChatChange::Cleared {};
        return EventDataView::ChatDeleted(ChatDeleted { chat, contact, emptied });
    }
    let mut updated = ChatUpdated {
        chat,
        contact,
        archived: None,
        pinned: None,
        muted: None,
        muted_until: None,
        read: None,
    };
    match change {
        ChatChange::Archived { on } => updated.archived = Some(on),
        ChatChange::Pinned { on } => updated.pinned = Some(on),
        ChatChange::Muted { on, until } => {
            updated.muted = Some(on);
            updated.muted_until = until.map(|until| until.to_string());
        }
        ChatChange::Read { on } => updated.read = Some(on),
        ChatChange::Cleared {} | ChatChange::Deleted {} => {}
    }
    EventDataView::ChatUpdated(updated)
}
