//! What a caller says when it sends a message, and whether it fits together.

use serde::Deserialize;
use ulid::Ulid;
use utoipa::ToSchema;
use wagate_domain::{
    Invalid, SessionId,
    messages::{self, Body, MediaKind, Priority, When},
};

/// A message to send. The object named by `type` says what it carries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendMessage {
    /// A number with its country code, or a JID ending in `@s.whatsapp.net`, `@c.us`, `@lid`, `@g.us` or `@newsletter`.
    #[schema(example = "+6281234567890")]
    pub(super) to: String,
    /// What it carries.
    #[serde(rename = "type")]
    pub(super) kind: MessageType,
    /// For type `text`.
    pub(super) text: Option<TextBody>,
    /// For type `image`.
    pub(super) image: Option<MediaBody>,
    /// For type `video`.
    pub(super) video: Option<MediaBody>,
    /// For type `audio`.
    pub(super) audio: Option<MediaBody>,
    /// For type `voice`.
    pub(super) voice: Option<MediaBody>,
    /// For type `document`.
    pub(super) document: Option<MediaBody>,
    /// Id of a message of this session to answer.
    #[schema(example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    pub(super) reply_to: Option<String>,
    /// Numbers or JIDs of people to mention; the text names each as `@` and the digits.
    #[serde(default)]
    pub(super) mentions: Vec<String>,
    /// Which of the session's waiting messages go first.
    #[serde(default)]
    pub(super) priority: MessagePriority,
    /// Not before this moment: RFC 3339, or a date and time of day together with `time_zone`.
    #[schema(example = "2026-12-24T18:00:00+07:00")]
    pub(super) send_at: Option<String>,
    /// IANA time zone of a `send_at` without an offset.
    #[schema(example = "Asia/Jakarta")]
    pub(super) time_zone: Option<String>,
    /// After this moment (RFC 3339) it is not sent any more; 24 hours after it is to leave when left out.
    #[schema(format = DateTime, example = "2026-12-25T18:00:00+07:00")]
    pub(super) expires_at: Option<String>,
    /// Name of the campaign it belongs to: 1 to 64 letters, digits and `_-.:`. All of a campaign's waiting messages can
    /// be cancelled at once.
    #[schema(example = "xmas-2026")]
    pub(super) campaign: Option<String>,
}

/// A moment as the caller wrote it.
pub(super) fn when(send_at: Option<String>, time_zone: Option<String>) -> Result<Option<When>, Invalid> {
    match (send_at, time_zone) {
        (None, Some(_)) => {
            Err(Invalid::new("time_zone", "does not go without send_at", "add send_at, or remove it"))
        }
        (send_at, time_zone) => Ok(send_at.map(|at| When { at, time_zone })),
    }
}

/// What a message to send carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessageType {
    /// Text.
    Text,
    /// A picture shown in the chat.
    Image,
    /// A video shown in the chat.
    Video,
    /// An audio file with a player.
    Audio,
    /// A voice note: Opus in Ogg.
    Voice,
    /// Any file.
    Document,
}

/// Which of a session's waiting messages go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessagePriority {
    /// Single sends and replies: overtakes bulk.
    #[default]
    Interactive,
    /// Campaigns.
    Bulk,
}

/// Text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextBody {
    /// 1 to 65,536 characters.
    #[schema(example = "Hello!")]
    pub(super) body: String,
}

/// A file, given by exactly one of `id`, `url` and `base64`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MediaBody {
    /// Id of a media object made with `POST /media` or `POST /media/uploads`.
    #[schema(example = "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    pub(super) id: Option<String>,
    /// A URL that answers with the file to anyone; fetched before the request is answered.
    #[schema(example = "https://example.com/picture.jpg")]
    pub(super) url: Option<String>,
    /// The file in base64, or a `data:` URL.
    pub(super) base64: Option<String>,
    /// The file's type; found out when left out. Not with `id`.
    #[schema(example = "image/jpeg")]
    pub(super) mimetype: Option<String>,
    /// The file's name, shown with documents.
    #[schema(example = "invoice.pdf")]
    pub(super) file_name: Option<String>,
    /// Text below it, 1 to 1,024 characters. Not with audio and voice.
    #[schema(example = "Our new menu")]
    pub(super) caption: Option<String>,
}

/// Where a file comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Staged before.
    Id(String),
    /// To be fetched.
    Url(String),
    /// In the request.
    Base64(String),
}

/// What a message carries, once the request fits together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Payload {
    Text(String),
    Media(MediaKind, Box<MediaBody>),
}

impl From<MessagePriority> for Priority {
    fn from(priority: MessagePriority) -> Self {
        match priority {
            MessagePriority::Interactive => Self::Interactive,
            MessagePriority::Bulk => Self::Bulk,
        }
    }
}

impl MessageType {
    /// The kind of media, unless it is text.
    pub(super) const fn media_kind(self) -> Option<MediaKind> {
        match self {
            Self::Text => None,
            Self::Image => Some(MediaKind::Image),
            Self::Video => Some(MediaKind::Video),
            Self::Audio => Some(MediaKind::Audio),
            Self::Voice => Some(MediaKind::Voice),
            Self::Document => Some(MediaKind::Document),
        }
    }
}

