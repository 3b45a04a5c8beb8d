use buffa::MessageField;
use proptest::prelude::*;
use wacore::types::message::MessageSource;
use wagate_domain::{SessionId, WorkspaceId};

use super::*;

fn session() -> SessionKey {
    let ulid = ids::ulid(Timestamp::from_millis(1), 9);
    SessionKey { workspace: WorkspaceId::from_ulid(ulid), id: SessionId::from_ulid(ulid) }
}

fn own() -> Own {
    Own { pn: Some("491511111111".to_owned()), lid: Some("100000000000001".to_owned()) }
}

fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

fn info(chat: &str, sender: &str) -> MessageInfo {
    MessageInfo {
        id: "3EB0AA".to_owned(),
        source: MessageSource { chat: jid(chat), sender: jid(sender), ..Default::default() },
        push_name: "Sari".to_owned(),
        timestamp: wacore::time::from_secs(1_767_225_600).unwrap(),
        ..Default::default()
    }
}

fn direct() -> MessageInfo {
    info("6281234567890@s.whatsapp.net", "6281234567890:3@s.whatsapp.net")
}

fn convert(message: &wa::Message, info: &MessageInfo) -> Option<Received> {
    let own = own();
    let viewer = Viewer { session: session(), own: &own, now: Timestamp::from_millis(1_767_225_700_000) };
    inbound(message, info, viewer, counterpart(info))
}

fn text(body: &str) -> wa::Message {
    wa::Message { conversation: Some(body.to_owned()), ..Default::default() }
}

fn image() -> wa::message::ImageMessage {
    wa::message::ImageMessage {
        mimetype: Some("image/png".to_owned()),
        caption: Some("a picture".to_owned()),
        direct_path: Some("/v/one".to_owned()),
        media_key: Some(vec![1; 32]),
        file_sha256: Some(vec![2; 32]),
        file_enc_sha256: Some(vec![3; 32]),
        file_length: Some(12),
        ..Default::default()
    }
}

#[test]
fn a_text_from_somebody() {
    let mut envelope = direct();
    envelope.source.sender_alt = Some(jid("100000012345678@lid"));
    envelope.is_offline = true;
    let received = convert(&text("hello"), &envelope).unwrap();
    let message = received.message;
    assert_eq!(received.media, None);
    assert_eq!(message.content, Content::Text { body: "hello".to_owned() });
    assert_eq!(message.direction, Direction::In);
    assert_eq!(message.status, Status::Received);
    assert_eq!(message.chat.to_string(), "6281234567890@s.whatsapp.net");
    assert_eq!(message.contact.pn.as_deref(), Some("6281234567890"));
    assert_eq!(message.contact.lid.as_deref(), Some("100000012345678"));
    assert_eq!(message.push_name.as_deref(), Some("Sari"));
    assert_eq!(message.stanza_id, "3EB0AA");
    assert_eq!(message.at, Timestamp::from_millis(1_767_225_600_000));
    assert_eq!(message.times.received, Some(Timestamp::from_millis(1_767_225_700_000)));
    assert!(message.offline);
}

#[test]
fn a_text_written_on_another_of_our_devices() {
    let mut envelope = info("6281234567890@s.whatsapp.net", "491511111111:0@s.whatsapp.net");
    envelope.source.is_from_me = true;
    envelope.source.recipient_alt = Some(jid("100000012345678@lid"));
    let message = convert(&text("me"), &envelope).unwrap().message;
    assert_eq!(message.direction, Direction::Out);
    assert_eq!(message.status, Status::Sent);
    assert_eq!(message.contact.pn.as_deref(), Some("6281234567890"));
    assert_eq!(message.contact.lid.as_deref(), Some("100000012345678"));
    assert_eq!(message.push_name, None);
    assert_eq!(message.times.sent, Some(message.at));
}

#[test]
fn a_text_in_a_group_names_no_contact() {
    let envelope = info("120363000000000001@g.us", "6281234567890@s.whatsapp.net");
    let message = convert(&text("all"), &envelope).unwrap().message;
    assert_eq!(message.chat.to_string(), "120363000000000001@g.us");
    assert_eq!(message.contact, ContactIds::default());
    assert_eq!(message.push_name.as_deref(), Some("Sari"));
}

#[test]
fn every_kind_of_file_is_found() {
    let named = |message: wa::Message| {
        let received = convert(&message, &direct()).unwrap();
        let media = received.media.unwrap();
        assert_eq!(media.state, MediaState::Pending);
        assert_eq!(media.message, Some(received.message.id));
        (received.message.content.type_name(), media.mime)
    };
    let sidecar = || (Some("/v/x".to_owned()), Some(vec![1; 32]), Some(vec![3; 32]));
    let (direct_path, media_key, file_enc_sha256) = sidecar();
    let audio = |ptt| wa::message::AudioMessage {
        ptt: Some(ptt),
        direct_path: direct_path.clone(),
        media_key: media_key.clone(),
        file_enc_sha256: file_enc_sha256.clone(),
        ..Default::default()
    };
    let video = wa::message::VideoMessage {
        direct_path: direct_path.clone(),
        media_key: media_key.clone(),
        file_enc_sha256: file_enc_sha256.clone(),
        ..Default::default()
    };
    let document = wa::message::DocumentMessage {
        mimetype: Some("application/pdf".to_owned()),
        direct_path: direct_path.clone(),
        media_key: media_key.clone(),
        file_enc_sha256: file_enc_sha256.clone(),
        ..Default::default()
    };
    let sticker = wa::message::StickerMessage {
        direct_path: direct_path.clone(),
        media_key: media_key.clone(),
        file_enc_sha256: file_enc_sha256.clone(),
        ..Default::default()
    };
    let blank = wa::Message::default;
    for (message, kind, mime) in [
        (wa::Message { image_message: MessageField::some(image()), ..blank() }, "image", "image/png"),
        (wa::Message { video_message: MessageField::some(video.clone()), ..blank() }, "video", "video/mp4"),
        (wa::Message { ptv_message: MessageField::some(video), ..blank() }, "video", "video/mp4"),
        (wa::Message { audio_message: MessageField::some(audio(false)), ..blank() }, "audio", "audio/ogg"),
        (wa::Message { audio_message: MessageField::some(audio(true)), ..blank() }, "voice", "audio/ogg"),
        (
            wa::Message { document_message: MessageField::some(document), ..blank() },
            "document",
            "application/pdf",
        ),
        (wa::Message { sticker_message: MessageField::some(sticker), ..blank() }, "sticker", "image/webp"),
    ] {
        assert_eq!(named(message), (kind, mime.to_owned()));
    }
}

