//! Reading a protobuf message the way an app shows it.

use wacore::proto_helpers::MessageExt;
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

use super::{Card, File, Said, What};

impl Said {
    /// What a message says. Wrappers (view once, disappearing, document with caption) are taken off.
    #[must_use]
    pub fn of(message: &wa::Message) -> Self {
        let base = message.get_base_message();
        let context = context(base);
        Self {
            what: what(base),
            quoted: context.and_then(|context| context.stanza_id.clone()),
            mentions: context.map(|context| context.mentioned_jid.clone()).unwrap_or_default(),
            forwarded: context.and_then(|context| context.is_forwarded).unwrap_or_default(),
            view_once: message.is_view_once(),
            expires: context.and_then(|context| context.expiration).filter(|seconds| *seconds > 0),
        }
    }
}

fn what(message: &wa::Message) -> What {
    protocol(message)
        .or_else(|| media(message))
        .or_else(|| place(message))
        .or_else(|| addition(message))
        .or_else(|| gathering(message))
        .or_else(|| words(message))
        .unwrap_or_else(|| What::Other { fields: fields(message) })
}

fn words(message: &wa::Message) -> Option<What> {
    if let Some(link) = message.extended_text_message.as_option()
        && let Some(url) = &link.matched_text
    {
        return Some(What::Link {
            body: own(&link.text),
            url: url.clone(),
            title: own(&link.title),
            description: own(&link.description),
        });
    }
    message.text_content().map(|body| What::Text { body: body.to_owned() })
}

fn protocol(message: &wa::Message) -> Option<What> {
    let protocol = message.protocol_message.as_option()?;
    let of = id(&protocol.key);
    match protocol.r#type? {
        ProtocolType::REVOKE => Some(What::Revoke { of }),
        ProtocolType::MESSAGE_EDIT => {
            let edited = protocol.edited_message.as_option()?.get_base_message();
            let body = edited.text_content().or_else(|| edited.get_caption()).unwrap_or_default().to_owned();
            Some(What::Edit { of, body })
        }
        ProtocolType::EPHEMERAL_SETTING => {
            Some(What::Disappearing { seconds: protocol.ephemeral_expiration.unwrap_or_default() })
        }
        _ => None,
    }
}

macro_rules! file {
    ($part:ident) => {
        File {
            sha256: $part.file_sha256.as_ref().map(hex::encode).unwrap_or_default(),
            size: $part.file_length.unwrap_or_default(),
            mimetype: own(&$part.mimetype),
        }
    };
}

fn media(message: &wa::Message) -> Option<What> {
    if let Some(part) = message.image_message.as_option() {
        return Some(What::Image { file: file!(part), caption: own(&part.caption) });
    }
    if let Some(part) = message.video_message.as_option() {
        let gif = part.gif_playback.unwrap_or_default();
        return Some(What::Video { file: file!(part), caption: own(&part.caption), gif });
    }
    if let Some(part) = message.ptv_message.as_option() {
        return Some(What::VideoNote { file: file!(part) });
    }
    if let Some(part) = message.audio_message.as_option() {
        let (voice, seconds) = (part.ptt.unwrap_or_default(), part.seconds.unwrap_or_default());
        return Some(What::Audio { file: file!(part), voice, seconds });
    }
    if let Some(part) = message.document_message.as_option() {
        let (name, caption) = (own(&part.file_name), own(&part.caption));
        return Some(What::Document { file: file!(part), name, caption });
    }
    let part = message.sticker_message.as_option()?;
    Some(What::Sticker { file: file!(part), animated: part.is_animated.unwrap_or_default() })
}

