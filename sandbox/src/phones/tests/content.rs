//! Every kind of message from phone to phone.

use bytes::Bytes;
use serde_json::{Value, json};
use waproto::whatsapp as wa;

use super::lan::World;
use crate::phones::{Body, LinkPreview, MediaKind, MediaUpload, Outgoing, ViewOnce};
use crate::ports::{Phones, PortError};

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const GROUP: &str = "120363000000000001@g.us";

async fn world(dir: &std::path::Path) -> World {
    let world = World::open(dir).await;
    for pn in [ADA, BEN] {
        world.phones.ensure(pn, None).await.expect("phone");
    }
    world.lan.group(GROUP, true, &[ADA, BEN]);
    world
}

fn picture(kind: MediaKind, view_once: Option<ViewOnce>) -> Outgoing {
    let media = MediaUpload {
        kind,
        mimetype: "application/x-test".to_owned(),
        file_name: None,
        body: Bytes::from_static(b"a picture"),
    };
    Outgoing { to: BEN.to_owned(), media: Some(media), view_once, ..Outgoing::default() }
}

#[tokio::test]
async fn every_body_arrives_as_it_was_sent() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let card =
        json!({"name": "Cai", "vcard": "BEGIN:VCARD\nFN:Cai\nTEL;waid=491:+491\nEND:VCARD", "number": "491"});
    let bodies = [
        (
            "location",
            json!({"latitude": 48.2, "longitude": 16.4, "name": "Vienna"}),
            Some("media"),
            Some("location"),
        ),
        (
            "live_location",
            json!({"latitude": 1.0, "longitude": 2.0, "sequence": 3}),
            Some("media"),
            Some("livelocation"),
        ),
        ("contact", json!({"cards": [card.clone()]}), Some("media"), Some("vcard")),
        ("contact", json!({"cards": [card.clone(), card]}), Some("media"), Some("contact_array")),
        (
            "poll",
            json!({"name": "?", "options": ["a", "b"], "selectable": 1, "version": 3}),
            Some("poll"),
            None,
        ),
        ("event", json!({"name": "Party", "start": 5, "canceled": false}), Some("event"), None),
        (
            "list",
            json!({"title": "t", "text": "x", "button": "b", "sections": [{"title": "s", "rows": [{"id": "1", "title": "r"}]}]}),
            Some("media"),
            Some("list"),
        ),
        ("buttons", json!({"text": "x", "buttons": [{"id": "1", "text": "b"}]}), Some("media"), None),
        (
            "template",
            json!({"text": "x", "buttons": [{"reply": {"id": "1", "text": "b"}}]}),
            Some("media"),
            None,
        ),
        (
            "interactive",
            json!({"text": "x", "buttons": [{"name": "quick_reply", "params": "{}"}]}),
            Some("text"),
            None,
        ),
        ("list_reply", json!({"id": "1", "title": "r"}), Some("media"), Some("list_response")),
        ("button_reply", json!({"id": "1", "text": "b"}), Some("media"), Some("buttons_response")),
        ("template_reply", json!({"id": "1", "text": "b"}), Some("text"), None),
        (
            "interactive_reply",
            json!({"name": "f", "params": "{}"}),
            Some("media"),
            Some("native_flow_response"),
        ),
        ("group_invite", json!({"group": "1@g.us", "code": "c"}), Some("media"), Some("url")),
        ("album", json!({"images": 2, "videos": 0}), Some("text"), None),
        ("ephemeral_setting", json!({"seconds": 0}), Some("text"), None),
    ];
    for to in [BEN, GROUP] {
        for (name, part, kind, mediatype) in &bodies {
            let body: Value = json!({ *name: part });
            let sent = world.say(ADA, to, body.clone()).await;
            let got = world.shown(BEN, &sent.id).await;
            let wanted: Body = serde_json::from_value(body).expect("body");
            assert_eq!((got.kind.as_str(), got.body.as_ref()), (*name, Some(&wanted)));
            assert_eq!((sent.kind, sent.body), (got.kind, got.body), "the sender shows the same");
            let stanza = world.lan.from(ADA, "message").pop().expect("stanza");
            assert_eq!(stanza.attrs().optional_string("type").as_deref(), *kind, "{name}");
            let enc = stanza.get_optional_child("enc").or_else(|| {
                stanza.get_optional_child("participants")?.get_optional_child("to")?.get_optional_child("enc")
            });
            let attrs = enc.expect("enc").attrs().optional_string("mediatype").map(|kind| kind.into_owned());
            assert_eq!(attrs.as_deref(), *mediatype, "{name}");
        }
    }
}

#[tokio::test]
async fn a_text_has_a_preview_and_what_opens_once_says_so() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let preview = LinkPreview {
        url: "https://example.org".to_owned(),
        title: Some("Example".to_owned()),
        description: Some("A page".to_owned()),
    };
    let text = Outgoing {
        to: BEN.to_owned(),
        text: Some("see https://example.org".to_owned()),
        link_preview: Some(preview.clone()),
        ..Outgoing::default()
    };
    let sent = world.phones.send(ADA, text).await.expect("sent");
    let got = world.shown(BEN, &sent.id).await;
    assert_eq!((got.kind.as_str(), got.traits.link_preview), ("text", Some(preview)));

    for form in [ViewOnce::V1, ViewOnce::V2, ViewOnce::V2Extension, ViewOnce::Inline] {
        let sent = world.phones.send(ADA, picture(MediaKind::Image, Some(form))).await.expect("sent");
        let got = world.shown(BEN, &sent.id).await;
        assert_eq!((got.kind.as_str(), got.traits.view_once), ("image", true), "{form:?}");
        let stanza = world.lan.from(ADA, "message").pop().expect("stanza");
        let meta = stanza.get_optional_child("meta").expect("meta");
        assert_eq!(meta.attrs().optional_string("view_once").as_deref(), Some("true"));
        let (_, body) = world.phones.media(BEN, &sent.id).await.expect("opened");
        assert_eq!(body, b"a picture"[..]);
    }
}

