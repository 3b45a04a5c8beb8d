//! Presence, subscriptions, typing.

use std::time::Duration;

use serde_json::{Value, json};
use wacore::types::events::Event;
use wacore_binary::Jid;

use crate::client::Client;
use crate::control::ok;
use crate::{Lan, eventually};

const ALICE: &str = "4915400000001";
const BOB: &str = "4915400000002";

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_see_who_comes_and_goes() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    alice.wa().presence().subscribe(Jid::pn(BOB)).await.expect("subscribe");
    // The subscription has no answer; a request behind it has, and order is kept.
    alice.wa().contacts().is_on_whatsapp(&[Jid::pn(BOB)]).await.expect("query");
    phones.set_presence(BOB, true).await.expect("available");
    let seen = |unavailable| {
        move |event: &Event| match event {
            Event::Presence(presence) if presence.unavailable == unavailable => Some(presence.clone()),
            _ => None,
        }
    };
    let online = alice.wait("available", seen(false)).await;
    assert_eq!(online.from, Jid::pn(BOB));
    phones.set_presence(BOB, false).await.expect("unavailable");
    let offline = alice.wait("unavailable", seen(true)).await;
    assert!(offline.last_seen.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_shown_to_the_other_side() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    bob.wa().chatstate().send_composing(&Jid::pn(ALICE)).await.expect("composing");
    let from = alice
        .wait("typing", |event| match event {
            Event::ChatPresence(update) => Some(update.source.sender.clone()),
            _ => None,
        })
        .await;
    assert_eq!(from.user.as_str(), BOB);
}

/// What a client was told of Bob's presence last.
fn last_told(client: &Client) -> Option<(bool, bool)> {
    client.events().iter().rev().find_map(|event| match &**event {
        Event::Presence(presence) => Some((presence.unavailable, presence.last_seen.is_some())),
        _ => None,
    })
}

async fn told(client: &Client, unavailable: bool, last_seen: bool) {
    let wanted = Some((unavailable, last_seen));
    let what = format!("unavailable: {unavailable}, last seen: {last_seen}");
    eventually(&what, || async { (last_told(client) == wanted).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_follows_the_settings_while_it_is_watched() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    phones.set_presence(BOB, true).await.expect("available");
    alice.wa().presence().subscribe(Jid::pn(BOB)).await.expect("subscribe");
    told(&alice, false, false).await;
    phones.set_privacy(BOB, "last", "none").await.expect("privacy");
    phones.set_privacy(BOB, "online", "match_last_seen").await.expect("privacy");
    told(&alice, true, false).await;
    phones.set_privacy(BOB, "online", "all").await.expect("privacy");
    told(&alice, false, false).await;
    phones.set_presence(BOB, false).await.expect("unavailable");
    told(&alice, true, false).await;
    phones.set_privacy(BOB, "last", "contacts").await.expect("privacy");
    lan.sandbox.network().save_contact(BOB, ALICE).await.expect("contact");
    phones.set_presence(BOB, true).await.expect("available");
    told(&alice, false, false).await;
    phones.set_presence(BOB, false).await.expect("unavailable");
    told(&alice, true, true).await;
    phones.block(BOB, ALICE, true).await.expect("block");
    told(&alice, true, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_last_seen_does_not_see_that_of_others() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    phones.set_presence(BOB, true).await.expect("available");
    phones.set_presence(BOB, false).await.expect("unavailable");
    let last = wacore::iq::privacy::PrivacyCategory::Last;
    let wa = alice.wa();
    wa.set_privacy_setting(last.clone(), wacore::iq::privacy::PrivacyValue::None).await.expect("set");
    wa.presence().subscribe(Jid::pn(BOB)).await.expect("subscribe");
    told(&alice, true, false).await;
    wa.set_privacy_setting(last, wacore::iq::privacy::PrivacyValue::All).await.expect("set");
    wa.presence().subscribe(Jid::pn(BOB)).await.expect("subscribe");
    told(&alice, true, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_works_again_after_a_reconnection() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let phones = lan.sandbox.phones();
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    alice.wa().presence().subscribe(Jid::pn(BOB)).await.expect("subscribe");
    phones.set_presence(BOB, true).await.expect("available");
    told(&alice, false, false).await;
    alice.wa().reconnect().await;
    phones.set_presence(BOB, false).await.expect("unavailable");
    told(&alice, true, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_sees_who_is_online_and_who_types() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    lan.sandbox.network().devices(&Jid::pn(BOB)).await.expect("bob exists");
    let chat = async || ok(&lan.sandbox, "GET", &format!("/phones/{BOB}/chats/{ALICE}"), Value::Null).await;
    let shows = async |key: &str, value: Value| {
        eventually(key, || async { (chat().await[key] == value).then_some(()) }).await;
    };
    shows("online", json!(true)).await;
    assert_eq!(chat().await["typing"], Value::Null);
    let to = Jid::pn(BOB);
    alice.wa().chatstate().send_composing(&to).await.expect("composing");
    shows("typing", json!("composing")).await;
    alice.wa().chatstate().send_recording(&to).await.expect("recording");
    shows("typing", json!("recording")).await;
    alice.wa().chatstate().send_paused(&to).await.expect("paused");
    shows("typing", Value::Null).await;

    alice.wa().chatstate().send_composing(&to).await.expect("composing");
    shows("typing", json!("composing")).await;
    lan.sandbox.advance(Duration::from_secs(25)).await.expect("advance");
    assert_eq!(chat().await["typing"], Value::Null);

    alice.wa().presence().set_unavailable().await.expect("unavailable");
    shows("online", json!(false)).await;
    assert!(chat().await["last_seen"].is_string());
}
