//! What answers about messages look like.

use serde::Serialize;
use utoipa::ToSchema;

use super::views::rfc3339;
use crate::phones::{Acts, Body, Direction, Media, MediaKind, Page, SeenBy, Status, StoredMessage, Traits};

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
    /// Length of audio and video, where the sender gave one.
    seconds: Option<u32>,
}

impl From<Media> for MediaView {
    fn from(media: Media) -> Self {
        Self {
            kind: media.kind,
            mimetype: media.mimetype,
            size: media.size,
            sha256: media.sha256,
            file_name: media.file_name,
            seconds: media.seconds,
        }
    }
}

/// A message as the phone has it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MessageView {
    id: String,
    /// Order in which the phones of this network saw their messages.
    seq: i64,
    /// Peer's number digits, or the JID of a group.
    chat: String,
    /// Place in the chat, from 1 and without gaps.
    position: i64,
    direction: Direction,
    /// Author; in a group, the member who wrote it.
    from: Party,
    to: Party,
    /// `text`; the kind of `media`; the name of `content`; `undecryptable`.
    r#type: String,
    /// Text or caption, as it was last edited; `null` when it was revoked.
    text: Option<String>,
    /// Message that this one answers, reacts to, edits or revokes.
    quoted_id: Option<String>,
    /// Mentioned JIDs.
    mentions: Vec<String>,
    media: Option<MediaView>,
    /// What it says beyond text and file; with one key, which is the `type`.
    content: Option<Body>,
    #[serde(flatten)]
    traits: Traits,
    #[serde(flatten)]
    acts: Acts,
    /// RFC 3339, UTC.
    time: String,
    status: Status,
    /// The network's refusal code of a failed send.
    error: Option<i64>,
    /// Stanzas with this id beyond the first one shown.
    duplicates: i64,
    /// True while no stanza of this message could be decrypted.
    undecryptable: bool,
    /// Stanzas of this message that could not be decrypted.
    retries: i64,
}

impl From<StoredMessage> for MessageView {
    fn from(message: StoredMessage) -> Self {
        let party = |(pn, lid)| Party { pn, lid };
        let target = message.body.as_ref().and_then(Body::target).map(ToOwned::to_owned);
        Self {
            id: message.id,
            seq: message.seq,
            chat: message.chat,
            position: message.position,
            direction: message.direction,
            from: party(message.from),
            to: party(message.to),
            r#type: message.kind,
            text: message.text,
            quoted_id: message.quoted.or(target),
            mentions: message.mentions,
            media: message.media.map(MediaView::from),
            content: message.body,
            traits: message.traits,
            acts: message.acts,
            time: rfc3339(message.time),
            status: message.status,
            error: message.error,
            duplicates: message.duplicates,
            undecryptable: message.undecryptable,
            retries: message.retries,
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

/// What one device of a recipient has told about a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceiptView {
    /// Number of the recipient, digits.
    number: String,
    /// Its device; 0 is the phone.
    device: u16,
    status: Status,
    /// RFC 3339, UTC: when it said so first.
    time: String,
    /// How often it said so.
    times: i64,
}

impl From<SeenBy> for ReceiptView {
    fn from(seen: SeenBy) -> Self {
        let SeenBy { number, device, status, time, times } = seen;
        Self { number, device, status, time: rfc3339(time), times }
    }
}

/// Receipts for one message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceiptList {
    pub(super) items: Vec<ReceiptView>,
}
