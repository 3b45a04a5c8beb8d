//! From what a user wrote to the protobuf that is sent.

use wacore::proto_helpers::{MessageBuilderExt, MessageExt, wrap_as_album_child};
use wacore::reporting_token::{generate_message_secret, should_include_reporting_token};
use wacore_binary::Jid;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::FutureProofMessage;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::content::{Content, LinkPreview};
use super::super::store::{Direction, StoredMessage};
use super::message::{Chat, Outgoing, ViewOnce};
use crate::ports::{PortError, PortResult};

/// A message ready to be encrypted, and what it says.
pub(super) struct Composed {
    pub(super) message: wa::Message,
    pub(super) content: Content,
}

impl Composed {
    fn of(message: wa::Message) -> PortResult<Self> {
        let content = Content::of(&message, &[])
            .ok_or_else(|| PortError::Refused("this message would not be shown in a chat".to_owned()))?;
        Ok(Self { message, content })
    }
}

impl Simulated {
    pub(super) async fn compose(
        &self,
        phone: &Phone,
        to: &Chat,
        outgoing: &Outgoing,
    ) -> PortResult<Composed> {
        if let Some(raw) = &outgoing.raw {
            let message = waproto::codec::message_decode(raw)
                .map_err(|error| PortError::Refused(format!("raw is not a message: {error}")))?;
            return Composed::of(message);
        }
        if let Some(act) = outgoing.body.as_ref().filter(|body| body.target().is_some()) {
            let (message, body) = self.compose_act(phone, to, act).await?;
            let mut composed = Composed::of(message)?;
            composed.content.open(body);
            return Ok(composed);
        }
        let mut message = self.base(phone, to, outgoing).await?;
        if let Some(preview) = &outgoing.link_preview {
            attach_preview(&mut message, preview);
        }
        if let Some(context) = self.context(phone, to, outgoing, &message).await? {
            message.set_context_info(context);
        }
        if let Some(seconds) = self.lifetime(phone, to, outgoing).await? {
            message.set_ephemeral_expiration(seconds);
        }
        let mut message = match outgoing.view_once {
            Some(form) => view_once(message, form),
            None => message,
        };
        if let Some(album) = &outgoing.album {
            let album = self.in_chat(phone, to, album).await?;
            message = wrap_as_album_child(message, to.key_of(phone, &album));
        }
        if should_include_reporting_token(&message) {
            let context = message.message_context_info.get_or_insert_default();
            context.message_secret.get_or_insert_with(|| generate_message_secret().to_vec());
        }
        Composed::of(message)
    }

    /// The message without its context.
    async fn base(&self, phone: &Phone, to: &Chat, outgoing: &Outgoing) -> PortResult<wa::Message> {
        if let Some(id) = &outgoing.forward {
            let original = self.store.message(phone.pn(), id).await?;
            let original = original.filter(|message| message.direction != Direction::Peer);
            let original =
                original.ok_or_else(|| PortError::NotFound(format!("no message {id} on this phone")))?;
            let original = waproto::codec::message_decode(&original.raw).map_err(anyhow::Error::from)?;
            return Ok(*original.prepare_for_forward());
        }
        if let Some(media) = &outgoing.media {
            let caption = outgoing.text.as_deref();
            return if to.is_channel() {
                self.upload_plain(media, caption).await
            } else {
                self.upload(media, caption).await
            };
        }
        match &outgoing.body {
            Some(body) => body
                .write()
                .ok_or_else(|| PortError::Refused(format!("a phone cannot send {} by itself", body.name()))),
            None => Ok(wa::Message::text(outgoing.text.as_deref().unwrap_or_default())),
        }
    }

    /// An earlier message of the chat.
    pub(super) async fn in_chat(&self, phone: &Phone, chat: &Chat, id: &str) -> PortResult<StoredMessage> {
        self.store
            .message_in(phone.pn(), chat.key(), id)
            .await?
            .ok_or_else(|| PortError::NotFound(format!("no message {id} in this chat")))
    }

    /// Quote and mentions; `None` when there are neither.
    async fn context(
        &self,
        phone: &Phone,
        to: &Chat,
        outgoing: &Outgoing,
        message: &wa::Message,
    ) -> PortResult<Option<wa::ContextInfo>> {
        // a forwarded message keeps the context that says so
        if outgoing.mentions.is_empty() && outgoing.reply_to.is_none() {
            return Ok(None);
        }
        let mut context = wa::ContextInfo {
            mentioned_jid: outgoing.mentions.iter().map(|pn| Jid::pn(pn.as_str()).to_string()).collect(),
            is_forwarded: message.is_forwarded().then_some(true),
            ..Default::default()
        };
        if let Some(id) = &outgoing.reply_to {
            let quoted = self.in_chat(phone, to, id).await?;
            let original = waproto::codec::message_decode(&quoted.raw).map_err(anyhow::Error::from)?;
            context.stanza_id = Some(id.clone());
            context.participant = Some(to.author(phone, &quoted).to_string());
            context.quoted_message = buffa::MessageField::from_box(original.prepare_for_quote());
        }
        Ok(Some(context))
    }

    /// How long the message shall live: as told, as the group says, as the chat was set.
    async fn lifetime(&self, phone: &Phone, to: &Chat, outgoing: &Outgoing) -> PortResult<Option<u32>> {
        let seconds = match outgoing.expiration.or(to.expiration) {
            Some(seconds) => seconds,
            None => self.store.chat_lifetime(phone.pn(), to.key()).await?,
        };
        Ok(Some(seconds).filter(|seconds| *seconds > 0))
    }
}

fn attach_preview(message: &mut wa::Message, preview: &LinkPreview) {
    if let Some(text) = message.conversation.take() {
        message.extended_text_message.get_or_insert_default().text = Some(text);
    }
    if let Some(text) = message.extended_text_message.as_option_mut() {
        text.matched_text = Some(preview.url.clone());
        text.title.clone_from(&preview.title);
        text.description.clone_from(&preview.description);
    }
}

fn view_once(mut message: wa::Message, form: ViewOnce) -> wa::Message {
    if let Some(part) = message.image_message.as_option_mut() {
        part.view_once = Some(true);
    } else if let Some(part) = message.video_message.as_option_mut() {
        part.view_once = Some(true);
    } else if let Some(part) = message.audio_message.as_option_mut() {
        part.view_once = Some(true);
    }
    if form == ViewOnce::Inline {
        return message;
    }
    let mut outer = wa::Message::default();
    let place = match form {
        ViewOnce::V1 => &mut outer.view_once_message,
        ViewOnce::V2Extension => &mut outer.view_once_message_v2_extension,
        ViewOnce::V2 | ViewOnce::Inline => &mut outer.view_once_message_v2,
    };
    *place = FutureProofMessage { message: message.into() }.into();
    outer
}
