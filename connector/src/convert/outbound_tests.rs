use wagate_domain::{
    ContactIds, MediaId, MessageId, SessionId, Timestamp, WorkspaceId,
    ids::{self, Id},
    messages::{Direction, Priority, Status, Times},
};

use super::*;

fn message(content: Content) -> Message {
    let ulid = ids::ulid(Timestamp::from_millis(1), 3);
    Message {
        id: MessageId::from_ulid(ulid),
        workspace: WorkspaceId::from_ulid(ulid),
        session: SessionId::from_ulid(ulid),
        direction: Direction::Out,
        chat: Address::pn("6281234567890"),
        contact: ContactIds::default(),
        contact_id: None,
        stanza_id: "3EB0AA".to_owned(),
        content,
        quote: None,
        mentions: Vec::new(),
        offline: false,
        push_name: None,
        priority: Priority::Interactive,
        status: Status::Accepted,
        failure: None,
        times: Times::default(),
        expires_at: None,
        send_at: None,
        campaign: None,
        revision: 0,
        sender: None,
        at: Timestamp::from_millis(1),
    }
}

fn text(body: &str) -> Message {
    message(Content::Text { body: body.to_owned() })
}

fn media(kind: MediaKind, caption: Option<&str>) -> Message {
    message(Content::Media {
        kind,
        media: MediaId::from_ulid(ids::ulid(Timestamp::from_millis(1), 4)),
        mime: "application/x-test".to_owned(),
        size: 5,
        caption: caption.map(str::to_owned),
        file_name: Some("a.bin".to_owned()),
        seconds: Some(3),
    })
}

fn uploaded() -> Uploaded {
    Uploaded {
        url: "https://media.example/v/one".to_owned(),
        direct_path: "/v/one".to_owned(),
        media_key: vec![1; 32],
        file_sha256: vec![2; 32],
        file_enc_sha256: vec![3; 32],
        file_length: 5,
        media_key_timestamp: 1_767_225_600,
        streaming_sidecar: Some(vec![4; 10]),
    }
}

fn own() -> Own {
    Own { pn: Some("491511111111".to_owned()), lid: Some("100000000000001".to_owned()) }
}

fn build(message: &Message, file: Option<&Uploaded>) -> Option<wa::Message> {
    outbound(Sendable { message, file, own: &own() })
}

fn quote(from_me: bool, author: Option<&str>) -> Quote {
    Quote {
        stanza_id: "3EB0BB".to_owned(),
        message: None,
        from_me,
        author: author.map(|author| author.parse().unwrap()),
        text: Some("before".to_owned()),
    }
}

#[test]
fn a_bare_text_is_a_conversation() {
    let wire = build(&text("hello"), None).unwrap();
    assert_eq!(wire.conversation.as_deref(), Some("hello"));
    assert!(!wire.extended_text_message.is_set());
}

#[test]
fn an_answer_names_what_it_answers() {
    for (chat, quote, participant) in [
        ("6281234567890@s.whatsapp.net", quote(false, None), Some("6281234567890@s.whatsapp.net")),
        ("6281234567890@s.whatsapp.net", quote(true, None), Some("491511111111@s.whatsapp.net")),
        ("100000012345678@lid", quote(true, None), Some("100000000000001@lid")),
        (
            "120363000000000001@g.us",
            quote(false, Some("6289876543210@s.whatsapp.net")),
            Some("6289876543210@s.whatsapp.net"),
        ),
        ("120363000000000001@g.us", quote(false, None), None),
    ] {
        let message = Message { chat: chat.parse().unwrap(), quote: Some(quote), ..text("after") };
        let wire = build(&message, None).unwrap();
        assert_eq!(wire.conversation, None);
        let part = wire.extended_text_message.as_option().unwrap();
        let context = part.context_info.as_option().unwrap();
        assert_eq!(part.text.as_deref(), Some("after"));
        assert_eq!(context.stanza_id.as_deref(), Some("3EB0BB"));
        assert_eq!(context.participant.as_deref(), participant, "{chat}");
        let quoted = context.quoted_message.as_option().unwrap();
        assert_eq!(quoted.conversation.as_deref(), Some("before"));
    }
}

#[test]
fn mentions_travel_in_the_context() {
    let message = Message { mentions: vec![Address::pn("6289876543210")], ..text("@6289876543210 hi") };
    let wire = build(&message, None).unwrap();
    let part = wire.extended_text_message.as_option().unwrap();
    let context = part.context_info.as_option().unwrap();
    assert_eq!(context.mentioned_jid, ["6289876543210@s.whatsapp.net"]);
    assert_eq!(context.stanza_id, None);
}

#[test]
fn every_kind_of_file_takes_its_own_part() {
    let file = uploaded();
    for kind in [
        MediaKind::Image,
        MediaKind::Video,
        MediaKind::Audio,
        MediaKind::Voice,
        MediaKind::Document,
        MediaKind::Sticker,
    ] {
        let wire = build(&media(kind, None), Some(&file)).unwrap();
        let (key, mime) = match kind {
            MediaKind::Image => wire.image_message.as_option().map(|p| (&p.media_key, &p.mimetype)),
            MediaKind::Video => wire.video_message.as_option().map(|p| (&p.media_key, &p.mimetype)),
            MediaKind::Audio | MediaKind::Voice => {
                let part = wire.audio_message.as_option().unwrap();
                assert_eq!(part.ptt, Some(kind == MediaKind::Voice));
                assert_eq!(part.seconds, Some(3));
                Some((&part.media_key, &part.mimetype))
            }
            MediaKind::Document => {
                let part = wire.document_message.as_option().unwrap();
                assert_eq!(part.file_name.as_deref(), Some("a.bin"));
                Some((&part.media_key, &part.mimetype))
            }
            MediaKind::Sticker => wire.sticker_message.as_option().map(|p| (&p.media_key, &p.mimetype)),
        }
        .unwrap();
        assert_eq!(key.as_deref(), Some(&[1_u8; 32][..]), "{kind:?}");
        assert_eq!(mime.as_deref(), Some("application/x-test"), "{kind:?}");
    }
}

#[test]
fn a_captioned_document_travels_in_its_envelope() {
    let mut message = media(MediaKind::Document, Some("read this"));
    message.quote = Some(quote(false, None));
    let wire = build(&message, Some(&uploaded())).unwrap();
    assert!(!wire.document_message.is_set());
    let base = wire.get_base_message();
    let part = base.document_message.as_option().unwrap();
    assert_eq!(part.caption.as_deref(), Some("read this"));
    assert_eq!(part.context_info.as_option().unwrap().stanza_id.as_deref(), Some("3EB0BB"));
}

#[test]
fn what_cannot_be_sent_is_not_built() {
    assert_eq!(build(&message(Content::Other { what: "poll".to_owned() }), None), None);
    assert_eq!(build(&media(MediaKind::Image, None), None), None);
}
