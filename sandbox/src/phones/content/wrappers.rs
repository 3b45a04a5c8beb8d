//! Messages inside messages, and the context that most of them carry.

use waproto::whatsapp as wa;

/// The innermost message.
pub(super) fn unwrap(mut message: &wa::Message) -> &wa::Message {
    while let Some(inner) = inner(message) {
        message = inner;
    }
    message
}

fn inner(message: &wa::Message) -> Option<&wa::Message> {
    macro_rules! first_inner {
        ($($field:ident),+ $(,)?) => {
            $(if let Some(inner) = message.$field.as_option().and_then(|part| part.message.as_option()) {
                return Some(inner);
            })+
        };
    }
    first_inner!(
        device_sent_message,
        ephemeral_message,
        view_once_message,
        view_once_message_v2,
        view_once_message_v2_extension,
        document_with_caption_message,
        edited_message,
        group_mentioned_message,
        associated_child_message,
        lottie_sticker_message,
        bot_invoke_message,
        bot_forwarded_message,
        event_cover_image,
        group_status_message,
        group_status_message_v2,
        group_status_mention_message,
        limit_sharing_message,
        poll_creation_message_v4,
        poll_creation_option_image_message,
        question_message,
        question_reply_message,
        spoiler_message,
        status_add_yours,
        status_mention_message,
    );
    None
}

/// The context (quote, mentions, lifetime) of an unwrapped message.
pub(super) fn context_of(message: &wa::Message) -> Option<&wa::ContextInfo> {
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
        poll_creation_message_v5,
        poll_creation_message_v6,
        event_message,
        list_message,
        list_response_message,
        buttons_message,
        buttons_response_message,
        template_message,
        template_button_reply_message,
        interactive_message,
        interactive_response_message,
        group_invite_message,
        album_message,
        product_message,
        order_message,
        sticker_pack_message,
        newsletter_admin_invite_message,
    );
    None
}
