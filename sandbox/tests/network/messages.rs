//! Every kind of message between a client and a phone, both ways.

use serde_json::{Value, json};
use wacore::event::decrypt_event_response_with_secret;
use wacore::poll::{PollVoteCiphertext, compute_option_hash};
use wacore_binary::Jid;
use wagate_sandbox::phones::{Body, MediaKind, MediaUpload, Outgoing, Simulated, StoredMessage, ViewOnce};
use waproto::whatsapp as wa;
use whatsapp_rust::features::EventCreationParams;
use whatsapp_rust::send::{PinDuration, RevokeType};

use crate::client::Client;
use crate::{Lan, eventually};

const ALICE: &str = "4915700000001";
const BOB: &str = "4915700000002";
const CAROL: &str = "4915700000003";
const SECRET: [u8; 32] = [7; 32];

async fn say(phones: &Simulated, from: &str, to: &str, body: Value) -> StoredMessage {
    let body = serde_json::from_value(body).expect("a body");
    phones
        .send(from, Outgoing { to: to.into(), body: Some(body), ..Outgoing::default() })
        .await
        .expect("sent")
}

/// The message as the phone shows it, once it satisfies.
async fn shown(phones: &Simulated, pn: &str, id: &str, is: impl Fn(&StoredMessage) -> bool) -> StoredMessage {
    eventually(&format!("{id} on the phone"), || async { phones.message(pn, id).await.ok().filter(&is) })
        .await
}

