//! A message as a user writes it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use utoipa::ToSchema;

use super::fetch;
use super::number::{digits, recipient};
use super::problem::Problem;
use crate::phones::{Body, LinkPreview, MediaKind, MediaUpload, Outgoing, ViewOnce};

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MessageType {
    Text,
    Media,
    Content,
    Forward,
    Raw,
}

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TextBody {
    body: String,
    /// Preview of a link in the text.
    link_preview: Option<LinkPreview>,
}

/// A file, by exactly one of `base64` and `url`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaBody {
    kind: MediaKind,
    mimetype: String,
    /// The file itself.
    base64: Option<String>,
    /// `http://` on loopback; the sandbox opens no other connection.
    url: Option<String>,
    caption: Option<String>,
    file_name: Option<String>,
    /// May be opened only once, said in this form.
    view_once: Option<ViewOnce>,
}

/// A message to send from the phone: exactly one of `text`, `media`, `content`, `forward` and
/// `raw`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// Recipient's number, or the JID of a group or of a channel.
    to: String,
    /// Which of them it is; may be left out.
    r#type: Option<MessageType>,
    text: Option<TextBody>,
    media: Option<MediaBody>,
    /// Anything else: one key that names what it is, as messages show it.
    content: Option<Body>,
    /// Id of a message on this phone to send on.
    forward: Option<String>,
    /// Protobuf of a message in base64, sent as it is.
    raw: Option<String>,
    /// Message of the same chat to quote.
    reply_to: Option<String>,
    /// Numbers to mention.
    #[serde(default)]
    mentions: Vec<String>,
    /// Seconds until it disappears, 0 for never; what the chat says unless given.
    expiration: Option<u32>,
    /// Id of the album it belongs to.
    album: Option<String>,
}

impl NewMessage {
    pub(super) async fn outgoing(self) -> Result<Outgoing, Problem> {
        self.check()?;
        let mut outgoing = Outgoing {
            to: recipient("to", &self.to)?,
            body: self.content,
            forward: self.forward,
            raw: self.raw.map(|raw| decode("raw", &raw)).transpose()?,
            reply_to: self.reply_to,
            mentions: self.mentions.iter().map(|pn| digits("mentions", pn)).collect::<Result<_, _>>()?,
            expiration: self.expiration,
            album: self.album,
            ..Outgoing::default()
        };
        if let Some(text) = self.text {
            outgoing.text = Some(text.body);
            outgoing.link_preview = text.link_preview;
        }
        if let Some(media) = self.media {
            outgoing.text.clone_from(&media.caption);
            outgoing.view_once = media.view_once;
            outgoing.media = Some(media.upload().await?);
        }
        Ok(outgoing)
    }

    /// Exactly one thing to send, and the one that `type` names.
    fn check(&self) -> Result<(), Problem> {
        let given = [
            (MessageType::Text, "text", self.text.is_some()),
            (MessageType::Media, "media", self.media.is_some()),
            (MessageType::Content, "content", self.content.is_some()),
            (MessageType::Forward, "forward", self.forward.is_some()),
            (MessageType::Raw, "raw", self.raw.is_some()),
        ];
        let wanted = given.iter().find(|(kind, ..)| Some(*kind) == self.r#type);
        if let Some((_, name, false)) = wanted {
            return Err(Problem::field(name, format!("{name} is missing."), "Give what type says."));
        }
        let mut names = given.iter().filter(|(.., given)| *given).map(|(_, name, _)| *name);
        let (first, second) = (names.next(), names.next());
        let wanted = wanted.map(|(_, name, _)| *name);
        match (first, second) {
            (None, _) => Err(Problem::field(
                "text",
                "The message says nothing.",
                "Give one of text, media, content, forward and raw.",
            )),
            (Some(one), Some(other)) => Err(Problem::field(
                if Some(one) == wanted { other } else { one },
                "The message says two things.",
                "Give one of text, media, content, forward and raw.",
            )),
            (Some(_), None) if self.text.as_ref().is_some_and(|text| text.body.is_empty()) => {
                Err(Problem::field("text", "The text is empty.", "Give text.body."))
            }
            (Some(_), None) => Ok(()),
        }
    }
}

fn decode(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    BASE64_STANDARD.decode(text).map_err(|error| {
        Problem::field(
            field,
            format!("This is not base64: {error}."),
            "Use the standard alphabet with padding.",
        )
    })
}

impl MediaBody {
    /// The caption, and the file.
    pub(super) async fn captioned(self) -> Result<(Option<String>, MediaUpload), Problem> {
        Ok((self.caption.clone(), self.upload().await?))
    }

    async fn upload(self) -> Result<MediaUpload, Problem> {
        let body = match (&self.base64, &self.url) {
            (Some(text), None) => decode("media.base64", text)?.into(),
            (None, Some(url)) => fetch::get(url).await?,
            _ => {
                return Err(Problem::field(
                    "media",
                    "Give the file once.",
                    "Give exactly one of base64 and url.",
                ));
            }
        };
        Ok(MediaUpload { kind: self.kind, mimetype: self.mimetype, file_name: self.file_name, body })
    }
}
