//! Names and kinds of message content.

use wacore::download::MediaType;
use wagate_domain::messages::MediaKind;
use waproto::whatsapp as wa;

/// The keys and the upload path that WhatsApp uses for a kind of media.
pub(crate) const fn media_type(kind: MediaKind) -> MediaType {
    match kind {
        MediaKind::Image => MediaType::Image,
        MediaKind::Video => MediaType::Video,
        MediaKind::Audio | MediaKind::Voice => MediaType::Audio,
        MediaKind::Document => MediaType::Document,
        MediaKind::Sticker => MediaType::Sticker,
    }
}

/// Whether a message only keeps devices of one account in step and is not for people.
pub(crate) fn is_housekeeping(message: &wa::Message) -> bool {
    use wa::message::protocol_message::Type;
    let Some(protocol) = message.protocol_message.as_option() else {
        return false;
    };
    !matches!(protocol.r#type, Some(Type::REVOKE | Type::MESSAGE_EDIT | Type::EPHEMERAL_SETTING) | None)
}

/// WhatsApp's name of a content this version does not model.
pub(crate) fn name_of(message: &wa::Message) -> &'static str {
    use wa::message::protocol_message::Type;
    if let Some(protocol) = message.protocol_message.as_option() {
        return match protocol.r#type {
            Some(Type::MESSAGE_EDIT) => "edit",
            Some(Type::EPHEMERAL_SETTING) => "disappearing_mode",
            _ => "revoke",
        };
    }
    let named = [
        (message.reaction_message.is_set() || message.enc_reaction_message.is_set(), "reaction"),
        (message.location_message.is_set(), "location"),
        (message.live_location_message.is_set(), "live_location"),
        (message.contact_message.is_set(), "contact"),
        (message.contacts_array_message.is_set(), "contacts"),
        (is_poll(message), "poll"),
        (message.poll_update_message.is_set(), "poll_vote"),
        (message.event_message.is_set(), "event"),
        (message.enc_event_response_message.is_set(), "event_response"),
        (message.pin_in_chat_message.is_set(), "pin"),
        (message.keep_in_chat_message.is_set(), "keep"),
        (message.group_invite_message.is_set(), "group_invite"),
        (message.buttons_message.is_set(), "buttons"),
        (message.buttons_response_message.is_set(), "buttons_response"),
        (message.list_message.is_set(), "list"),
        (message.list_response_message.is_set(), "list_response"),
        (message.template_message.is_set(), "template"),
        (message.template_button_reply_message.is_set(), "template_reply"),
        (message.interactive_message.is_set(), "interactive"),
        (message.interactive_response_message.is_set(), "interactive_response"),
        (message.product_message.is_set(), "product"),
        (message.order_message.is_set(), "order"),
        (message.album_message.is_set(), "album"),
        (message.sticker_pack_message.is_set(), "sticker_pack"),
        (message.enc_comment_message.is_set() || message.comment_message.is_set(), "comment"),
        (message.call_log_messsage.is_set() || message.call.is_set(), "call"),
        (message.secret_encrypted_message.is_set(), "edit"),
        (message.placeholder_message.is_set(), "placeholder"),
    ];
    named.into_iter().find_map(|(present, name)| present.then_some(name)).unwrap_or("unknown")
}

fn is_poll(message: &wa::Message) -> bool {
    message.poll_creation_message.is_set()
        || message.poll_creation_message_v2.is_set()
        || message.poll_creation_message_v3.is_set()
        || message.poll_creation_message_v5.is_set()
        || message.poll_creation_message_v6.is_set()
}