/// Kind, what is sent, and the protobuf field that the client gets it in.
fn bodies() -> Vec<(&'static str, Value, &'static str)> {
    let card =
        json!({"name": "Cai", "number": "491", "vcard": "BEGIN:VCARD\nFN:Cai\nTEL;waid=491:+491\nEND:VCARD"});
    let rows = json!([{"title": "s", "rows": [{"id": "1", "title": "r", "description": "d"}]}]);
    vec![
        ("location", json!({"latitude": 48.2, "longitude": 16.4, "name": "Vienna"}), "location_message"),
        ("live_location", json!({"latitude": 1.0, "longitude": 2.0, "sequence": 3}), "live_location_message"),
        ("contact", json!({"cards": [card]}), "contact_message"),
        ("contact", json!({"cards": [card.clone(), card]}), "contacts_array_message"),
        (
            "poll",
            json!({"name": "?", "options": ["a", "b"], "selectable": 2, "version": 1}),
            "poll_creation_message",
        ),
        (
            "poll",
            json!({"name": "?", "options": ["a", "b"], "selectable": 0, "version": 2}),
            "poll_creation_message_v2",
        ),
        (
            "poll",
            json!({"name": "?", "options": ["a", "b"], "selectable": 1, "version": 3}),
            "poll_creation_message_v3",
        ),
        ("event", json!({"name": "Party", "start": 5, "canceled": false}), "event_message"),
        (
            "list",
            json!({"title": "t", "text": "x", "button": "b", "footer": null, "sections": rows}),
            "list_message",
        ),
        (
            "buttons",
            json!({"text": "x", "footer": "f", "buttons": [{"id": "1", "text": "b"}]}),
            "buttons_message",
        ),
        (
            "template",
            json!({"title": "t", "text": "x", "footer": "f", "buttons": [{"reply": {"id": "1", "text": "b"}}]}),
            "template_message",
        ),
        (
            "interactive",
            json!({"title": "t", "text": "x", "footer": "f", "buttons": [{"name": "quick_reply", "params": "{}"}]}),
            "interactive_message",
        ),
        ("list_reply", json!({"id": "1", "title": "r", "description": null}), "list_response_message"),
        ("button_reply", json!({"id": "1", "text": "b"}), "buttons_response_message"),
        ("template_reply", json!({"id": "1", "text": "b", "index": 0}), "template_button_reply_message"),
        (
            "interactive_reply",
            json!({"name": "f", "params": "{}", "text": "t"}),
            "interactive_response_message",
        ),
        ("group_invite", json!({"group": "1203@g.us", "code": "c", "name": "n"}), "group_invite_message"),
        ("album", json!({"images": 2, "videos": 1}), "album_message"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_phone_sends_a_client_reads_and_can_send_itself() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    alice.say(BOB, "hello").await;
    for (kind, part, field) in bodies() {
        let body = json!({ kind: part });
        let sent = say(&phones, BOB, ALICE, body.clone()).await;
        let got = alice.message(&sent.id).await;
        let fields = serde_json::to_value(&*got.message).expect("json");
        assert!(!fields[field].is_null(), "{kind} comes as {field}: {fields}");

        let message = wa::Message::clone(&got.message);
        let id = alice.wa().send_message(Jid::pn(CAROL), message).await.expect("send").message_id;
        let on_phone = shown(&phones, CAROL, &id, |message| !message.undecryptable).await;
        let body: Body = serde_json::from_value(body).expect("body");
        assert_eq!((on_phone.kind.as_str(), on_phone.body), (kind, Some(body)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_quote_mention_and_preview() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let first = alice.say(BOB, "hello").await;
    shown(&phones, BOB, &first, |_| true).await;
    let answer = Outgoing {
        to: ALICE.into(),
        text: Some("see https://example.org @4915700000003".into()),
        link_preview: serde_json::from_value(json!({"url": "https://example.org", "title": "Example"})).ok(),
        reply_to: Some(first.clone()),
        mentions: vec![CAROL.into()],
        expiration: Some(86_400),
        ..Outgoing::default()
    };
    let sent = phones.send(BOB, answer).await.expect("sent");
    let got = alice.message(&sent.id).await;
    let text = got.message.extended_text_message.as_option().expect("text with context");
    assert_eq!(text.matched_text.as_deref(), Some("https://example.org"));
    assert_eq!(text.context_info.stanza_id.as_deref(), Some(first.as_str()));
    assert_eq!(text.context_info.mentioned_jid, [Jid::pn(CAROL).to_string()]);
    assert_eq!(text.context_info.expiration, Some(86_400));

    let message = wa::Message::clone(&got.message);
    let id = alice.wa().send_message(Jid::pn(BOB), message).await.expect("send").message_id;
    let on_phone = shown(&phones, BOB, &id, |_| true).await;
    assert_eq!(on_phone.quoted, Some(first));
    assert_eq!(on_phone.mentions, [Jid::pn(CAROL).to_string()]);
    assert_eq!(on_phone.traits.expiration, Some(86_400));
    assert_eq!(on_phone.traits.link_preview.and_then(|link| link.title).as_deref(), Some("Example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_file_goes_both_ways() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    alice.say(BOB, "hello").await;
    let kinds = [
        (MediaKind::Image, Some(ViewOnce::V1)),
        (MediaKind::Image, Some(ViewOnce::V2)),
        (MediaKind::Video, Some(ViewOnce::Inline)),
        (MediaKind::Voice, Some(ViewOnce::V2Extension)),
        (MediaKind::Image, None),
        (MediaKind::Video, None),
        (MediaKind::Gif, None),
        (MediaKind::VideoNote, None),
        (MediaKind::Audio, None),
        (MediaKind::Voice, None),
        (MediaKind::Document, None),
        (MediaKind::Sticker, None),
    ];
    for (kind, view_once) in kinds {
        let file = bytes::Bytes::from(vec![kind as u8; 40_000]);
        let media = MediaUpload {
            kind,
            mimetype: "application/x-test".into(),
            file_name: Some("a.bin".into()),
            body: file.clone(),
        };
        let outgoing = Outgoing { to: ALICE.into(), media: Some(media), view_once, ..Outgoing::default() };
        let sent = phones.send(BOB, outgoing).await.expect("sent");
        let got = alice.message(&sent.id).await;
        // the client sends it on under its own name; the file is the same object
        let message = wa::Message::clone(&got.message);
        let id = alice.wa().send_message(Jid::pn(CAROL), message).await.expect("send").message_id;
        let on_phone = shown(&phones, CAROL, &id, |message| !message.undecryptable).await;
        assert_eq!(on_phone.media.as_ref().map(|media| media.kind), Some(kind), "{kind:?}");
        assert_eq!(on_phone.traits.view_once, view_once.is_some(), "{kind:?} {view_once:?}");
        assert_eq!(phones.media(CAROL, &id).await.expect("opens").1, file);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_are_voted_on_across() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let options = ["Pho".to_owned(), "Ramen".to_owned()];
    let wa_client = alice.wa();
    let (poll, secret) = wa_client.polls().create(Jid::pn(BOB), "Lunch?", &options, 1).await.expect("poll");
    let id = poll.message_id;
    shown(&phones, BOB, &id, |message| message.kind == "poll").await;
    let vote = json!({"poll_vote": {"message": id, "options": ["Ramen"]}});
    let vote = say(&phones, BOB, ALICE, vote).await;
    let got = alice.message(&vote.id).await;
    let sealed = &got.message.poll_update_message.vote;
    let ciphertext = PollVoteCiphertext {
        enc_payload: sealed.enc_payload.as_deref().expect("payload"),
        enc_iv: sealed.enc_iv.as_deref().expect("iv"),
    };
    let chosen = wa_client
        .polls()
        .decrypt_vote(ciphertext, &secret, &id, &Jid::pn(ALICE), &Jid::pn(BOB))
        .await
        .expect("opens");
    assert_eq!(chosen, [compute_option_hash("Ramen").to_vec()]);

    let poll =
        say(&phones, BOB, ALICE, json!({"poll": {"name": "?", "options": ["a", "b"], "selectable": 0}}))
            .await;
    let got = alice.message(&poll.id).await;
    let secret = got.message.message_context_info.message_secret.clone().expect("secret");
    let creator = got.info.source.sender.to_non_ad();
    wa_client.polls().vote(Jid::pn(BOB), &poll.id, &creator, &secret, &["b".to_owned()]).await.expect("vote");
    let tallied = |message: &StoredMessage| message.acts.votes.iter().any(|option| !option.voters.is_empty());
    let tally = shown(&phones, BOB, &poll.id, tallied).await.acts.votes;
    assert_eq!((tally[1].option.as_str(), tally[1].voters.as_slice()), ("b", &[ALICE.to_owned()][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_answered_across() {
    use waproto::whatsapp::message::event_response_message::EventResponseType;
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let wa_client = alice.wa();
    let params = EventCreationParams { name: "Party".into(), start_time: Some(5), ..Default::default() };
    let (event, secret) = wa_client.events().create(Jid::pn(BOB), params).await.expect("event");
    shown(&phones, BOB, &event.message_id, |message| message.kind == "event").await;
    let answer = json!({"event_response": {"message": event.message_id, "response": "maybe"}});
    let answer = say(&phones, BOB, ALICE, answer).await;
    let got = alice.message(&answer.id).await;
    let sealed = &got.message.enc_event_response_message;
    let (payload, iv) = (sealed.enc_payload.clone().expect("payload"), sealed.enc_iv.clone().expect("iv"));
    let (creator, responder) = (Jid::pn(ALICE).to_string(), Jid::pn(BOB).to_string());
    let opened =
        decrypt_event_response_with_secret(&payload, &iv, &secret, &event.message_id, &creator, &responder)
            .expect("opens");
    assert_eq!(opened.response, Some(EventResponseType::MAYBE));

    let event = say(&phones, BOB, ALICE, json!({"event": {"name": "Walk", "start": 7}})).await;
    let got = alice.message(&event.id).await;
    let secret = got.message.message_context_info.message_secret.clone().expect("secret");
    let creator = got.info.source.sender.to_non_ad();
    let going = EventResponseType::GOING;
    wa_client
        .events()
        .respond(Jid::pn(BOB), &event.id, &creator, &secret, going, None)
        .await
        .expect("answer");
    let answered = |message: &StoredMessage| !message.acts.responses.is_empty();
    let answers = shown(&phones, BOB, &event.id, answered).await.acts.responses;
    assert_eq!(answers[0].by, ALICE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_follows_what_a_client_does_to_its_messages() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let (wa_client, bob) = (alice.wa(), Jid::pn(BOB));
    let text = |text: &str| wa::Message { conversation: Some(text.into()), ..Default::default() };

    let id = alice.say(BOB, "one").await;
    wa_client.edit_message(bob.clone(), id.clone(), text("two")).await.expect("edit");
    let edited = shown(&phones, BOB, &id, |message| message.text.as_deref() == Some("two")).await;
    assert_eq!(edited.acts.earlier_texts, ["one"]);
    let own = shown(&phones, ALICE, &id, |message| message.text.as_deref() == Some("two")).await;
    assert_eq!(own.acts.earlier_texts, ["one"], "the client's own phone shows the same");

    let mut secretive = text("three");
    secretive.message_context_info =
        wa::MessageContextInfo { message_secret: Some(SECRET.to_vec()), ..Default::default() }.into();
    let sealed = wa_client.send_message(bob.clone(), secretive).await.expect("send").message_id;
    shown(&phones, BOB, &sealed, |_| true).await;
    wa_client.edit_message_encrypted(bob.clone(), sealed.clone(), &SECRET, text("four")).await.expect("edit");
    shown(&phones, BOB, &sealed, |message| message.text.as_deref() == Some("four")).await;

    let key = wa::MessageKey {
        remote_jid: Some(bob.to_string()),
        from_me: Some(true),
        id: Some(id.clone()),
        ..Default::default()
    };
    wa_client.send_reaction(bob.clone(), key.clone(), "👍").await.expect("react");
    let reacted = shown(&phones, BOB, &id, |message| !message.acts.reactions.is_empty()).await;
    assert_eq!(
        (reacted.acts.reactions[0].by.as_str(), reacted.acts.reactions[0].emoji.as_str()),
        (ALICE, "👍")
    );
    wa_client.send_reaction(bob.clone(), key.clone(), "").await.expect("take back");
    shown(&phones, BOB, &id, |message| message.acts.reactions.is_empty()).await;

    wa_client.pin_message(bob.clone(), key.clone(), PinDuration::Hours24).await.expect("pin");
    shown(&phones, BOB, &id, |message| message.acts.pinned).await;
    wa_client.unpin_message(bob.clone(), key.clone()).await.expect("unpin");
    shown(&phones, BOB, &id, |message| !message.acts.pinned).await;
    wa_client.keep_message(bob.clone(), key, true).await.expect("keep");
    shown(&phones, BOB, &id, |message| message.acts.kept).await;

    wa_client.revoke_message(bob, id.clone(), RevokeType::Sender).await.expect("revoke");
    let gone = shown(&phones, BOB, &id, |message| message.acts.revoked.is_some()).await;
    assert_eq!(gone.text, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_what_a_phone_does_to_its_messages() {
    use waproto::whatsapp::message::protocol_message::Type;
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let hers = alice.say(BOB, "hers").await;
    shown(&phones, BOB, &hers, |_| true).await;
    let act = async |body: Value| alice.message(&say(&phones, BOB, ALICE, body).await.id).await;

    let reaction = act(json!({"reaction": {"message": hers, "emoji": "🎉"}})).await;
    let reaction = reaction.message.reaction_message.clone();
    assert_eq!((reaction.text.as_deref(), reaction.key.id.as_deref()), (Some("🎉"), Some(hers.as_str())));

    let his = phones
        .send(BOB, Outgoing { to: ALICE.into(), text: Some("his".into()), ..Outgoing::default() })
        .await
        .expect("sent")
        .id;
    alice.message(&his).await;
    let edit = act(json!({"edit": {"message": his, "text": "his own"}})).await;
    let protocol = &edit.message.protocol_message;
    assert_eq!((protocol.r#type, protocol.key.id.as_deref()), (Some(Type::MESSAGE_EDIT), Some(his.as_str())));
    let pin = act(json!({"pin": {"message": his}})).await;
    assert_eq!(pin.message.pin_in_chat_message.key.id.as_deref(), Some(his.as_str()));
    let revoke = act(json!({"revoke": {"message": his}})).await;
    let protocol = &revoke.message.protocol_message;
    assert_eq!((protocol.r#type, protocol.key.id.as_deref()), (Some(Type::REVOKE), Some(his.as_str())));

    let setting = act(json!({"ephemeral_setting": {"seconds": 86_400}})).await;
    assert_eq!(setting.message.protocol_message.ephemeral_expiration, Some(86_400));
    phones.play(BOB, &hers).await.expect_err("a text is not played");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_phone_has_no_form_for_is_shown_as_unknown() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let payment = wa::message::RequestPaymentMessage {
        currency_code_iso4217: Some("EUR".into()),
        amount1000: Some(1500),
        ..Default::default()
    };
    let message = wa::Message { request_payment_message: payment.into(), ..Default::default() };
    let id = alice.wa().send_message(Jid::pn(BOB), message).await.expect("send").message_id;
    let on_phone = shown(&phones, BOB, &id, |_| true).await;
    let Some(Body::Unknown(unknown)) = on_phone.body else { panic!("{:?}", on_phone.body) };
    assert_eq!(unknown.fields, ["request_payment_message"]);
    assert_eq!(unknown.value["request_payment_message"]["amount1000"], 1500);
}
