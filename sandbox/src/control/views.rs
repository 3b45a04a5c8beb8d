//! What answers about phones and chats look like.

use serde::Serialize;
use utoipa::ToSchema;

use crate::options::AccountOptions;
use crate::phones::{Behaviour, ChatSummary, Page, PhoneSummary, Sighting, Typing};

/// A phone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PhoneView {
    /// Phone number, `+` and digits.
    number: String,
    /// LID, digits.
    lid: String,
    /// Name shown to others.
    push_name: String,
    /// False for a number that does not exist for the network.
    on_whatsapp: bool,
    /// Whether it does what phones do by default.
    default_behaviour: bool,
    #[serde(flatten)]
    behaviour: Behaviour,
    /// What was decided about its account; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) options: Option<AccountOptions>,
}

impl PhoneView {
    pub(super) fn new(phone: PhoneSummary, defaults: &Behaviour) -> Self {
        Self {
            number: format!("+{}", phone.pn),
            lid: phone.lid,
            push_name: phone.push_name,
            on_whatsapp: phone.on_whatsapp,
            default_behaviour: phone.behaviour.is_none(),
            behaviour: phone.behaviour.unwrap_or_else(|| defaults.clone()),
            options: None,
        }
    }
}

/// One page of phones.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PhoneList {
    items: Vec<PhoneView>,
    next_cursor: Option<String>,
}

impl PhoneList {
    pub(super) fn new(page: Page<PhoneSummary>, defaults: &Behaviour) -> Self {
        let items = page.items.into_iter().map(|phone| PhoneView::new(phone, defaults)).collect();
        Self { items, next_cursor: page.next }
    }
}

/// A chat of a phone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChatView {
    /// Peer's number digits, or the JID of a group.
    chat: String,
    messages: i64,
    unread: i64,
    /// RFC 3339, UTC.
    last: String,
}

impl From<ChatSummary> for ChatView {
    fn from(chat: ChatSummary) -> Self {
        Self { chat: chat.chat, messages: chat.messages, unread: chat.unread, last: rfc3339(chat.last) }
    }
}

/// A chat on the screen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OpenChatView {
    /// Peer's number digits, or the JID of a group.
    chat: String,
    /// Whether the other side is online; `null` when it was never told.
    online: Option<bool>,
    /// When it was last online, RFC 3339; `null` when it is online, or hides it.
    last_seen: Option<String>,
    /// What it types; `null` when it does not.
    typing: Option<Typing>,
}

impl OpenChatView {
    pub(super) fn new(chat: &str, seen: Sighting) -> Self {
        Self {
            chat: chat.to_owned(),
            online: seen.online,
            last_seen: seen.last_seen.map(rfc3339),
            typing: seen.typing,
        }
    }
}

/// All chats of a phone, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChatList {
    pub(super) items: Vec<ChatView>,
}

/// Unix seconds as answers show them.
pub(super) fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
