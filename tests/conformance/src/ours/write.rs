//! What is said becomes a protobuf message. Files are uploaded first; what refers to another message finds it in
//! the client's memory.

use buffa::MessageField;
use wacore::download::MediaType;
use wacore::proto_helpers::{MessageBuilderExt, MessageExt, build_quote_context_with_info};

use wacore_binary::Jid;
use waproto::whatsapp as wa;
use whatsapp_rust::UploadOptions;
use whatsapp_rust::upload::UploadResponse;

use super::{Ours, refusal};
use crate::client::Refusal;
use crate::{File, Said, What};

impl Ours {
    /// The message to send to a chat.
    pub(super) async fn written(&self, to: &Jid, said: &Said) -> Result<wa::Message, Refusal> {
        let mut message = match self.with_file(&said.what).await? {
            Some(message) => message,
            None => plain(&said.what).ok_or_else(|| refusal(format!("cannot write {:?}", said.what)))?,
        };
        let mut context = wa::ContextInfo::default();
        if let Some(id) = &said.quoted {
            let quoted = self.memory.find(id)?;
            context = build_quote_context_with_info(id, &quoted.sender, &quoted.chat, to, &quoted.message);
        }
        context.mentioned_jid.clone_from(&said.mentions);
        if said.forwarded {
            (context.is_forwarded, context.forwarding_score) = (Some(true), Some(1));
        }
        context.expiration = said.expires;
        if context != wa::ContextInfo::default() && !message.set_context_info(context) {
            return Err(refusal("this content has no context"));
        }
        Ok(wrapped(message, said))
    }

    /// A message with a file.
    async fn with_file(&self, what: &What) -> Result<Option<wa::Message>, Refusal> {
        let (file, kind) = match what {
            What::Image { file, .. } => (file, MediaType::Image),
            What::Video { file, .. } | What::VideoNote { file } => (file, MediaType::Video),
            What::Audio { file, .. } => (file, MediaType::Audio),
            What::Document { file, .. } => (file, MediaType::Document),
            What::Sticker { file, .. } => (file, MediaType::Sticker),
            _ => return Ok(None),
        };
        let bytes = tokio::fs::read(self.files.join(&file.sha256)).await.map_err(refusal)?;
        let client = self.client().await?;
        let uploaded = client.upload(bytes, kind, UploadOptions::default()).await.map_err(refusal)?;
        Ok(Some(media(what, file, &uploaded)))
    }
}

macro_rules! part {
    ($kind:ident, $file:ident, $uploaded:ident, { $($field:ident: $value:expr),* $(,)? }) => {
        MessageField::some(wa::message::$kind {
            url: Some($uploaded.url.clone()),
            direct_path: Some($uploaded.direct_path.clone()),
            mimetype: Some($file.mimetype.clone()),
            media_key: Some($uploaded.media_key.to_vec()),
            media_key_timestamp: Some($uploaded.media_key_timestamp),
            file_sha256: Some($uploaded.file_sha256.to_vec()),
            file_enc_sha256: Some($uploaded.file_enc_sha256.to_vec()),
            file_length: Some($uploaded.file_length),
            $($field: $value,)*
            ..Default::default()
        })
    };
}

fn media(what: &What, file: &File, up: &UploadResponse) -> wa::Message {
    let blank = wa::Message::default();
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    match what {
        What::Image { caption, .. } => {
            wa::Message { image_message: part!(ImageMessage, file, up, { caption: some(caption) }), ..blank }
        }
        What::Video { caption, gif, .. } => wa::Message {
            video_message: part!(VideoMessage, file, up, { caption: some(caption), gif_playback: Some(*gif) }),
            ..blank
        },
        What::VideoNote { .. } => wa::Message { ptv_message: part!(VideoMessage, file, up, {}), ..blank },
        What::Audio { voice, seconds, .. } => wa::Message {
            audio_message: part!(AudioMessage, file, up, { ptt: Some(*voice), seconds: Some(*seconds) }),
            ..blank
        },
        What::Document { name, caption, .. } => wa::Message {
            document_message: part!(DocumentMessage, file, up, {
                file_name: some(name),
                title: some(name),
                caption: some(caption),
            }),
            ..blank
        },
        What::Sticker { animated, .. } => wa::Message {
            sticker_message: part!(StickerMessage, file, up, { is_animated: Some(*animated) }),
            ..blank
        },
        _ => blank,
    }
}

/// A message without a file; `None` for what has a call of its own in the library.
fn plain(what: &What) -> Option<wa::Message> {
    let blank = wa::Message::default();
    Some(match what {
        What::Text { body } => wa::Message::text(body.as_str()),
        What::Link { body, url, title, description } => wa::Message {
            extended_text_message: MessageField::some(wa::message::ExtendedTextMessage {
                text: Some(body.clone()),
                matched_text: Some(url.clone()),
                title: Some(title.clone()),
                description: Some(description.clone()),
                ..Default::default()
            }),
            ..blank
        },
        What::Location { latitude, longitude, name, address } => wa::Message {
            location_message: MessageField::some(wa::message::LocationMessage {
                degrees_latitude: Some(*latitude),
                degrees_longitude: Some(*longitude),
                name: Some(name.clone()),
                address: Some(address.clone()),
                ..Default::default()
            }),
            ..blank
        },
        What::LiveLocation { latitude, longitude, caption, sequence } => wa::Message {
            live_location_message: MessageField::some(wa::message::LiveLocationMessage {
                degrees_latitude: Some(*latitude),
                degrees_longitude: Some(*longitude),
                caption: Some(caption.clone()),
                sequence_number: Some(*sequence),
                ..Default::default()
            }),
            ..blank
        },
        What::Contacts { cards } => contacts(cards),
        What::Invite { group, code, name, caption, until } => wa::Message {
            group_invite_message: MessageField::some(wa::message::GroupInviteMessage {
                group_jid: Some(group.clone()),
                invite_code: Some(code.clone()),
                group_name: Some(name.clone()),
                caption: Some(caption.clone()),
                invite_expiration: Some(*until),
                ..Default::default()
            }),
            ..blank
        },
        What::Album { images, videos } => wa::Message {
            album_message: MessageField::some(wa::message::AlbumMessage {
                expected_image_count: Some(*images),
                expected_video_count: Some(*videos),
                ..Default::default()
            }),
            ..blank
        },
        _ => return None,
    })
}

fn contacts(cards: &[crate::Card]) -> wa::Message {
    let card = |card: &crate::Card| wa::message::ContactMessage {
        display_name: Some(card.name.clone()),
        vcard: Some(card.vcard.clone()),
        ..Default::default()
    };
    if let [one] = cards {
        return wa::Message { contact_message: MessageField::some(card(one)), ..Default::default() };
    }
    wa::Message {
        contacts_array_message: MessageField::some(wa::message::ContactsArrayMessage {
            display_name: Some("contacts".to_owned()),
            contacts: cards.iter().map(card).collect(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A document with a caption and what may be seen once travel in envelopes of their own.
fn wrapped(message: wa::Message, said: &Said) -> wa::Message {
    let envelope = |message| {
        MessageField::some(wa::message::FutureProofMessage { message: MessageField::some(message) })
    };
    if said.view_once {
        return wa::Message { view_once_message: envelope(message), ..Default::default() };
    }
    let captioned = message.document_message.as_option().is_some_and(|part| part.caption.is_some());
    if captioned {
        return wa::Message { document_with_caption_message: envelope(message), ..Default::default() };
    }
    message
}
