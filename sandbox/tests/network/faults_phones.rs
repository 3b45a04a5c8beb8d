//! Phones without network, damaged and late stanzas to phones, keys that are gone.

use std::time::Duration;

use serde_json::json;
use wacore_binary::Jid;
use wagate_sandbox::faults::{Effect, Fault, Selector};
use wagate_sandbox::phones::{Outgoing, Status};
use wagate_sandbox::ports::{Phones, PortError};
use wagate_sandbox::trace::{Direction, EventKind};

use crate::client::Client;
use crate::lab::{device, once, tag};
use crate::raw::Raw;
use crate::{Lan, eventually};

const ALICE: &str = "4916600000001";
const BOB: &str = "4916600000002";

fn text(to: &str, text: &str) -> Outgoing {
    Outgoing { to: to.into(), text: Some(text.to_owned()), ..Outgoing::default() }
}

fn to_phone(number: &str) -> Selector {
    Selector { direction: Some(Direction::Out), ..tag("message", device(number, 0)) }
}

async fn switch(lan: &Lan, number: &str, offline: bool, seconds: Option<u64>) {
    let body = match seconds {
        Some(seconds) => json!({ "offline": offline, "seconds": seconds }),
        None => json!({ "offline": offline }),
    };
    let (status, answer) = lan.call("PUT", &format!("/v1/phones/{number}/offline"), Some(body)).await;
    assert_eq!((status, &answer["offline"]), (200, &json!(offline)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_a_phone_is_offline_waits_for_it() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let hello = alice.say(BOB, "hello").await;
    alice.receipt(&hello, "Delivered").await;
    switch(&lan, BOB, true, None).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(alice.say(BOB, &format!("away {n}")).await);
    }
    let error = phones.send(BOB, text(ALICE, "nobody hears")).await.expect_err("no network");
    assert!(matches!(error, PortError::Refused(_)), "{error}");
    // Everything before an answered request was routed by now; the phone got none of it.
    alice.wa().refresh_media_conn(true).await.expect("request");
    let delivered = |id: &String| {
        let (phones, id) = (lan.sandbox.phones(), id.clone());
        async move { phones.message(BOB, &id).await.is_ok() }
    };
    for id in &ids {
        assert!(!delivered(id).await);
    }
    switch(&lan, BOB, false, None).await;
    for id in &ids {
        alice.receipt(id, "Delivered").await;
        assert!(delivered(id).await);
    }
    let inbox = phones.inbox(BOB, 0, 100).await.expect("inbox").items;
    let shown: Vec<_> = inbox.iter().filter_map(|m| m.text.clone()).collect();
    assert_eq!(shown, ["hello", "away 0", "away 1", "away 2", "away 3", "away 4"]);
    assert!(inbox.iter().all(|message| message.duplicates == 0));
    phones.send(BOB, text(ALICE, "back again")).await.expect("send");
    alice.text("back again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_comes_back_when_its_time_has_passed() {
    let lan = Lan::start().await;
    lan.sandbox.phones().ensure(BOB, None).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    switch(&lan, BOB, true, Some(60)).await;
    // The later word counts.
    switch(&lan, BOB, true, Some(3600)).await;
    let id = alice.say(BOB, "later").await;
    lan.sandbox.advance(Duration::from_secs(60)).await.expect("advance");
    let (_, view) = lan.call("GET", &format!("/v1/phones/{BOB}/offline"), None).await;
    assert_eq!(view["offline"], true);
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("advance");
    alice.receipt(&id, "Delivered").await;
    let online = lan.nth(BOB, EventKind::Phone, 2).await;
    assert_eq!(online.detail.as_deref(), Some("online"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_of_an_offline_phone_is_introduced_when_it_is_back() {
    let lan = Lan::start().await;
    lan.sandbox.phones().ensure(ALICE, Some("Alice")).await.expect("alice");
    let client = Client::start(&lan.sandbox).await;
    let qr = client.qr().await;
    crate::client::link(&lan.sandbox, ALICE, &qr).await;
    switch(&lan, ALICE, true, None).await;
    switch(&lan, ALICE, false, None).await;
    client.connected().await;
    eventually("push name", || async { (client.wa().push_name() == "Alice").then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_asks_again_for_what_it_cannot_open() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let fault = lan.fault(once(to_phone(BOB), Effect::DamageEnc));
    let id = alice.say(BOB, "damaged").await;
    lan.applied(fault, 1).await;
    let shown = eventually("message on the phone", || async {
        phones.message(BOB, &id).await.ok().filter(|message| !message.undecryptable)
    })
    .await;
    assert_eq!(shown.text.as_deref(), Some("damaged"));
    let retries = lan.stanzas(|event, stanza| {
        event.device == Some(0)
            && event.number == BOB.parse().ok()
            && stanza.r#type.as_deref() == Some("retry")
    });
    assert!(!retries.is_empty());
    alice.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn late_doubled_and_lost_messages_reach_a_phone_once() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let late = lan.fault(once(to_phone(BOB), Effect::Delay { ms: 3_600_000, keep_order: false }));
    let first = alice.say(BOB, "late").await;
    lan.applied(late, 1).await;
    let second = alice.say(BOB, "overtakes").await;
    alice.receipt(&second, "Delivered").await;
    assert!(phones.message(BOB, &first).await.is_err());
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("advance");
    alice.receipt(&first, "Delivered").await;

    let twice = lan.fault(once(to_phone(BOB), Effect::Duplicate));
    let third = alice.say(BOB, "twice").await;
    lan.applied(twice, 1).await;
    eventually("second copy", || async {
        phones.message(BOB, &third).await.ok().filter(|message| message.duplicates == 1)
    })
    .await;

    let lost = lan.fault(once(to_phone(BOB), Effect::Drop));
    let fourth = alice.say(BOB, "lost").await;
    lan.applied(lost, 1).await;
    let fifth = alice.say(BOB, "after").await;
    alice.receipt(&fifth, "Delivered").await;
    assert!(phones.message(BOB, &fourth).await.is_err());
    // As for a client, what was lost comes when the phone is back.
    switch(&lan, BOB, true, None).await;
    switch(&lan, BOB, false, None).await;
    alice.receipt(&fourth, "Delivered").await;
    assert_eq!(phones.message(BOB, &fourth).await.expect("message").duplicates, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_phone_that_is_lost_stays_unsent() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    phones.ensure(ALICE, None).await.expect("alice");
    let fault = lan.fault(once(tag("message", device(ALICE, 0)), Effect::Drop));
    let sent = phones.send(ALICE, text(BOB, "lost")).await.expect("send");
    assert_eq!(sent.status, Status::Pending, "nobody has acknowledged it");
    lan.applied(fault, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_one_time_keys_sessions_are_made_all_the_same() {
    let lan = Lan::start().await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let on = Selector { number: Some(BOB.into()), ..Selector::default() };
    let fault = lan.fault(Fault { on, ..Fault::from(Effect::WithoutOneTimeKey) });
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let id = alice.say(BOB, "no key left").await;
    bob.text("no key left").await;
    alice.receipt_from(1, &id, "Delivered").await;
    // Bob's client and his phone.
    lan.applied(fault, 2).await;
    let bundle = lan.sandbox.network().take_bundle(&Jid::pn_device(BOB, 1)).await.expect("bundle");
    assert!(bundle.one_time.is_none());
    assert!(lan.sandbox.faults().remove(fault));
    let bundle = lan.sandbox.network().take_bundle(&Jid::pn_device(BOB, 1)).await.expect("bundle");
    assert!(bundle.one_time.is_some(), "the server has kept them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_whose_keys_were_lost_uploads_others() {
    let lan = Lan::start().await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let fault = lan.fault(once(device(BOB, 1), Effect::LosePreKeys));
    let network = lan.sandbox.network();
    let first = network.take_bundle(&Jid::pn_device(BOB, 1)).await.expect("bundle");
    assert!(first.one_time.is_none());
    lan.applied(fault, 1).await;
    // The client is told that none are left.
    let one_time = eventually("new keys", || async {
        network.take_bundle(&Jid::pn_device(BOB, 1)).await.expect("bundle").one_time
    })
    .await;
    assert!(one_time.0 > 0);
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    alice.say(BOB, "with a new key").await;
    bob.text("with a new key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_what_it_has_lost() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    raw.upload_keys(&keys, 12).await;
    lan.fault(once(device(ALICE, 1), Effect::LosePreKeys));
    lan.sandbox.network().take_bundle(&Jid::pn_device(ALICE, 1)).await.expect("bundle");
    let low = raw
        .expect("low count", |node| node.tag == "notification" && crate::raw::has(node, "type", "encrypt"))
        .await;
    assert!(crate::raw::has(low.get_optional_child("count").expect("count"), "value", "0"));
}
