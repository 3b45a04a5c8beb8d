//! What a message says, read out of its protobuf.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore::download::MediaType;
use wacore::proto_helpers::MessageExt;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

/// Kind of an attached file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Picture.
    Image,
    /// Video.
    Video,
    /// Audio file.
    Audio,
    /// Voice note (audio, push to talk).
    Voice,
    /// Any file.
    Document,
    /// Sticker (WebP).
    Sticker,
}

impl MediaKind {
    /// The key-derivation and upload class of this kind.
    pub(super) fn media_type(self) -> MediaType {
        match self {
            Self::Image => MediaType::Image,
            Self::Video => MediaType::Video,
            Self::Audio | Self::Voice => MediaType::Audio,
            Self::Document => MediaType::Document,
            Self::Sticker => MediaType::Sticker,
        }
    }

    /// Name in `kind` columns and answers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// An attached file: what users see of it, and what it takes to open it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// Kind of file.
    pub kind: MediaKind,
    /// MIME type as the sender declared it.
    pub mimetype: String,
    /// Bytes of the plain file as the sender declared it.
    pub size: u64,
    /// SHA-256 of the plain file, hexadecimal.
    pub sha256: String,
    /// File name, for documents.
    pub file_name: Option<String>,
    pub(super) key: String,
    pub(super) direct_path: String,
}

/// What one message says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) kind: String,
    pub(super) text: Option<String>,
    /// Id of the message answered, reacted to, edited or revoked.
    pub(super) quoted: Option<String>,
    pub(super) mentions: Vec<String>,
    pub(super) media: Option<Media>,
}

impl Content {
    /// Placeholder of a message that could not be decrypted.
    pub(super) fn undecryptable() -> Self {
        Self { kind: "undecryptable".to_owned(), ..Self::default() }
    }

    /// Stored form of the attached file.
    pub(super) fn media_column(&self) -> serde_json::Result<Option<String>> {
        self.media.as_ref().map(serde_json::to_string).transpose()
    }

    /// Reads a message; `None` for protocol traffic that is not shown in a chat.
    pub(super) fn of(message: &wa::Message) -> Option<Self> {
        let message = message.get_base_message();
        if let Some(protocol) = message.protocol_message.as_option() {
            return Self::of_protocol(protocol);
        }
        if let Some(reaction) = message.reaction_message.as_option() {
            return Some(Self {
                kind: "reaction".to_owned(),
                text: reaction.text.clone(),
                quoted: reaction.key.as_option().and_then(|key| key.id.clone()),
                ..Self::default()
            });
        }
        let media = media_of(message);
        let context = context_of(message);
        let kind = media.as_ref().map_or_else(|| kind_of(message), |media| media.kind.name());
        Some(Self {
            kind: kind.to_owned(),
            text: message.text_content().or_else(|| message.get_caption()).map(ToOwned::to_owned),
            quoted: context.and_then(|context| context.stanza_id.clone()),
            mentions: context.map(|context| context.mentioned_jid.clone()).unwrap_or_default(),
            media,
        })
    }

    fn of_protocol(protocol: &wa::message::ProtocolMessage) -> Option<Self> {
        let target = protocol.key.as_option().and_then(|key| key.id.clone());
        match protocol.r#type? {
            ProtocolType::REVOKE => {
                Some(Self { kind: "revoke".to_owned(), quoted: target, ..Self::default() })
            }
            ProtocolType::MESSAGE_EDIT => {
                let edited = Self::of(protocol.edited_message.as_option()?)?;
                Some(Self { kind: "edit".to_owned(), quoted: target, ..edited })
            }
            _ => None,
        }
    }
}

/// Name of the kind of a message without a file.
fn kind_of(message: &wa::Message) -> &'static str {
    if message.text_content().is_some() {
        "text"
    } else if message.location_message.is_set() || message.live_location_message.is_set() {
        "location"
    } else if message.contact_message.is_set() || message.contacts_array_message.is_set() {
        "contact"
    } else if message.poll_creation_message.is_set()
        || message.poll_creation_message_v2.is_set()
        || message.poll_creation_message_v3.is_set()
    {
        "poll"
    } else if message.poll_update_message.is_set() {
        "poll_vote"
    } else if message.event_message.is_set() {
        "event"
    } else {
        "other"
    }
}

/// The context (quote, mentions) of a message.
fn context_of(message: &wa::Message) -> Option<&wa::ContextInfo> {
    macro_rules! first_context {
        ($($field:ident),+) => {
            $(if let Some(part) = message.$field.as_option() {
                return part.context_info.as_option();
            })+
        };
    }
    first_context!(
        extended_text_message,
        image_message,
        video_message,
        audio_message,
        document_message,
        sticker_message,
        location_message,
        contact_message
    );
    None
}

/// The attached file of a message.
fn media_of(message: &wa::Message) -> Option<Media> {
    macro_rules! media {
        ($part:expr, $kind:expr, $name:expr) => {
            Some(Media {
                kind: $kind,
                mimetype: $part.mimetype.clone().unwrap_or_default(),
                size: $part.file_length.unwrap_or_default(),
                sha256: hex::encode($part.file_sha256.as_deref().unwrap_or_default()),
                file_name: $name,
                key: hex::encode($part.media_key.as_deref().unwrap_or_default()),
                direct_path: $part.direct_path.clone().unwrap_or_default(),
            })
        };
    }
    if let Some(part) = message.image_message.as_option() {
        media!(part, MediaKind::Image, None)
    } else if let Some(part) = message.video_message.as_option() {
        media!(part, MediaKind::Video, None)
    } else if let Some(part) = message.audio_message.as_option() {
        media!(part, if part.ptt == Some(true) { MediaKind::Voice } else { MediaKind::Audio }, None)
    } else if let Some(part) = message.document_message.as_option() {
        media!(part, MediaKind::Document, part.file_name.clone())
    } else if let Some(part) = message.sticker_message.as_option() {
        media!(part, MediaKind::Sticker, None)
    } else {
        None
    }
}
