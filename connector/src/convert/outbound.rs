//! A message of ours becomes what goes over the wire.

use buffa::MessageField;
use wacore::proto_helpers::{MessageBuilderExt, MessageExt};
use wagate_domain::{
    Address,
    messages::{Content, MediaKind, Message, Quote},
};
use waproto::whatsapp as wa;

use super::Own;

/// A file that lies encrypted on WhatsApp's media hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Uploaded {
    /// Where it lies, as a URL.
    pub(crate) url: String,
    /// Where it lies, as a path on any media host.
    pub(crate) direct_path: String,
    /// Key that opens it.
    pub(crate) media_key: Vec<u8>,
    /// SHA-256 of the plain file.
    pub(crate) file_sha256: Vec<u8>,
    /// SHA-256 of the encrypted file.
    pub(crate) file_enc_sha256: Vec<u8>,
    /// Bytes of the plain file.
    pub(crate) file_length: u64,
    /// When the key was made, unix seconds.
    pub(crate) media_key_timestamp: i64,
    /// Lets players start before the whole file has come (audio and video).
    pub(crate) streaming_sidecar: Option<Vec<u8>>,
}

/// A message with its file, if it needs one, already uploaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sendable<'a> {
    /// The message.
    pub(crate) message: &'a Message,
    /// Its file.
    pub(crate) file: Option<&'a Uploaded>,
    /// The linked account.
    pub(crate) own: &'a Own,
}

/// Builds the wire message; `None` for a content that cannot be sent (or a file that is missing).
pub(crate) fn outbound(sendable: Sendable<'_>) -> Option<wa::Message> {
    let message = sendable.message;
    let mut wire = match &message.content {
        Content::Text { body } => wa::Message::text(body.as_str()),
        Content::Media { kind, mime, caption, file_name, seconds, .. } => {
            let part = Part { mime, caption: caption.as_deref(), seconds: *seconds, file: sendable.file? };
            part.message(*kind, file_name.as_deref())
        }
        Content::Other { .. } => return None,
    };
    if let Some(context) = context(message, sendable.own)
        && !wire.set_context_info(context)
    {
        return None;
    }
    Some(captioned(wire))
}

/// A document with a caption travels in an envelope of its own.
fn captioned(wire: wa::Message) -> wa::Message {
    let has_caption = wire.document_message.as_option().is_some_and(|part| part.caption.is_some());
    if !has_caption {
        return wire;
    }
    wa::Message {
        document_with_caption_message: MessageField::some(wa::message::FutureProofMessage {
            message: MessageField::some(wire),
        }),
        ..Default::default()
    }
}

fn context(message: &Message, own: &Own) -> Option<wa::ContextInfo> {
    if message.quote.is_none() && message.mentions.is_empty() {
        return None;
    }
    let mut context = message
        .quote
        .as_ref()
        .map_or_else(wa::ContextInfo::default, |quote| quoting(quote, &message.chat, own));
    context.mentioned_jid = message.mentions.iter().map(ToString::to_string).collect();
    Some(context)
}

fn quoting(quote: &Quote, chat: &Address, own: &Own) -> wa::ContextInfo {
    wa::ContextInfo {
        stanza_id: Some(quote.stanza_id.clone()),
        participant: author(quote, chat, own).map(|author| author.to_string()),
        quoted_message: MessageField::some(wa::Message::text(quote.text.clone().unwrap_or_default())),
        ..Default::default()
    }
}

/// Who wrote the quoted message: ourselves in the chat's own addressing, the named author, or the
/// one other person of the chat.
fn author(quote: &Quote, chat: &Address, own: &Own) -> Option<Address> {
    use wagate_domain::address::Server;
    if !quote.from_me {
        return quote.author.clone().or_else(|| chat.is_person().then(|| chat.clone()));
    }
    let pn = own.pn.clone().map(Address::pn);
    let lid = own.lid.clone().map(Address::lid);
    if chat.server() == Server::Lid { lid.or(pn) } else { pn.or(lid) }
}

struct Part<'a> {
    mime: &'a str,
    caption: Option<&'a str>,
    seconds: Option<u32>,
    file: &'a Uploaded,
}

macro_rules! part {
    ($self:ident, $kind:ident { $($field:ident: $value:expr),* $(,)? }) => {
        MessageField::some(wa::message::$kind {
            url: Some($self.file.url.clone()),
            direct_path: Some($self.file.direct_path.clone()),
            mimetype: Some($self.mime.to_owned()),
            media_key: Some($self.file.media_key.clone()),
            media_key_timestamp: Some($self.file.media_key_timestamp),
            file_sha256: Some($self.file.file_sha256.clone()),
            file_enc_sha256: Some($self.file.file_enc_sha256.clone()),
            file_length: Some($self.file.file_length),
            $($field: $value,)*
            ..Default::default()
        })
    };
}

impl Part<'_> {
    fn caption(&self) -> Option<String> {
        self.caption.map(str::to_owned)
    }

    fn message(&self, kind: MediaKind, file_name: Option<&str>) -> wa::Message {
        let blank = wa::Message::default();
        match kind {
            MediaKind::Image => {
                wa::Message { image_message: part!(self, ImageMessage { caption: self.caption() }), ..blank }
            }
            MediaKind::Video => wa::Message {
                video_message: part!(
                    self,
                    VideoMessage {
                        caption: self.caption(),
                        seconds: self.seconds,
                        streaming_sidecar: self.file.streaming_sidecar.clone(),
                    }
                ),
                ..blank
            },
            MediaKind::Audio | MediaKind::Voice => wa::Message {
                audio_message: part!(
                    self,
                    AudioMessage {
                        seconds: self.seconds,
                        ptt: Some(kind == MediaKind::Voice),
                        streaming_sidecar: self.file.streaming_sidecar.clone(),
                    }
                ),
                ..blank
            },
            MediaKind::Document => wa::Message {
                document_message: part!(
                    self,
                    DocumentMessage {
                        caption: self.caption(),
                        file_name: file_name.map(str::to_owned),
                        title: file_name.map(str::to_owned),
                    }
                ),
                ..blank
            },
            MediaKind::Sticker => wa::Message { sticker_message: part!(self, StickerMessage {}), ..blank },
        }
    }
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod tests;
