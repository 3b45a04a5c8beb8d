//! Pictures, profile texts, names, default timers.

use bytes::Bytes;
use serde_json::{Value, json};
use wacore::iq::groups::PictureType;
use wacore::types::events::{Event, PictureUpdate};
use wacore_binary::Jid;
use wagate_sandbox::Sandbox;

use crate::client::Client;
use crate::control::ok;
use crate::groups::group_of;
use crate::{Lan, eventually};

const ALICE: &str = "4915900000001";
const BOB: &str = "4915900000002";
const CARL: &str = "4915900000003";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 not much of a picture \xff\xd9";

/// Alice and Bob, who have written to each other.
async fn friends(lan: &Lan) -> (Client, Client) {
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "hello").await;
    bob.text("hello").await;
    bob.say(ALICE, "hello to you").await;
    alice.text("hello to you").await;
    (alice, bob)
}

async fn named(client: &Client, name: &str) {
    eventually(name, || async { (client.wa().push_name() == name).then_some(()) }).await;
}

async fn phone_named(lan: &Lan, name: &str) {
    let phones = lan.sandbox.phones();
    let check = || async { (phones.summary(ALICE).await.expect("phone").push_name == name).then_some(()) };
    eventually("name on the phone", check).await;
}

fn picture(of: &'static str, removed: bool) -> impl Fn(&Event) -> Option<PictureUpdate> {
    move |event| match event {
        Event::PictureUpdate(update) if update.jid == Jid::pn(of) && update.removed == removed => {
            Some(update.clone())
        }
        _ => None,
    }
}

