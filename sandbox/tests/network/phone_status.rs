//! Status posts of phones, by the control API.

use serde_json::{Value, json};
use wacore::types::events::Event;
use wacore_binary::JidExt;
use waproto::whatsapp::MessageKey;
use waproto::whatsapp::message::extended_text_message::FontType;

use crate::client::Client;
use crate::control::{self, ok};
use crate::{Lan, eventually};

const PHONE: &str = "4915860000001";
const BOB: &str = "4915860000002";
const CAROL: &str = "4915860000003";

async fn post(lan: &Lan, status: Value) -> Value {
    ok(&lan.sandbox, "POST", &format!("/phones/{PHONE}/status"), status).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_shows_its_status_to_whom_it_knows() {
    let lan = Lan::start().await;
    ok(&lan.sandbox, "POST", "/phones", json!({ "number": PHONE })).await;
    let (bob, carol) = (Client::linked(&lan.sandbox, BOB).await, Client::linked(&lan.sandbox, CAROL).await);
    bob.say(PHONE, "hello").await;
    let sent = post(&lan, json!({ "text": "good morning" })).await;
    assert_eq!((&sent["status"], &sent["chat"]), (&json!("sent"), &json!("status@broadcast")));
    let shown = bob.text("good morning").await;
    assert!(shown.info.source.chat.is_status_broadcast());
    let id = sent["id"].as_str().expect("id");
    assert_eq!(shown.info.id, id);
    bob.wa()
        .mark_as_read(&shown.info.source.chat, Some(&shown.info.source.sender), &[id])
        .await
        .expect("read");
    let phones = lan.sandbox.phones();
    eventually("reading", || async {
        let message = phones.message(PHONE, id).await.ok()?;
        (message.status == wagate_sandbox::phones::Status::Read).then_some(())
    })
    .await;
    let key = MessageKey {
        remote_jid: Some("status@broadcast".to_owned()),
        id: Some(id.to_owned()),
        from_me: Some(false),
        participant: Some(shown.info.source.sender.to_non_ad().to_string()),
    };
    bob.wa().send_reaction(shown.info.source.chat.clone(), key, "👍").await.expect("react");
    let reaction = eventually("reaction on the phone", || async {
        phones.message(PHONE, id).await.ok()?.acts.reactions.pop()
    })
    .await;
    assert_eq!((reaction.by.as_str(), reaction.emoji.as_str()), (BOB, "👍"));

    let image = json!({ "kind": "image", "mimetype": "image/png", "base64": "cGl4ZWxz", "caption": "look" });
    post(&lan, json!({ "media": image, "viewers": [CAROL] })).await;
    let got = carol
        .wait("image", |event| match event {
            Event::Messages(batch) => {
                batch.messages.iter().find(|m| m.message.image_message.is_set()).cloned()
            }
            _ => None,
        })
        .await;
    let image = got.message.image_message.as_option().expect("image");
    assert_eq!(carol.wa().download(image).await.expect("download"), b"pixels");
    assert_eq!(carol.texts(), Vec::<String>::new(), "not the first one");

    ok(&lan.sandbox, "DELETE", &format!("/phones/{PHONE}/status/{id}"), Value::Null).await;
    bob.wait("revocation", |event| match event {
        Event::Messages(batch) => {
            batch.messages.iter().find(|m| m.message.protocol_message.is_set()).map(|_| ())
        }
        _ => None,
    })
    .await;
    let path = format!("/phones/{PHONE}/status");
    for damaged in [json!({}), json!({ "text": "" }), json!({ "text": "a", "viewers": ["x"] })] {
        let (status, problem) = control::call(&lan.sandbox, "POST", &path, damaged).await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid_field")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_reacts_to_the_status_of_a_client() {
    let lan = Lan::start().await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    ok(&lan.sandbox, "POST", "/phones", json!({ "number": PHONE })).await;
    bob.say(PHONE, "hello").await;
    let wa = bob.wa();
    let viewer = [wacore_binary::Jid::pn(PHONE)];
    let status = wa.status();
    let sent = status.send_text("mine", 0, FontType::SYSTEM, &viewer, Default::default()).await;
    let id = sent.expect("post").message_id;
    let phones = lan.sandbox.phones();
    eventually("status on the phone", || async { phones.message(PHONE, &id).await.ok() }).await;
    let path = format!("/phones/{PHONE}/status/{id}/reaction");
    ok(&lan.sandbox, "PUT", &path, json!({ "emoji": "🎉" })).await;
    let emoji = bob
        .wait("reaction", |event| match event {
            Event::Messages(batch) => batch.messages.iter().find_map(|m| {
                let reaction = m.message.reaction_message.as_option()?;
                m.info.source.chat.is_status_broadcast().then(|| reaction.text.clone())
            }),
            _ => None,
        })
        .await;
    assert_eq!(emoji.as_deref(), Some("🎉"));
    let (code, _) =
        control::call(&lan.sandbox, "PUT", &path.replace(&id, "NONE"), json!({ "emoji": "x" })).await;
    assert_eq!(code, 404);
}
