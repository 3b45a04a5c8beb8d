//! A decrypted message becomes a message of ours.

use sha2::{Digest, Sha256};
use wacore::{
    proto_helpers::MessageExt,
    types::message::{MessageCategory, MessageInfo},
};
use wacore_binary::Jid;
use wagate_domain::{
    Address, ContactIds, MediaId, MessageId, Timestamp,
    ids::{self, Id},
    media::{Media, MediaState},
    messages::{Content, Direction, MediaKind, Message, Priority, Quote, Status, Times},
    sessions::SessionKey,
};
use waproto::whatsapp as wa;

use super::{Own, address_of, identities_of, kinds, locator::Fields, locator::Locator};

/// What came in: the message and, when it carries a file, the media object to fetch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    /// The message.
    pub(crate) message: Message,
    /// Its media object; failed at once when the message does not say how to get it.
    pub(crate) media: Option<Media>,
}

/// Who is looking, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Viewer<'a> {
    /// Session the message came in through.
    pub(crate) session: SessionKey,
    /// The linked account.
    pub(crate) own: &'a Own,
    /// Now.
    pub(crate) now: Timestamp,
}

/// Converts a message; `None` for what is not meant for people (device housekeeping, status updates).
///
/// The ids are derived from session, chat, sender and WhatsApp's id, so a redelivered message is the
/// same message again. `contact` is what is known of the other person.
pub(crate) fn inbound(
    wire: &wa::Message,
    info: &MessageInfo,
    viewer: Viewer<'_>,
    contact: ContactIds,
) -> Option<Received> {
    let base = wire.get_base_message();
    if info.category == MessageCategory::Peer || kinds::is_housekeeping(base) {
        return None;
    }
    let chat = address_of(&info.source.chat)?;
    let at = Timestamp::from_millis(info.timestamp.timestamp_millis());
    let seed = seed(viewer.session, info, at);
    let id = MessageId::from_ulid(seed);
    let (content, media) = content_of(base, id, seed, viewer);
    let context = context_of(base);
    let direction = if info.source.is_from_me { Direction::Out } else { Direction::In };
    let status = if info.source.is_from_me { Status::Sent } else { Status::Received };
    let mut times = Times::default();
    times.note(status, if info.source.is_from_me { at } else { viewer.now });
    let sender = (!chat.is_person() && !info.source.is_from_me).then(|| contact.clone());
    let message = Message {
        id,
        workspace: viewer.session.workspace,
        session: viewer.session.id,
        direction,
        contact: if chat.is_person() { contact } else { ContactIds::default() },
        contact_id: None,
        stanza_id: info.id.clone(),
        content,
        quote: context.and_then(|context| quote_of(context, viewer.own)),
        mentions: context.map(mentions_of).unwrap_or_default(),
        offline: info.is_offline,
        push_name: push_name_of(info),
        priority: Priority::default(),
        status,
        failure: None,
        times,
        expires_at: None,
        send_at: None,
        campaign: None,
        revision: 0,
        sender,
        at,
        chat,
    };
    Some(Received { message, media })
}

/// What the stanza itself tells of the other person.
pub(crate) fn counterpart(info: &MessageInfo) -> ContactIds {
    let source = &info.source;
    if source.is_from_me {
        identities_of(Some(&source.chat))
            .or(identities_of(source.recipient_alt.as_ref()))
            .or(identities_of(info.peer_recipient_pn.as_ref()))
    } else {
        identities_of(Some(&source.sender)).or(identities_of(source.sender_alt.as_ref()))
    }
}

fn push_name_of(info: &MessageInfo) -> Option<String> {
    (!info.source.is_from_me && !info.push_name.is_empty()).then(|| info.push_name.clone())
}

/// The same bits for the same message, whenever and however often it arrives.
fn seed(session: SessionKey, info: &MessageInfo, at: Timestamp) -> ulid::Ulid {
    let mut hash = Sha256::new();
    for part in [
        session.id.to_string(),
        info.source.chat.to_non_ad_string(),
        info.source.sender.to_non_ad_string(),
        info.id.clone(),
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    ids::ulid_of(at, &hash.finalize())
}

fn content_of(
    base: &wa::Message,
    id: MessageId,
    seed: ulid::Ulid,
    viewer: Viewer<'_>,
) -> (Content, Option<Media>) {
    if let Some(file) = file_of(base) {
        let media = file.media(id, MediaId::from_ulid(seed), viewer);
        return (file.content(&media), Some(media));
    }
    if let Some(body) = base.text_content() {
        return (Content::Text { body: body.to_owned() }, None);
    }
    (Content::Other { what: kinds::name_of(base).to_owned() }, None)
}

/// A media message, whatever its kind.
struct File<'a> {
    kind: MediaKind,
    mime: Option<&'a str>,
    caption: Option<&'a str>,
    file_name: Option<&'a str>,
    seconds: Option<u32>,
    fields: Fields<'a>,
}

