//! What a message says, read out of its protobuf.

mod act;
mod body;
mod choice;
mod contact;
mod event;
mod media;
mod menu;
mod other;
mod place;
mod poll;
mod wrappers;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wacore::proto_helpers::MessageExt;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

pub use act::{Edit, Keep, Pin, Reaction, Revoke};
pub use body::Body;
pub use choice::{ButtonReply, InteractiveReply, ListReply, TemplateReply};
pub use contact::{Contacts, SharedContact};
pub use event::{Attendance, Event, EventResponse};
pub use media::{Media, MediaKind};
pub use menu::{Button, Buttons, FlowButton, Interactive, List, Row, Section, Template, TemplateButton};
pub use other::{Album, EphemeralSetting, GroupInvite, Unknown};
pub use place::{LiveLocation, Location};
pub use poll::{Poll, PollVote};

use wrappers::{context_of, unwrap};

/// What one message says. Its stored form is JSON.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Content {
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// Id of the message answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quoted: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mentions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<Media>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Body>,
    #[serde(skip_serializing_if = "Traits::is_plain")]
    pub(super) traits: Traits,
    /// An act whose content is encrypted with the secret of the message it is about, which is
    /// not known (yet).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) sealed: bool,
}

/// What else is to be said about a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Traits {
    /// May be opened once.
    pub view_once: bool,
    /// Was forwarded.
    pub forwarded: bool,
    /// Disappears after so many seconds.
    pub expiration: Option<u32>,
    /// Id of the album it belongs to.
    pub album: Option<String>,
    /// Preview of a link in the text.
    pub link_preview: Option<LinkPreview>,
}

impl Traits {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Preview of a link in a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LinkPreview {
    /// The link, as it stands in the text.
    pub url: String,
    /// Headline of the page.
    pub title: Option<String>,
    /// What the page is about.
    pub description: Option<String>,
}

impl Content {
    /// Placeholder of a message that could not be decrypted.
    pub(super) fn undecryptable() -> Self {
        Self { kind: "undecryptable".to_owned(), ..Self::default() }
    }

    /// Message between phone and companion; never shown.
    pub(super) fn peer() -> Self {
        Self { kind: "peer".to_owned(), ..Self::default() }
    }

    /// Reads a message; `None` for protocol traffic that is not shown in a chat. `encoded` is
    /// the message's protobuf as it came.
    pub(super) fn of(message: &wa::Message, encoded: &[u8]) -> Option<Self> {
        let base = unwrap(message);
        if is_protocol_traffic(base) {
            return None;
        }
        let media = Media::read(base);
        let text = text_of(base);
        let body = match (&media, &text) {
            (None, None) => {
                Some(Body::read(base).unwrap_or_else(|| Body::Unknown(Unknown::read(base, encoded))))
            }
            _ => None,
        };
        let kind = match (&media, &body) {
            (Some(media), _) => media.kind.name(),
            (None, Some(body)) => body.name(),
            (None, None) => "text",
        };
        let context = context_of(base);
        Some(Self {
            kind: kind.to_owned(),
            text: text.or_else(|| body.as_ref().and_then(Body::text).map(ToOwned::to_owned)),
            quoted: context.and_then(|context| context.stanza_id.clone()),
            mentions: context.map(|context| context.mentioned_jid.clone()).unwrap_or_default(),
            media: media.or_else(|| Media::of_header(base)),
            traits: traits_of(message, base, context),
            sealed: is_sealed(base) && body.as_ref().is_some_and(|body| body.target().is_some()),
            body,
        })
    }

    /// What an act says in the clear.
    pub(super) fn open(&mut self, body: Body) {
        self.text = body.text().map(ToOwned::to_owned);
        self.body = Some(body);
        self.sealed = false;
    }

    /// The lifetime that it gives the chat's messages.
    pub(super) fn lifetime(&self) -> Option<u32> {
        match &self.body {
            Some(Body::EphemeralSetting(setting)) => Some(setting.seconds),
            _ => None,
        }
    }

    /// Id of the earlier message that this one acts on.
    pub(super) fn target(&self) -> Option<&str> {
        self.body.as_ref().and_then(Body::target)
    }
}

/// Text or caption of a message, however it is wrapped.
pub(super) fn text_of(message: &wa::Message) -> Option<String> {
    let base = unwrap(message);
    let caption = base.get_caption().or(base.ptv_message.caption.as_deref());
    base.text_content().or(caption).map(ToOwned::to_owned)
}

fn is_protocol_traffic(base: &wa::Message) -> bool {
    base.protocol_message.as_option().is_some_and(|protocol| {
        !matches!(
            protocol.r#type,
            Some(ProtocolType::REVOKE | ProtocolType::MESSAGE_EDIT | ProtocolType::EPHEMERAL_SETTING)
        )
    })
}

fn is_sealed(base: &wa::Message) -> bool {
    base.poll_update_message.is_set()
        || base.enc_event_response_message.is_set()
        || base.enc_reaction_message.is_set()
        || base.secret_encrypted_message.is_set()
}

fn traits_of(message: &wa::Message, base: &wa::Message, context: Option<&wa::ContextInfo>) -> Traits {
    let text = &base.extended_text_message;
    let association = message
        .message_context_info
        .message_association
        .as_option()
        .or_else(|| base.message_context_info.message_association.as_option());
    Traits {
        view_once: message.is_view_once(),
        forwarded: context.is_some_and(|context| context.is_forwarded == Some(true)),
        expiration: context.and_then(|context| context.expiration).filter(|seconds| *seconds > 0),
        album: association.and_then(|link| link.parent_message_key.id.clone()),
        link_preview: text.matched_text.clone().filter(|url| !url.is_empty()).map(|url| LinkPreview {
            url,
            title: text.title.clone(),
            description: text.description.clone(),
        }),
    }
}
