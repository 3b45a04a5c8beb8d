//! What answers look like.

use serde::Serialize;
use utoipa::ToSchema;

use crate::options::AccountOptions;
use crate::phones::{
    ChatSummary, Direction, Media, MediaKind, Page, PhoneSummary, ReadBehaviour, Script, Sighting, Status,
    StoredMessage, Typing,
};

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
    /// True when it acknowledges messages without opening them.
    sink: bool,
    /// When the phone reads by itself.
    read: ReadBehaviour,
    /// What the phone answers by itself.
    script: Script,
    /// What was decided about its account; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) options: Option<AccountOptions>,
}

impl From<PhoneSummary> for PhoneView {
    fn from(phone: PhoneSummary) -> Self {
        Self {
            number: format!("+{}", phone.pn),
            lid: phone.lid,
            push_name: phone.push_name,
            on_whatsapp: phone.on_whatsapp,
            sink: phone.sink,
            read: phone.read,
            script: phone.script,
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

impl From<Page<PhoneSummary>> for PhoneList {
    fn from(page: Page<PhoneSummary>) -> Self {
        Self { items: page.items.into_iter().map(PhoneView::from).collect(), next_cursor: page.next }
    }
}

/// One side of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Party {
    /// Phone number digits; the JID of a group.
    pn: String,
    /// LID digits, when known.
    lid: Option<String>,
}

/// An attached file; fetch it from `…/messages/{id}/media`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MediaView {
    kind: MediaKind,
    mimetype: String,
    /// Bytes, as declared by the sender.
    size: u64,
    /// SHA-256 of the plain file, hexadecimal.
    sha256: String,
    file_name: Option<String>,
}

impl From<Media> for MediaView {
    fn from(media: Media) -> Self {
        Self {
            kind: media.kind,
            mimetype: media.mimetype,
            size: media.size,
            sha256: media.sha256,
            file_name: media.file_name,
        }
    }
}

/// A message as the phone has it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageView {
    id: String,
    /// Peer's number digits, or the JID of a group.
    chat: String,
    direction: Direction,
    from: Party,
    to: Party,
    /// `text`, `image`, `video`, `audio`, `voice`, `document`, `sticker`, `reaction`, `edit`,
    /// `revoke`, `location`, `contact`, `poll`, `poll_vote`, `event`, `undecryptable` or `other`.
    r#type: String,
    /// Text or caption.
    text: Option<String>,
    /// Message that this one answers, reacts to, edits or revokes.
    quoted_id: Option<String>,
    /// Mentioned JIDs.
    mentions: Vec<String>,
    media: Option<MediaView>,
    /// RFC 3339, UTC.
    time: String,
    status: Status,
    /// The network's refusal code of a failed send.
    error: Option<i64>,
    /// Stanzas with this id beyond the first one shown.
    duplicates: i64,
    /// True while no stanza of this message could be decrypted.
    undecryptable: bool,
}

impl From<StoredMessage> for MessageView {
    fn from(message: StoredMessage) -> Self {
        let party = |(pn, lid)| Party { pn, lid };
        Self {
            id: message.id,
            chat: message.chat,
            direction: message.direction,
            from: party(message.from),
            to: party(message.to),
            r#type: message.kind,
            text: message.text,
            quoted_id: message.quoted,
            mentions: message.mentions,
            media: message.media.map(MediaView::from),
            time: rfc3339(message.time),
            status: message.status,
            error: message.error,
            duplicates: message.duplicates,
            undecryptable: message.undecryptable,
        }
    }
}

/// One page of messages, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageList {
    items: Vec<MessageView>,
    next_cursor: Option<String>,
}

impl From<Page<StoredMessage>> for MessageList {
    fn from(page: Page<StoredMessage>) -> Self {
        Self { items: page.items.into_iter().map(MessageView::from).collect(), next_cursor: page.next }
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