#[test]
fn a_file_that_cannot_be_fetched_is_failed_at_once() {
    let part = wa::message::ImageMessage { media_key: None, ..image() };
    let message = wa::Message { image_message: MessageField::some(part), ..Default::default() };
    let media = convert(&message, &direct()).unwrap().media.unwrap();
    assert_eq!((media.state, media.locator), (MediaState::Failed, None));
}

#[test]
fn wrapped_messages_are_unwrapped() {
    let inner = wa::Message { image_message: MessageField::some(image()), ..Default::default() };
    let wrap = |message: wa::Message| {
        MessageField::some(wa::message::FutureProofMessage { message: MessageField::some(message) })
    };
    let ephemeral = wa::Message { ephemeral_message: wrap(inner), ..Default::default() };
    let message = convert(&ephemeral, &direct()).unwrap().message;
    assert_eq!(message.content.type_name(), "image");
    assert_eq!(message.content.text(), Some("a picture"));
}

#[test]
fn quotes_and_mentions() {
    for (participant, from_me, author) in [
        ("6281234567890@s.whatsapp.net", false, Some("6281234567890@s.whatsapp.net")),
        ("491511111111:4@s.whatsapp.net", true, None),
        ("100000000000001@lid", true, None),
    ] {
        let context = wa::ContextInfo {
            stanza_id: Some("3EB0BB".to_owned()),
            participant: Some(participant.to_owned()),
            quoted_message: MessageField::some(text("before")),
            mentioned_jid: vec!["6289876543210@s.whatsapp.net".to_owned(), "nonsense".to_owned()],
            ..Default::default()
        };
        let part = wa::message::ExtendedTextMessage {
            text: Some("after".to_owned()),
            context_info: MessageField::some(context),
            ..Default::default()
        };
        let message = wa::Message { extended_text_message: MessageField::some(part), ..Default::default() };
        let message = convert(&message, &direct()).unwrap().message;
        let quote = message.quote.unwrap();
        assert_eq!(quote.stanza_id, "3EB0BB");
        assert_eq!(quote.text.as_deref(), Some("before"));
        assert_eq!(quote.from_me, from_me, "{participant}");
        assert_eq!(quote.author.map(|author| author.to_string()).as_deref(), author, "{participant}");
        assert_eq!(message.mentions.len(), 1);
    }
}

#[test]
fn what_is_not_modelled_is_named() {
    use wa::message::protocol_message::Type;
    let protocol = |kind| wa::Message {
        protocol_message: MessageField::some(wa::message::ProtocolMessage {
            r#type: Some(kind),
            ..Default::default()
        }),
        ..Default::default()
    };
    let reaction = wa::Message {
        reaction_message: MessageField::some(wa::message::ReactionMessage::default()),
        ..Default::default()
    };
    for (message, what) in [
        (reaction, "reaction"),
        (protocol(Type::REVOKE), "revoke"),
        (protocol(Type::MESSAGE_EDIT), "edit"),
        (wa::Message::default(), "unknown"),
    ] {
        let content = convert(&message, &direct()).unwrap().message.content;
        assert_eq!(content, Content::Other { what: what.to_owned() });
    }
    assert_eq!(convert(&protocol(Type::HISTORY_SYNC_NOTIFICATION), &direct()), None);
    assert_eq!(convert(&protocol(Type::APP_STATE_SYNC_KEY_SHARE), &direct()), None);
}

#[test]
fn status_updates_and_peer_messages_are_left_out() {
    let status = info("status@broadcast", "6281234567890@s.whatsapp.net");
    assert_eq!(convert(&text("story"), &status), None);
    let peer = MessageInfo { category: MessageCategory::Peer, ..direct() };
    assert_eq!(convert(&text("peer"), &peer), None);
}

#[test]
fn a_redelivered_message_is_the_same_message() {
    let first = convert(&text("hello"), &direct()).unwrap().message.id;
    let mut again = direct();
    again.is_offline = true;
    again.source.sender = jid("6281234567890:9@s.whatsapp.net");
    assert_eq!(convert(&text("hello"), &again).unwrap().message.id, first);
    let other = MessageInfo { id: "3EB0AB".to_owned(), ..direct() };
    assert_ne!(convert(&text("hello"), &other).unwrap().message.id, first);
}

proptest! {
    #[test]
    fn no_message_however_odd_is_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(message) = waproto::codec::message_decode(&bytes) {
            convert(&message, &direct());
        }
    }

    #[test]
    fn any_text_arrives_as_it_was_written(body in "\\PC{1,200}") {
        let message = convert(&text(&body), &direct()).unwrap().message;
        prop_assert_eq!(message.content, Content::Text { body });
    }
}
