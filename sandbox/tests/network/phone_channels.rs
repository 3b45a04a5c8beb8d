//! Channels that phones own and follow, by the control API.

use serde_json::{Value, json};
use wacore::proto_helpers::MessageBuilderExt;
use wacore::types::events::Event;
use wacore_binary::Jid;
use waproto::whatsapp::Message;

use crate::client::Client;
use crate::control::{self, ok};
use crate::{Lan, eventually};

const PHONE: &str = "4915850000001";
const READER: &str = "4915850000002";
const BOB: &str = "4915850000003";

/// A channel that the phone owns.
async fn channel(lan: &Lan) -> String {
    for number in [PHONE, READER] {
        ok(&lan.sandbox, "POST", "/phones", json!({ "number": number })).await;
    }
    let path = format!("/phones/{PHONE}/channels");
    let made = ok(&lan.sandbox, "POST", &path, json!({ "name": "Phone news" })).await;
    assert_eq!((&made["role"], &made["subscribers"]), (&json!("owner"), &json!(1)));
    made["id"].as_str().expect("id").to_owned()
}

async fn posts(lan: &Lan, reader: &str, channel: &str) -> Vec<Value> {
    let path = format!("/phones/{reader}/channels/{channel}/posts");
    let page = ok(&lan.sandbox, "GET", &path, Value::Null).await;
    page["items"].as_array().expect("items").clone()
}