/// Fetches what an address names, from the plain listener instead of the TLS one.
async fn fetch(sandbox: &Sandbox, url: &str) -> Bytes {
    let (ours, plain) = (sandbox.media_https_host(), sandbox.media_http_addr());
    let url = url.replace(&format!("https://{ours}"), &format!("http://{plain}"));
    let answer = reqwest::get(url).await.expect("picture");
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    answer.bytes().await.expect("bytes")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_set_seen_and_removed() {
    let lan = Lan::start().await;
    let (alice, bob) = friends(&lan).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    assert!(bob.wa().contacts().get_profile_picture(&Jid::pn(ALICE), true).await.expect("none").is_none());

    let id = alice.wa().profile().set_profile_picture(JPEG.to_vec()).await.expect("set").id;
    for witness in [&bob, &tablet] {
        assert_eq!(witness.wait("picture", picture(ALICE, false)).await.picture_id.as_ref(), Some(&id));
    }
    for preview in [true, false] {
        let seen = bob.wa().contacts().get_profile_picture(&Jid::pn(ALICE), preview).await.expect("get");
        let seen = seen.expect("a picture");
        assert_eq!(seen.id, id);
        assert_eq!(fetch(&lan.sandbox, &seen.url).await, JPEG);
    }
    let info = bob.wa().contacts().get_user_info(&[Jid::pn(ALICE)]).await.expect("info");
    assert_eq!(info[&Jid::pn(ALICE)].picture_id.as_ref(), Some(&id));

    let other = alice.wa().profile().set_profile_picture(vec![0xff, 0xd8, 0xff]).await.expect("set").id;
    assert_ne!(id, other);
    alice.wa().profile().remove_profile_picture().await.expect("remove");
    bob.wait("removal", picture(ALICE, true)).await;
    assert!(bob.wa().contacts().get_profile_picture(&Jid::pn(ALICE), false).await.expect("get").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_shows_and_sees_pictures() {
    let lan = Lan::start().await;
    let (alice, _bob) = friends(&lan).await;
    let path = format!("/phones/{BOB}/picture");
    let url = format!("{}/v1{path}", lan.sandbox.control_url());
    let set = reqwest::Client::new().put(url).body(JPEG).send().await.expect("put");
    assert_eq!(set.status(), 204);
    alice.wait("picture", picture(BOB, false)).await;
    let seen = alice.wa().contacts().get_profile_picture(&Jid::pn(BOB), false).await.expect("get");
    assert_eq!(fetch(&lan.sandbox, &seen.expect("a picture").url).await, JPEG);
    ok(&lan.sandbox, "DELETE", &path, Value::Null).await;
    alice.wait("removal", picture(BOB, true)).await;

    let id = alice.wa().profile().set_profile_picture(JPEG.to_vec()).await.expect("set").id;
    let card = ok(&lan.sandbox, "GET", &format!("/phones/{BOB}/contacts/{ALICE}"), Value::Null).await;
    assert_eq!(card["picture"]["id"], id);
    assert_eq!(fetch(&lan.sandbox, card["picture"]["url"].as_str().expect("url")).await, JPEG);
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_texts_are_announced_to_contacts_and_kept() {
    let lan = Lan::start().await;
    let (alice, bob) = friends(&lan).await;
    let about = |of: &'static str, text: &'static str| {
        move |event: &Event| match event {
            Event::UserAboutUpdate(update) if update.jid == Jid::pn(of) && update.status == text => Some(()),
            _ => None,
        }
    };
    alice.wa().profile().set_status_text("at work").await.expect("set");
    bob.wait("profile text", about(ALICE, "at work")).await;
    ok(&lan.sandbox, "PATCH", &format!("/phones/{BOB}"), json!({ "about": "on holiday" })).await;
    alice.wait("profile text", about(BOB, "on holiday")).await;

    let (alice, bob) = (alice.leave().await, bob.leave().await);
    let lan = lan.restart().await;
    let alice = Client::with_store(&lan.sandbox, alice, None).await;
    drop(bob);
    alice.connected().await;
    let info = alice.wa().contacts().get_user_info(&[Jid::pn(BOB)]).await.expect("info");
    assert_eq!(info[&Jid::pn(BOB)].status.as_deref(), Some("on holiday"));
    let card = ok(&lan.sandbox, "GET", &format!("/phones/{BOB}/contacts/{ALICE}"), Value::Null).await;
    assert_eq!(card["about"], "at work");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_given_on_one_device_is_known_on_all() {
    let lan = Lan::start().await;
    let (alice, bob) = friends(&lan).await;
    let tablet = Client::linked(&lan.sandbox, ALICE).await;
    alice.wa().profile().set_push_name("Alice from the laptop").await.expect("name");
    phone_named(&lan, "Alice from the laptop").await;
    named(&tablet, "Alice from the laptop").await;
    alice.say(BOB, "who is it").await;
    assert_eq!(bob.text("who is it").await.info.push_name, "Alice from the laptop");

    let change = json!({ "push_name": "Alice from the phone" });
    ok(&lan.sandbox, "PATCH", &format!("/phones/{ALICE}"), change).await;
    for client in [&alice, &tablet] {
        named(client, "Alice from the phone").await;
    }
    alice.say(BOB, "and now").await;
    assert_eq!(bob.text("and now").await.info.push_name, "Alice from the phone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_timer_is_announced_and_kept() {
    let lan = Lan::start().await;
    let (alice, bob) = friends(&lan).await;
    alice.wa().set_default_disappearing_mode(86_400).await.expect("set");
    let timer = bob
        .wait("timer", |event| match event {
            Event::DisappearingModeChanged(change) if change.from == Jid::pn(ALICE) => Some(change.duration),
            _ => None,
        })
        .await;
    assert_eq!(timer, 86_400);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_set_nothing_is_described_all_the_same() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let info = alice.wa().contacts().get_user_info(&[Jid::pn(CARL)]).await.expect("info");
    let carl = &info[&Jid::pn(CARL)];
    assert_eq!((carl.status.as_deref(), carl.picture_id.as_deref(), carl.is_business), (None, None, false));
    assert_eq!(carl.devices, [0]);
    assert!(carl.lid.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_a_picture_for_its_members() {
    let lan = Lan::start().await;
    let (alice, bob) = friends(&lan).await;
    let carl = Client::linked(&lan.sandbox, CARL).await;
    let group = group_of(&alice, "Pictures", &[BOB]).await;
    let id = alice.wa().groups().set_profile_picture(group.clone(), JPEG.to_vec()).await.expect("set").id;
    let told = bob
        .wait("picture", |event| match event {
            Event::PictureUpdate(update) if update.jid == group => Some(update.clone()),
            _ => None,
        })
        .await;
    assert_eq!(told.picture_id.as_ref(), Some(&id));
    assert!(told.author.is_some());
    let seen = bob.wa().contacts().get_profile_picture(&group, false).await.expect("get").expect("a picture");
    assert_eq!(fetch(&lan.sandbox, &seen.url).await, JPEG);
    let listed = vec![group.clone()];
    let listed = bob.wa().groups().get_profile_pictures(listed, PictureType::Preview).await.expect("list");
    assert_eq!(listed[0].photo_id.as_ref(), Some(&id));
    assert!(carl.wa().contacts().get_profile_picture(&group, false).await.expect("get").is_none());
    assert!(carl.wa().groups().set_profile_picture(group.clone(), JPEG.to_vec()).await.is_err());
    alice.wa().groups().remove_profile_picture(group.clone()).await.expect("remove");
    assert!(bob.wa().contacts().get_profile_picture(&group, false).await.expect("get").is_none());
}
