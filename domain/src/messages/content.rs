//! What a message carries.

use serde::{Deserialize, Serialize};

use crate::{Address, MediaId};

/// The kinds of media a message can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture shown in the chat.
    Image,
    /// A video shown in the chat.
    Video,
    /// An audio file with a player.
    Audio,
    /// A voice note (Opus in Ogg).
    Voice,
    /// Any file.
    Document,
    /// A sticker (WebP); inbound only for now.
    Sticker,
}

impl MediaKind {
    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }

    /// Whether WhatsApp shows a file of this MIME type as this kind.
    #[must_use]
    pub fn accepts(self, mime: &str) -> bool {
        let essence = mime.split(';').next().unwrap_or(mime).trim();
        match self {
            Self::Image => matches!(essence, "image/jpeg" | "image/png" | "image/webp" | "image/gif"),
            Self::Video => matches!(essence, "video/mp4" | "video/3gpp" | "video/quicktime" | "video/webm"),
            Self::Audio => essence.starts_with("audio/"),
            Self::Voice => matches!(essence, "audio/ogg" | "audio/opus" | "application/ogg"),
            Self::Document => true,
            Self::Sticker => essence == "image/webp",
        }
    }

    /// What to send as this kind, for error texts.
    #[must_use]
    pub const fn accepted(self) -> &'static str {
        match self {
            Self::Image => "image/jpeg, image/png, image/webp or image/gif",
            Self::Video => "video/mp4, video/3gpp, video/quicktime or video/webm",
            Self::Audio => "an audio/* type",
            Self::Voice => "audio/ogg with Opus",
            Self::Document => "any type",
            Self::Sticker => "image/webp",
        }
    }

    /// Largest file of this kind in bytes, after WhatsApp's own limits.
    #[must_use]
    pub const fn max_bytes(self) -> u64 {
        const MIB: u64 = 1024 * 1024;
        match self {
            Self::Image | Self::Sticker => 16 * MIB,
            Self::Video | Self::Audio | Self::Voice => 64 * MIB,
            Self::Document => 2048 * MIB,
        }
    }
}

/// What a message carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Text.
    Text {
        /// The text, at most [`super::MAX_TEXT`] characters when sent.
        body: String,
    },
    /// A media object.
    Media {
        /// How it is shown.
        kind: MediaKind,
        /// The object; staged (out) or fetched (in).
        media: MediaId,
        /// MIME type.
        mime: String,
        /// Size in bytes of the plain file.
        size: u64,
        /// Text below it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
        /// Name of the file (documents).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
        /// Length in seconds (audio, video), when known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u32>,
    },
    /// Something this version does not model; kept so that nothing is lost silently.
    Other {
        /// WhatsApp's name of the message type.
        what: String,
    },
}

/// The message a message answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// WhatsApp's id of the quoted message.
    pub stanza_id: String,
    /// Our id of it, when it is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<crate::MessageId>,
    /// Whether the linked account wrote it.
    pub from_me: bool,
    /// Who wrote it, when it was not the linked account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Address>,
    /// Its text, as clients show it above the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Content {
    /// The text a person sees: body or caption.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { body } => Some(body),
            Self::Media { caption, .. } => caption.as_deref(),
            Self::Other { .. } => None,
        }
    }

    /// What it carries after an edit: another text, or another caption under the same file.
    #[must_use]
    pub fn edited(self, new: &Self) -> Self {
        match self {
            Self::Media { kind, media, mime, size, file_name, seconds, .. } => {
                let caption = new.text().map(str::to_owned);
                Self::Media { kind, media, mime, size, caption, file_name, seconds }
            }
            Self::Text { .. } | Self::Other { .. } => new.clone(),
        }
    }

    /// The type's name on the wire: `text`, a media kind, or `other`.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media { kind, .. } => kind.name(),
            Self::Other { .. } => "other",
        }
    }
}
