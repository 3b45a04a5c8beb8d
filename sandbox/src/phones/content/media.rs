//! Attached files.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore::download::MediaType;
use waproto::whatsapp as wa;
use waproto::whatsapp::__buffa::oneof::message::buttons_message::Header as ButtonsHeader;
use waproto::whatsapp::__buffa::oneof::message::interactive_message::header::Media as FlowHeader;
use waproto::whatsapp::__buffa::oneof::message::template_message::hydrated_four_row_template::Title;

/// Kind of an attached file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Picture.
    Image,
    /// Video.
    Video,
    /// Video that plays by itself in a loop.
    Gif,
    /// Round video message.
    VideoNote,
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
    pub(in super::super) fn media_type(self) -> MediaType {
        match self {
            Self::Image => MediaType::Image,
            Self::Video | Self::Gif | Self::VideoNote => MediaType::Video,
            Self::Audio | Self::Voice => MediaType::Audio,
            Self::Document => MediaType::Document,
            Self::Sticker => MediaType::Sticker,
        }
    }

    /// Name in `kind` columns and answers.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Gif => "gif",
            Self::VideoNote => "video_note",
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
    /// Length of audio and video in seconds.
    #[serde(default)]
    pub seconds: Option<u32>,
    pub(in super::super) key: String,
    pub(in super::super) direct_path: String,
}

macro_rules! media {
    ($part:expr, $kind:expr, $name:expr, $seconds:expr) => {
        Media {
            kind: $kind,
            mimetype: $part.mimetype.clone().unwrap_or_default(),
            size: $part.file_length.unwrap_or_default(),
            sha256: hex::encode($part.file_sha256.as_deref().unwrap_or_default()),
            file_name: $name,
            seconds: $seconds,
            key: hex::encode($part.media_key.as_deref().unwrap_or_default()),
            direct_path: $part.direct_path.clone().unwrap_or_default(),
        }
    };
}

impl Media {
    /// The file of an unwrapped message, or the one in the header of a menu.
    pub(super) fn read(message: &wa::Message) -> Option<Self> {
        let ptv =
            |video: &wa::message::VideoMessage| media!(video, MediaKind::VideoNote, None, video.seconds);
        let own = message.image_message.as_option().map(Self::image);
        own.or_else(|| message.video_message.as_option().map(Self::video))
            .or_else(|| message.ptv_message.as_option().map(ptv))
            .or_else(|| message.audio_message.as_option().map(Self::audio))
            .or_else(|| message.document_message.as_option().map(Self::document))
            .or_else(|| message.sticker_message.as_option().map(Self::sticker))
    }

    /// The file in the header of buttons, a template or an interactive message.
    pub(super) fn of_header(message: &wa::Message) -> Option<Self> {
        match message.buttons_message.header.as_ref() {
            Some(ButtonsHeader::ImageMessage(part)) => return Some(Self::image(part)),
            Some(ButtonsHeader::VideoMessage(part)) => return Some(Self::video(part)),
            Some(ButtonsHeader::DocumentMessage(part)) => return Some(Self::document(part)),
            _ => {}
        }
        match message.template_message.hydrated_template.title.as_ref() {
            Some(Title::ImageMessage(part)) => return Some(Self::image(part)),
            Some(Title::VideoMessage(part)) => return Some(Self::video(part)),
            Some(Title::DocumentMessage(part)) => return Some(Self::document(part)),
            _ => {}
        }
        match message.interactive_message.header.media.as_ref() {
            Some(FlowHeader::ImageMessage(part)) => Some(Self::image(part)),
            Some(FlowHeader::VideoMessage(part)) => Some(Self::video(part)),
            Some(FlowHeader::DocumentMessage(part)) => Some(Self::document(part)),
            _ => None,
        }
    }

    fn image(part: &wa::message::ImageMessage) -> Self {
        media!(part, MediaKind::Image, None, None)
    }

    fn video(part: &wa::message::VideoMessage) -> Self {
        let kind = if part.gif_playback == Some(true) { MediaKind::Gif } else { MediaKind::Video };
        media!(part, kind, None, part.seconds)
    }

    fn audio(part: &wa::message::AudioMessage) -> Self {
        let kind = if part.ptt == Some(true) { MediaKind::Voice } else { MediaKind::Audio };
        media!(part, kind, None, part.seconds)
    }

    fn document(part: &wa::message::DocumentMessage) -> Self {
        media!(part, MediaKind::Document, part.file_name.clone(), None)
    }

    fn sticker(part: &wa::message::StickerMessage) -> Self {
        media!(part, MediaKind::Sticker, None, None)
    }
}
