//! What a message carries, as it is shown: an object named by the message's type.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::messages::{Content, MediaKind};

/// What a message carries: the one member that its `type` names.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = MessageContent)]
pub struct ContentView {
    /// For type `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextView>,
    /// For type `image`.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<FileView>,
    /// For type `video`.
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<FileView>,
    /// For type `audio`.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<FileView>,
    /// For type `voice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<FileView>,
    /// For type `document`.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<FileView>,
    /// For type `sticker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sticker: Option<FileView>,
    /// For type `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<OtherView>,
}

/// Text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageText)]
pub(crate) struct TextView {
    /// The text.
    #[schema(example = "Hello!")]
    body: String,
}

/// The file of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageMedia)]
pub(crate) struct FileView {
    /// The media object; get it with `GET /media/{id}`.
    #[schema(example = "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// MIME type.
    #[schema(example = "image/jpeg")]
    mimetype: String,
    /// Size in bytes.
    #[schema(example = 48213)]
    size: u64,
    /// Text below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    /// Name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
    /// Length in seconds (audio, video), when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<u32>,
}

/// Something this version does not model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageOther)]
pub(crate) struct OtherView {
    /// WhatsApp's name of the message's type.
    #[schema(example = "pollCreationMessage")]
    what: String,
}

impl From<Content> for ContentView {
    fn from(content: Content) -> Self {
        let none = Self::default();
        let (kind, file) = match content {
            Content::Text { body } => return Self { text: Some(TextView { body }), ..none },
            Content::Other { what } => return Self { other: Some(OtherView { what }), ..none },
            Content::Media { kind, media, mime, size, caption, file_name, seconds } => {
                let id = media.to_string();
                (kind, FileView { id, mimetype: mime, size, caption, file_name, seconds })
            }
        };
        match kind {
            MediaKind::Image => Self { image: Some(file), ..none },
            MediaKind::Video => Self { video: Some(file), ..none },
            MediaKind::Audio => Self { audio: Some(file), ..none },
            MediaKind::Voice => Self { voice: Some(file), ..none },
            MediaKind::Document => Self { document: Some(file), ..none },
            MediaKind::Sticker => Self { sticker: Some(file), ..none },
        }
    }
}

#[cfg(test)]
mod tests {
    use wagate_domain::{MediaId, Timestamp, ids};

    use super::*;

    #[test]
    fn the_member_is_named_by_the_type() {
        let media = <MediaId as ids::Id>::from_ulid(ids::ulid(Timestamp::from_millis(1), 1));
        let kinds = [
            MediaKind::Image,
            MediaKind::Video,
            MediaKind::Audio,
            MediaKind::Voice,
            MediaKind::Document,
            MediaKind::Sticker,
        ];
        let files = kinds.map(|kind| Content::Media {
            kind,
            media,
            mime: "a/b".to_owned(),
            size: 1,
            caption: None,
            file_name: None,
            seconds: None,
        });
        let text = Content::Text { body: "hi".to_owned() };
        let other = Content::Other { what: "poll".to_owned() };
        for content in files.into_iter().chain([text, other]) {
            let name = content.type_name();
            let shown = serde_json::to_value(ContentView::from(content)).unwrap();
            let members: Vec<&String> = shown.as_object().unwrap().keys().collect();
            assert_eq!(members, [name]);
        }
    }
}