fn place(message: &wa::Message) -> Option<What> {
    if let Some(place) = message.location_message.as_option() {
        return Some(What::Location {
            latitude: place.degrees_latitude.unwrap_or_default(),
            longitude: place.degrees_longitude.unwrap_or_default(),
            name: own(&place.name),
            address: own(&place.address),
        });
    }
    if let Some(place) = message.live_location_message.as_option() {
        return Some(What::LiveLocation {
            latitude: place.degrees_latitude.unwrap_or_default(),
            longitude: place.degrees_longitude.unwrap_or_default(),
            caption: own(&place.caption),
            sequence: place.sequence_number.unwrap_or_default(),
        });
    }
    let card =
        |card: &wa::message::ContactMessage| Card { name: own(&card.display_name), vcard: own(&card.vcard) };
    if let Some(one) = message.contact_message.as_option() {
        return Some(What::Contacts { cards: vec![card(one)] });
    }
    let many = message.contacts_array_message.as_option()?;
    Some(What::Contacts { cards: many.contacts.iter().map(card).collect() })
}

/// What is added to another message.
fn addition(message: &wa::Message) -> Option<What> {
    if let Some(reaction) = message.reaction_message.as_option() {
        return Some(What::Reaction { to: id(&reaction.key), emoji: own(&reaction.text) });
    }
    if let Some(pin) = message.pin_in_chat_message.as_option() {
        let pinned = pin.r#type == Some(wa::message::pin_in_chat_message::Type::PinForAll);
        return Some(What::Pin { of: id(&pin.key), pinned });
    }
    if let Some(keep) = message.keep_in_chat_message.as_option() {
        let kept = keep.keep_type == Some(wa::KeepType::KEEP_FOR_ALL);
        return Some(What::Keep { of: id(&keep.key), kept });
    }
    if let Some(vote) = message.poll_update_message.as_option() {
        return Some(What::Vote { poll: id(&vote.poll_creation_message_key) });
    }
    let answer = message.enc_event_response_message.as_option()?;
    Some(What::Answer { event: id(&answer.event_creation_message_key) })
}

fn gathering(message: &wa::Message) -> Option<What> {
    let polls = [
        &message.poll_creation_message,
        &message.poll_creation_message_v2,
        &message.poll_creation_message_v3,
        &message.poll_creation_message_v5,
    ];
    if let Some(poll) = polls.into_iter().find_map(|poll| poll.as_option()) {
        let options = poll.options.iter().map(|option| own(&option.option_name)).collect();
        let selectable = poll.selectable_options_count.unwrap_or_default();
        return Some(What::Poll { name: own(&poll.name), options, selectable });
    }
    if let Some(event) = message.event_message.as_option() {
        let (name, description) = (own(&event.name), own(&event.description));
        return Some(What::Event { name, description, start: event.start_time.unwrap_or_default() });
    }
    if let Some(invite) = message.group_invite_message.as_option() {
        return Some(What::Invite {
            group: own(&invite.group_jid),
            code: own(&invite.invite_code),
            name: own(&invite.group_name),
            caption: own(&invite.caption),
            until: invite.invite_expiration.unwrap_or_default(),
        });
    }
    let album = message.album_message.as_option()?;
    let (images, videos) = (album.expected_image_count, album.expected_video_count);
    Some(What::Album { images: images.unwrap_or_default(), videos: videos.unwrap_or_default() })
}

/// The context of whichever part has one.
fn context(message: &wa::Message) -> Option<&wa::ContextInfo> {
    macro_rules! first_context {
        ($($field:ident),+ $(,)?) => {
            $(if let Some(part) = message.$field.as_option() {
                return part.context_info.as_option();
            })+
        };
    }
    first_context!(
        extended_text_message,
        image_message,
        video_message,
        ptv_message,
        audio_message,
        document_message,
        sticker_message,
        location_message,
        live_location_message,
        contact_message,
        contacts_array_message,
        poll_creation_message,
        poll_creation_message_v2,
        poll_creation_message_v3,
        event_message,
        group_invite_message,
    );
    None
}

/// Names of the fields that are set.
fn fields(message: &wa::Message) -> Vec<String> {
    let shown = serde_json::to_value(message).unwrap_or_default();
    let set = |value: &serde_json::Value| !value.is_null();
    shown.as_object().map_or_else(Vec::new, |fields| {
        fields.iter().filter(|(_, value)| set(value)).map(|(name, _)| name.clone()).collect()
    })
}

fn id(key: &buffa::MessageField<wa::MessageKey>) -> String {
    key.as_option().and_then(|key| key.id.clone()).unwrap_or_default()
}

fn own(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}
