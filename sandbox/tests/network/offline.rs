//! Queues that clients fetch in batches.

use serde_json::json;
use wacore::types::events::Event;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wagate_sandbox::phones::Outgoing;
use wagate_sandbox::ports::Phones;

use crate::Lan;
use crate::client::Client;
use crate::control::ok;
use crate::raw::{Keys, Raw, has};

const ALICE: &str = "4916300000001";
const BOB: &str = "4916300000002";

async fn phone_writes(lan: &Lan, texts: impl Iterator<Item = String>) {
    for text in texts {
        let outgoing = Outgoing { to: ALICE.into(), text: Some(text), ..Outgoing::default() };
        lan.sandbox.phones().send(BOB, outgoing).await.expect("send");
    }
}

/// Alice as a device that is away, with five messages waiting.
async fn five_waiting(lan: &Lan) -> Keys {
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    lan.sandbox.phones().ensure(BOB, None).await.expect("bob");
    phone_writes(lan, (0..5).map(|n| format!("waiting {n}"))).await;
    keys
}

fn batch(count: u32) -> Node {
    let batch = NodeBuilder::new("offline_batch").attr("count", count).build();
    NodeBuilder::new("ib").children([batch]).build()
}

fn messages(seen: &[Node]) -> usize {
    seen.iter().filter(|node| node.tag == "message" && node.attrs.contains_key("offline")).count()
}

fn end(node: &Node) -> bool {
    node.get_optional_child("offline").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_comes_in_the_batches_asked_for() {
    let lan = Lan::with(|config| config.offline_preview = true).await;
    let keys = five_waiting(&lan).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let told = raw.expect("preview", |node| node.get_optional_child("offline_preview").is_some()).await;
    let preview = told.get_optional_child("offline_preview").expect("preview");
    assert!(has(preview, "message", "5"), "{preview:?}");
    // Nothing comes unasked, and nothing new gets ahead of what waits.
    phone_writes(&lan, std::iter::once("new".to_owned())).await;
    let (_, before) = raw.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    assert_eq!(before.iter().filter(|node| node.tag == "message").count(), 0, "{before:#?}");
    let total: usize = preview.attrs.get("count").expect("count").as_str().parse().expect("number");
    let live = |node: &Node| node.tag == "message" && !node.attrs.contains_key("offline");
    let (mut fetched, mut came) = (0, false);
    for count in [2, 2, 100] {
        raw.send(batch(count)).await;
        let (_, seen) = raw.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
        let last = seen.iter().any(end);
        if let Some(place) = seen.iter().position(live) {
            assert!(seen[..place].iter().any(end), "before what waits: {seen:#?}");
            came = true;
        }
        fetched += seen.iter().filter(|node| node.attrs.contains_key("offline")).count();
        assert_eq!(last, count == 100, "{seen:#?}");
        if !last {
            assert_eq!(fetched % 2, 0, "{seen:#?}");
            continue;
        }
        assert_eq!(fetched, total);
        let marker = seen.iter().find(|node| end(node)).and_then(|node| node.get_optional_child("offline"));
        assert!(has(marker.expect("marker"), "count", &total.to_string()));
    }
    if !came {
        raw.expect("what came meanwhile", live).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_once_gets_everything() {
    let lan = Lan::start().await;
    let keys = five_waiting(&lan).await;
    ok(&lan.sandbox, "PATCH", &format!("/phones/{ALICE}"), json!({ "offline_preview": true })).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, true).await;
    raw.expect("preview", |node| node.get_optional_child("offline_preview").is_some()).await;
    raw.send(batch(2)).await;
    let seen = raw.collect("end marker", end).await;
    assert_eq!(messages(&seen), 5, "{seen:#?}");
    // It had said that it is passive.
    phone_writes(&lan, std::iter::once("new".to_owned())).await;
    let (_, held) = raw.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    assert!(!held.iter().any(|node| node.tag == "message"), "{held:#?}");
    raw.ask("passive", "set", NodeBuilder::new("active").build()).await;
    raw.expect("held message", |node| node.tag == "message").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_fetches_more_than_one_batch() {
    let lan = Lan::with(|config| config.offline_preview = true).await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    lan.sandbox.phones().ensure(BOB, None).await.expect("bob");
    let store = alice.leave().await;
    // Its batches have two hundred stanzas.
    phone_writes(&lan, (0..210).map(|n| format!("away {n}"))).await;
    let alice = Client::with_store(&lan.sandbox, store, None).await;
    let total = alice
        .wait("preview", |event| match event {
            Event::OfflineSyncPreview(preview) => Some(preview.messages),
            _ => None,
        })
        .await;
    // What its phone sent first may wait with them.
    assert!(total >= 210, "{total}");
    alice.text("away 209").await;
    let expected: Vec<String> = (0..210).map(|n| format!("away {n}")).collect();
    assert_eq!(alice.texts(), expected);
    phone_writes(&lan, std::iter::once("live".to_owned())).await;
    alice.text("live").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_keeps_the_newest() {
    let lan = Lan::with(|config| config.queue_limit = 100).await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let network = lan.sandbox.network();
    lan.sandbox.phones().ensure(BOB, None).await.expect("bob");
    // The cap is looked at every few thousand stanzas.
    let last = 2_400;
    for n in 0..=last {
        let enc = NodeBuilder::new("enc").attr("v", 2).attr("type", "msg").bytes(vec![1]).build();
        let to = Jid::pn_device(ALICE, keys.device);
        let message =
            NodeBuilder::new("message").attr("to", to).attr("id", format!("M{n}")).attr("type", "text");
        network.submit(BOB, message.children([enc]).build()).await.expect("submit");
    }
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let seen = raw.collect("end marker", end).await;
    assert!(messages(&seen) < 500, "{} messages", messages(&seen));
    assert!(seen.iter().any(|node| has(node, "id", &format!("M{last}"))), "the newest is there");
    assert!(!seen.iter().any(|node| has(node, "id", "M0")), "the oldest is gone");
}