impl File<'_> {
    fn mime(&self) -> &str {
        self.mime.filter(|mime| !mime.is_empty()).unwrap_or(match self.kind {
            MediaKind::Image => "image/jpeg",
            MediaKind::Video => "video/mp4",
            MediaKind::Audio | MediaKind::Voice => "audio/ogg",
            MediaKind::Document => "application/octet-stream",
            MediaKind::Sticker => "image/webp",
        })
    }

    fn media(&self, message: MessageId, id: MediaId, viewer: Viewer<'_>) -> Media {
        let locator =
            Locator::new(self.kind, &self.fields).and_then(|locator| serde_json::to_value(locator).ok());
        Media {
            id,
            workspace: viewer.session.workspace,
            session: Some(viewer.session.id),
            message: Some(message),
            staged_with: None,
            state: if locator.is_some() { MediaState::Pending } else { MediaState::Failed },
            mime: self.mime().to_owned(),
            size: self.fields.file_length.unwrap_or(0),
            sha256: None,
            file_name: self.file_name.map(str::to_owned),
            locator,
            created_at: viewer.now,
        }
    }

    fn content(&self, media: &Media) -> Content {
        Content::Media {
            kind: self.kind,
            media: media.id,
            mime: media.mime.clone(),
            size: media.size,
            caption: self.caption.filter(|text| !text.is_empty()).map(str::to_owned),
            file_name: media.file_name.clone(),
            seconds: self.seconds,
        }
    }
}

macro_rules! fields {
    ($part:expr) => {
        Fields {
            direct_path: $part.direct_path.as_deref(),
            media_key: $part.media_key.as_deref(),
            file_sha256: $part.file_sha256.as_deref(),
            file_enc_sha256: $part.file_enc_sha256.as_deref(),
            file_length: $part.file_length,
        }
    };
}

fn file_of(base: &wa::Message) -> Option<File<'_>> {
    let blank =
        |kind, mime, fields| File { kind, mime, caption: None, file_name: None, seconds: None, fields };
    if let Some(part) = base.image_message.as_option() {
        let caption = part.caption.as_deref();
        return Some(File { caption, ..blank(MediaKind::Image, part.mimetype.as_deref(), fields!(part)) });
    }
    if let Some(part) = base.video_message.as_option().or_else(|| base.ptv_message.as_option()) {
        return Some(File {
            caption: part.caption.as_deref(),
            seconds: part.seconds,
            ..blank(MediaKind::Video, part.mimetype.as_deref(), fields!(part))
        });
    }
    if let Some(part) = base.audio_message.as_option() {
        let kind = if part.ptt == Some(true) { MediaKind::Voice } else { MediaKind::Audio };
        return Some(File { seconds: part.seconds, ..blank(kind, part.mimetype.as_deref(), fields!(part)) });
    }
    if let Some(part) = base.document_message.as_option() {
        return Some(File {
            caption: part.caption.as_deref(),
            file_name: part.file_name.as_deref().or(part.title.as_deref()),
            ..blank(MediaKind::Document, part.mimetype.as_deref(), fields!(part))
        });
    }
    let part = base.sticker_message.as_option()?;
    Some(blank(MediaKind::Sticker, part.mimetype.as_deref(), fields!(part)))
}

fn context_of(base: &wa::Message) -> Option<&wa::ContextInfo> {
    None.or_else(|| base.extended_text_message.as_option()?.context_info.as_option())
        .or_else(|| base.image_message.as_option()?.context_info.as_option())
        .or_else(|| base.video_message.as_option()?.context_info.as_option())
        .or_else(|| base.audio_message.as_option()?.context_info.as_option())
        .or_else(|| base.document_message.as_option()?.context_info.as_option())
        .or_else(|| base.sticker_message.as_option()?.context_info.as_option())
}

fn quote_of(context: &wa::ContextInfo, own: &Own) -> Option<Quote> {
    let stanza_id = context.stanza_id.clone().filter(|id| !id.is_empty())?;
    let author = context
        .participant
        .as_deref()
        .and_then(|jid| jid.parse::<Jid>().ok())
        .and_then(|jid| address_of(&jid));
    let from_me = author.as_ref().is_some_and(|author| own.is(author));
    let text = context.quoted_message.as_option().and_then(|quoted| {
        let quoted = quoted.get_base_message();
        quoted.text_content().or_else(|| quoted.get_caption()).map(str::to_owned)
    });
    Some(Quote { stanza_id, message: None, from_me, author: author.filter(|_| !from_me), text })
}

fn mentions_of(context: &wa::ContextInfo) -> Vec<Address> {
    context
        .mentioned_jid
        .iter()
        .filter_map(|jid| jid.parse::<Jid>().ok())
        .filter_map(|jid| address_of(&jid))
        .collect()
}

#[cfg(test)]
#[path = "inbound_tests.rs"]
mod tests;