async fn say(lan: &Lan, channel: &str, what: Value) -> Value {
    let mut message = json!({ "to": channel });
    message.as_object_mut().expect("object").extend(what.as_object().expect("object").clone());
    ok(&lan.sandbox, "POST", &format!("/phones/{PHONE}/messages"), message).await
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_follow_the_channel_of_a_phone() {
    let lan = Lan::start().await;
    let id = channel(&lan).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let jid: Jid = id.parse().expect("jid");
    bob.wa().newsletter().join(&jid).await.expect("join");
    let sent = say(&lan, &id, json!({ "text": { "body": "hello world" } })).await;
    assert_eq!((&sent["status"], &sent["chat"]), (&json!("sent"), &json!(id)));
    let got = bob.text("hello world").await;
    assert_eq!(&got.info.source.chat, &jid);

    let server_id = u64::try_from(got.info.server_id).expect("server id");
    bob.wa().newsletter().send_reaction(&jid, server_id, "👍").await.expect("react");
    let counted = json!([{ "emoji": "👍", "count": 1 }]);
    eventually("reaction", || async {
        let posts = posts(&lan, PHONE, &id).await;
        (posts[0]["reactions"] == counted).then_some(())
    })
    .await;
    let edit = json!({ "content": { "edit": { "message": sent["id"], "text": "hello again" } } });
    say(&lan, &id, edit).await;
    bob.text("hello again").await;
    let image = json!({ "kind": "image", "mimetype": "image/png", "base64": "cGl4ZWxz", "caption": "look" });
    let image = say(&lan, &id, json!({ "media": image })).await;
    let got = bob
        .wait("image", |event| match event {
            Event::Messages(batch) => {
                batch.messages.iter().find(|m| m.message.image_message.is_set()).cloned()
            }
            _ => None,
        })
        .await;
    let image_part = got.message.image_message.as_option().expect("image");
    assert!(image_part.media_key.is_none(), "files in channels are not encrypted");
    assert_eq!(bob.wa().download(image_part).await.expect("download"), b"pixels");
    let own = lan.sandbox.phones().media(PHONE, image["id"].as_str().expect("id")).await.expect("file");
    assert_eq!(&own.1[..], b"pixels");

    say(&lan, &id, json!({ "content": { "revoke": { "message": sent["id"] } } })).await;
    let history = posts(&lan, READER, &id).await;
    assert_eq!(history.len(), 2);
    assert_eq!((&history[0]["type"], &history[0]["text"]), (&json!("revoke"), &Value::Null));
    assert_eq!((&history[1]["type"], &history[1]["text"]), (&json!("media"), &json!("look")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_follows_the_channel_of_a_client() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, BOB).await;
    ok(&lan.sandbox, "POST", "/phones", json!({ "number": READER })).await;
    let made = alice.wa().newsletter().create("News", None).await.expect("create");
    let id = made.jid.to_string();
    let found = format!("/phones/{READER}/channels/{}", made.invite_code.expect("invite"));
    let seen = ok(&lan.sandbox, "GET", &found, Value::Null).await;
    assert_eq!((&seen["id"], &seen["role"]), (&json!(id), &json!("guest")));
    ok(&lan.sandbox, "PUT", &format!("/phones/{READER}/channels/{id}/follow"), Value::Null).await;

    let author = alice.wa();
    let publish = |text: &str| author.send_message(made.jid.clone(), Message::text(text));
    let sent = publish("first").await.expect("publish").message_id;
    let phones = lan.sandbox.phones();
    let shown = eventually("post", || async { phones.message(READER, &sent).await.ok() }).await;
    assert_eq!((shown.chat.as_str(), shown.text.as_deref()), (id.as_str(), Some("first")));
    alice.wa().newsletter().edit_message(&made.jid, &sent, Message::text("better")).await.expect("edit");
    let edited = eventually("edit", || async {
        let post = phones.message(READER, &sent).await.ok()?;
        (post.text.as_deref() == Some("better")).then_some(post)
    })
    .await;
    assert_eq!(edited.acts.earlier_texts, ["first"]);

    alice.wa().newsletter().subscribe_live_updates(made.jid.clone()).await.expect("live");
    let react = json!({ "to": id, "content": { "reaction": { "message": sent, "emoji": "🎉" } } });
    ok(&lan.sandbox, "POST", &format!("/phones/{READER}/messages"), react).await;
    alice
        .wait("reaction", |event| match event {
            Event::NewsletterLiveUpdate(update) => {
                update.messages.iter().find(|m| m.reactions.iter().any(|r| r.code == "🎉")).map(|_| ())
            }
            _ => None,
        })
        .await;
    let read = ok(&lan.sandbox, "POST", &format!("/phones/{READER}/chats/{id}/read"), Value::Null).await;
    assert!(read["read"].as_array().is_some_and(|read| read.contains(&json!(sent))), "{read}");
    eventually("view", || async { (posts(&lan, READER, &id).await[0]["views"] == 1).then_some(()) }).await;
    alice.wa().newsletter().revoke_message(&made.jid, &sent).await.expect("revoke");
    eventually("revocation", || async { phones.message(READER, &sent).await.ok()?.acts.revoked.map(|_| ()) })
        .await;

    ok(&lan.sandbox, "DELETE", &format!("/phones/{READER}/channels/{id}/follow"), Value::Null).await;
    publish("not for the phone").await.expect("publish");
    let followed = ok(&lan.sandbox, "GET", &format!("/phones/{READER}/channels"), Value::Null).await;
    assert_eq!(followed["items"], json!([]));
    let inbox = phones.chat_messages(READER, &id, 0, 100).await.expect("chat").items;
    assert!(inbox.iter().all(|post| post.text.as_deref() != Some("not for the phone")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_changes_its_channel_and_no_other() {
    let lan = Lan::start().await;
    let id = channel(&lan).await;
    let own = format!("/phones/{PHONE}/channels/{id}");
    let other = format!("/phones/{READER}/channels/{id}");
    let change = json!({ "name": "Newer", "description": "with words" });
    let changed = ok(&lan.sandbox, "PATCH", &own, change.clone()).await;
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Newer"), &json!("with words")));
    for (method, body) in [("PATCH", change), ("DELETE", Value::Null)] {
        let (status, problem) = control::call(&lan.sandbox, method, &other, body).await;
        assert_eq!((status, &problem["code"]), (409, &json!("refused")), "{method}");
    }
    let post = json!({ "to": id, "text": { "body": "mine" } });
    let refused = ok(&lan.sandbox, "POST", &format!("/phones/{READER}/messages"), post).await;
    assert_eq!((&refused["status"], &refused["error"]), (&json!("failed"), &json!(403)));
    ok(&lan.sandbox, "DELETE", &own, Value::Null).await;
    let (status, _) = control::call(&lan.sandbox, "GET", &own, Value::Null).await;
    assert_eq!(status, 404);
    let (status, problem) =
        control::call(&lan.sandbox, "PATCH", &format!("/phones/{PHONE}/channels/x"), json!({})).await;
    assert_eq!((status, &problem["field"]), (422, &json!("channel")));
}