#[tokio::test]
async fn gifs_and_video_notes_are_kinds_of_their_own() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for (kind, name) in [(MediaKind::Gif, "gif"), (MediaKind::VideoNote, "video_note")] {
        let sent = world.phones.send(ADA, picture(kind, None)).await.expect("sent");
        let got = world.shown(BEN, &sent.id).await;
        assert_eq!((got.kind.as_str(), got.media.map(|media| media.kind)), (name, Some(kind)));
        assert_eq!(world.phones.media(BEN, &sent.id).await.expect("opened").1, b"a picture"[..]);
    }
}

#[tokio::test]
async fn messages_live_as_long_as_the_chat_was_told() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let before = world.text(ADA, BEN, "for ever").await;
    world.say(BEN, ADA, json!({"ephemeral_setting": {"seconds": 86400}})).await;
    let after = world.text(ADA, BEN, "for a day").await;
    let told = Outgoing {
        to: BEN.to_owned(),
        text: Some("for an hour".to_owned()),
        expiration: Some(3600),
        ..Outgoing::default()
    };
    let told = world.phones.send(ADA, told).await.expect("sent");
    for (id, lifetime) in [(before.id, None), (after.id, Some(86400)), (told.id, Some(3600))] {
        assert_eq!(world.shown(BEN, &id).await.traits.expiration, lifetime);
    }
}

#[tokio::test]
async fn a_message_is_sent_on_with_its_file() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let first = world.phones.send(ADA, picture(MediaKind::Image, None)).await.expect("sent");
    assert!(!world.shown(BEN, &first.id).await.traits.forwarded);
    let on = Outgoing { to: ADA.to_owned(), forward: Some(first.id.clone()), ..Outgoing::default() };
    let on = world.phones.send(BEN, on).await.expect("sent on");
    let got = world.shown(ADA, &on.id).await;
    assert!(got.traits.forwarded);
    assert_eq!(world.phones.media(ADA, &on.id).await.expect("opened").1, b"a picture"[..]);
    let nothing = Outgoing { to: ADA.to_owned(), forward: Some("NOPE".to_owned()), ..Outgoing::default() };
    assert!(matches!(world.phones.send(BEN, nothing).await, Err(PortError::NotFound(_))));
}

#[tokio::test]
async fn pictures_belong_to_their_album() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let album = world.say(ADA, BEN, json!({"album": {"images": 1, "videos": 0}})).await;
    let child = Outgoing { album: Some(album.id.clone()), ..picture(MediaKind::Image, None) };
    let child = world.phones.send(ADA, child).await.expect("sent");
    let got = world.shown(BEN, &child.id).await;
    assert_eq!((got.kind.as_str(), got.traits.album), ("image", Some(album.id)));
}

#[tokio::test]
async fn what_has_no_form_is_unknown_and_not_lost() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let payment = wa::message::RequestPaymentMessage {
        currency_code_iso4217: Some("EUR".to_owned()),
        ..Default::default()
    };
    let message = wa::Message { request_payment_message: payment.into(), ..Default::default() };
    let raw = waproto::codec::message_to_vec(&message);
    let outgoing = Outgoing { to: BEN.to_owned(), raw: Some(raw), ..Outgoing::default() };
    let sent = world.phones.send(ADA, outgoing).await.expect("sent");
    let got = world.shown(BEN, &sent.id).await;
    let Some(Body::Unknown(unknown)) = got.body else { panic!("{:?}", got.body) };
    assert_eq!((got.kind.as_str(), unknown.fields), ("unknown", vec!["request_payment_message".to_owned()]));
    assert_eq!(unknown.value["request_payment_message"]["currency_code_iso4217"], "EUR");

    let key = Outgoing {
        raw: Some(waproto::codec::message_to_vec(&wa::Message {
            protocol_message: wa::message::ProtocolMessage {
                r#type: Some(wa::message::protocol_message::Type::APP_STATE_SYNC_KEY_SHARE),
                ..Default::default()
            }
            .into(),
            ..Default::default()
        })),
        to: BEN.to_owned(),
        ..Outgoing::default()
    };
    assert!(matches!(world.phones.send(ADA, key).await, Err(PortError::Refused(_))), "not for a chat");
}

#[tokio::test]
async fn places_in_a_chat_are_counted_without_gaps() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for n in 1..=3 {
        world.text(ADA, BEN, &n.to_string()).await;
        world.text(BEN, ADA, &n.to_string()).await;
        world.text(ADA, GROUP, &n.to_string()).await;
    }
    for (chat, length) in [(ADA, 6), (GROUP, 3)] {
        let messages = world.phones.chat_messages(BEN, chat, 0, 100).await.expect("chat").items;
        let places: Vec<i64> = messages.iter().map(|message| message.position).collect();
        assert_eq!(places, (1..=length).collect::<Vec<_>>());
    }
}