impl SendMessage {
    /// Takes what the message carries: the object named by `type`, and no other.
    pub(super) fn take_payload(&mut self) -> Result<Payload, Invalid> {
        let kind = self.kind.media_kind();
        let name = kind.map_or("text", MediaKind::name);
        let text = self.text.take();
        let mut media = [
            (MediaKind::Image, self.image.take()),
            (MediaKind::Video, self.video.take()),
            (MediaKind::Audio, self.audio.take()),
            (MediaKind::Voice, self.voice.take()),
            (MediaKind::Document, self.document.take()),
        ];
        let given = text.as_ref().map(|_| "text").into_iter();
        let given = given.chain(media.iter().filter(|(_, body)| body.is_some()).map(|(kind, _)| kind.name()));
        if let Some(stray) = given.into_iter().find(|given| *given != name) {
            let problem = format!("does not belong to a message of type {name}");
            return Err(Invalid::new(stray, problem, format!("remove it, or set type to {stray}")));
        }
        let missing = || Invalid::new(name, "is missing", format!("add the object {name}, as type says"));
        match kind {
            None => text.map(|text| Payload::Text(text.body)).ok_or_else(missing),
            Some(kind) => {
                let body =
                    media.iter_mut().find(|(other, _)| *other == kind).and_then(|(_, body)| body.take());
                body.map(|body| Payload::Media(kind, Box::new(body))).ok_or_else(missing)
            }
        }
    }

    /// The rest of a request whose content and moment were taken and read.
    pub(super) fn into_message(
        self,
        session: SessionId,
        body: Body,
        send_at: Option<When>,
        seed: Option<Ulid>,
    ) -> messages::SendMessage {
        messages::SendMessage {
            session,
            to: self.to,
            body,
            reply_to: self.reply_to,
            mentions: self.mentions,
            priority: self.priority.into(),
            send_at,
            expires_at: self.expires_at,
            campaign: self.campaign,
            seed,
        }
    }
}

/// WhatsApp shows no text with audio.
pub(super) fn check_caption(kind: MediaKind, caption: Option<&str>) -> Result<(), Invalid> {
    if caption.is_none() || !matches!(kind, MediaKind::Audio | MediaKind::Voice) {
        return Ok(());
    }
    let field = format!("{}.caption", kind.name());
    Err(Invalid::new(field, "is not shown with audio", "send the text as a message of its own"))
}

impl MediaBody {
    /// Takes the one place the file comes from. `kind` is for naming fields.
    pub(super) fn take_source(&mut self, kind: MediaKind) -> Result<Source, Invalid> {
        let name = kind.name();
        check_caption(kind, self.caption.as_deref())?;
        if self.id.is_some() && self.mimetype.is_some() {
            let remedy = "remove it: the type was settled when the file was staged";
            return Err(Invalid::new(format!("{name}.mimetype"), "does not go with id", remedy));
        }
        match (self.id.take(), self.url.take(), self.base64.take()) {
            (Some(id), None, None) => Ok(Source::Id(id)),
            (None, Some(url), None) => Ok(Source::Url(url)),
            (None, None, Some(text)) => Ok(Source::Base64(text)),
            (None, None, None) => Err(Invalid::new(name, "names no file", "add one of id, url and base64")),
            _ => Err(Invalid::new(name, "names more than one file", "send one of id, url and base64")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(json: &str) -> Result<Payload, String> {
        let mut request: SendMessage = serde_json::from_str(json).unwrap();
        request.take_payload().map_err(|wrong| wrong.field)
    }

    #[test]
    fn the_object_named_by_type_is_there_and_no_other() {
        let text = Payload::Text("hi".into());
        assert_eq!(payload(r#"{"to":"1","type":"text","text":{"body":"hi"}}"#), Ok(text));
        let image = MediaBody { url: Some("u".into()), ..MediaBody::default() };
        let image = Payload::Media(MediaKind::Image, Box::new(image));
        assert_eq!(payload(r#"{"to":"1","type":"image","image":{"url":"u"}}"#), Ok(image));
        for (json, field) in [
            (r#"{"to":"1","type":"text"}"#, "text"),
            (r#"{"to":"1","type":"image"}"#, "image"),
            (r#"{"to":"1","type":"image","text":{"body":"hi"}}"#, "text"),
            (r#"{"to":"1","type":"text","text":{"body":"hi"},"video":{"url":"u"}}"#, "video"),
        ] {
            assert_eq!(payload(json), Err(field.to_owned()), "{json}");
        }
    }

    #[test]
    fn a_file_comes_from_one_place() {
        for (kind, json, expected) in [
            (MediaKind::Image, r#"{"id":"m"}"#, Ok(Source::Id("m".into()))),
            (MediaKind::Image, r#"{"url":"u","mimetype":"image/png"}"#, Ok(Source::Url("u".into()))),
            (MediaKind::Image, r#"{"base64":"b","caption":"c"}"#, Ok(Source::Base64("b".into()))),
            (MediaKind::Image, "{}", Err("image")),
            (MediaKind::Image, r#"{"id":"m","url":"u"}"#, Err("image")),
            (MediaKind::Image, r#"{"id":"m","mimetype":"image/png"}"#, Err("image.mimetype")),
            (MediaKind::Voice, r#"{"id":"m","caption":"c"}"#, Err("voice.caption")),
        ] {
            let mut body: MediaBody = serde_json::from_str(json).unwrap();
            let source = body.take_source(kind).map_err(|wrong| wrong.field);
            assert_eq!(source, expected.map_err(str::to_owned), "{json}");
        }
    }
}
