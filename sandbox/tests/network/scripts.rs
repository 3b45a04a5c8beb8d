//! Phones that act by themselves, as a client sees it.

use std::time::Duration;

use serde_json::{Value, json};
use wacore::types::events::Event;
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wagate_sandbox::phones::SettingsChange;

use crate::client::Client;
use crate::{Lan, eventually};

const ALICE: &str = "4915800000001";
const BOB: &str = "4915800000002";

fn change(value: Value) -> SettingsChange {
    serde_json::from_value(value).expect("settings")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_reads_types_and_answers() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let script = json!({
        "read": { "after_ms": 3_600_000 },
        "script": { "replies": [{ "keyword": "price", "reply": "10 EUR" }], "delay_ms": 7_200_000, "typing_ms": 60_000 },
    });
    phones.register(BOB, None, change(script)).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let id = alice.say(BOB, "What is the price?").await;
    alice.receipt(&id, "Delivered").await;
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("time passes");
    alice.receipt(&id, "Read").await;
    assert!(alice.texts().is_empty(), "not yet");
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("time passes");
    let typing = |event: &Event| matches!(event, Event::ChatPresence(_)).then_some(());
    alice.wait("typing", typing).await;
    alice.text("10 EUR").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_due_while_the_network_is_down_is_sent_afterwards() {
    let lan = Lan::start().await;
    let script = json!({ "script": { "echo": true, "delay_ms": 3_600_000 } });
    lan.sandbox.phones().register(BOB, None, change(script)).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let id = alice.say(BOB, "are you there?").await;
    alice.receipt(&id, "Delivered").await;
    let lan = lan.restart().await;
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("time passes");
    alice.text("are you there?").await;
    let id = alice.say(BOB, "fine").await;
    alice.receipt(&id, "Delivered").await;
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("time passes");
    alice.text("fine").await;
    assert_eq!(alice.texts(), ["are you there?", "fine"], "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_stop_hears_no_more() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let stop = json!({ "script": { "replies": [{ "keyword": "", "reply": "STOP", "then": "blocks" }] } });
    phones.register(BOB, None, change(stop)).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    alice.say(BOB, "Buy now!").await;
    alice.text("STOP").await;
    let blocked = || async {
        let ask = NodeBuilder::new("iq").attr("id", "1").attr("type", "get").attr("xmlns", "blocklist");
        let answer = lan.sandbox.network().query(BOB, ask.build()).await.expect("answer");
        let list = answer.get_optional_child("list").expect("list");
        list.get_optional_child("item").map(drop)
    };
    eventually("the block", blocked).await;
    let unheard = alice.say(BOB, "Buy!").await;
    let heard = alice.say("4915800000003", "And you?").await;
    alice.receipt(&heard, "Delivered").await;
    assert!(phones.message(BOB, &unheard).await.is_err(), "the server takes it and the phone never gets it");
    assert_eq!(alice.texts(), ["STOP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_made_on_demand_follow_the_defaults() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    phones.change_defaults(change(json!({ "script": { "echo": true } }))).await.expect("changed");
    alice.say(BOB, "hello stranger").await;
    alice.text("hello stranger").await;
    phones.change_defaults(change(json!({ "sink": true, "sample": 0 }))).await.expect("changed");
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(alice.say(&format!("49158001{n:05}"), "into the sink").await);
    }
    for id in &ids {
        alice.receipt(id, "Delivered").await;
    }
    // her own phone does what phones do by default, too: it gets its copies
    eventually("all counted", || async { (phones.sink_counts().received >= 20).then_some(()) }).await;
    let counts = phones.sink_counts();
    assert_eq!((counts.opened, counts.failed, counts.duplicates), (0, 0, 0));
    let listed = phones.inbox_of_all(0, 1000, Default::default()).await.expect("inbox").items;
    assert!(listed.iter().all(|entry| entry.text.as_deref() != Some("into the sink")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_opens_samples_of_what_a_client_sends() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    phones.register(BOB, None, change(json!({ "sink": true, "sample": 5 }))).await.expect("bob");
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let mut last = String::new();
    for n in 0..50 {
        last = alice.wa().send_text(Jid::pn(BOB), format!("{n}")).await.expect("send").message_id;
    }
    alice.receipt(&last, "Delivered").await;
    let counts = phones.sink_counts();
    assert_eq!((counts.received, counts.failed, counts.duplicates), (50, 0, 0));
    assert!(counts.opened > 0 && counts.opened < 50, "{counts:?}");
    let opened = phones.inbox(BOB, 0, 100).await.expect("inbox").items;
    assert_eq!(opened.len() as u64, counts.opened);
    assert!(opened.iter().all(|message| message.text.is_some() && !message.undecryptable));
}
