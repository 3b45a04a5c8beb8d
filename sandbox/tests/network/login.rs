//! What the server tells a client that logs in.

use serde_json::json;
use wacore::types::events::Event;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wagate_sandbox::ports::Phones;

use crate::client::Client;
use crate::control::ok;
use crate::raw::{Raw, bytes, has};
use crate::{Lan, eventually};

const ALICE: &str = "4916400000001";
const BOB: &str = "4916400000002";

fn dirty(node: &Node) -> bool {
    node.get_optional_child("dirty").is_some()
}

fn end(node: &Node) -> bool {
    node.get_optional_child("offline").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_information_is_given_and_taken_back() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let ib = raw.expect("routing", |node| node.get_optional_child("edge_routing").is_some()).await;
    let info = ib.get_optional_child_by_tag(&["edge_routing", "routing_info"]).expect("info");
    assert!(!bytes(info).is_empty());

    let bob = Client::linked(&lan.sandbox, BOB).await;
    let kept = || bob.wa().persistence_manager().get_device_snapshot().edge_routing_info.clone();
    eventually("routing information", || async { kept() }).await;
    // The next connection begins with it.
    let bob = Client::with_store(&lan.sandbox, bob.leave().await, None).await;
    bob.connected().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stale_is_said_until_it_was_fetched() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let stale = json!({ "what": ["groups", "account_sync"] });
    ok(&lan.sandbox, "POST", &format!("/phones/{ALICE}/stale"), stale).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let seen = raw.collect("dirty bits", |node| {
        dirty(node) && has(node.get_optional_child("dirty").expect("dirty"), "type", "groups")
    });
    assert_eq!(seen.await.iter().filter(|node| dirty(node)).count(), 2);
    let clean = NodeBuilder::new("clean").attr("type", "groups").attr("timestamp", 1).build();
    raw.ask("urn:xmpp:whatsapp:dirty", "set", clean).await;
    drop(raw);
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    raw.expect("end marker", end).await;
    let (_, seen) = raw.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    let left: Vec<_> = seen.iter().filter_map(|node| node.get_optional_child("dirty")).collect();
    assert_eq!(left.len(), 1);
    assert!(has(left[0], "type", "account_sync"), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_there_is_told_at_once_and_cleans_up() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let stale = json!({ "what": ["syncd_app_state"] });
    ok(&lan.sandbox, "POST", &format!("/phones/{ALICE}/stale"), stale).await;
    alice.wait("dirty state", |event| matches!(event, Event::DirtyState(_)).then_some(())).await;
    // Cleaned: at the next login nothing is said of it.
    let told = |client: &Client| {
        client.events().iter().filter(|event| matches!(***event, Event::DirtyState(_))).count()
    };
    let deadline = tokio::time::Instant::now() + crate::client::PATIENCE;
    let mut store = alice.leave().await;
    loop {
        let again = Client::with_store(&lan.sandbox, store, None).await;
        again.connected().await;
        again.wa().fetch_privacy_settings().await.expect("a request behind the login");
        if told(&again) == 0 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "it was never cleaned");
        store = again.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migrated_network_addresses_people_by_lid() {
    let lan = Lan::with(|config| config.lid_migrated = true).await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "hello").await;
    let message = bob.text("hello").await;
    assert!(message.info.source.sender.is_lid(), "{:?}", message.info.source);
    assert_eq!(message.info.source.sender_alt.as_ref().map(|jid| jid.user.as_str()), Some(ALICE));
    bob.say(ALICE, "hello to you").await;
    assert!(alice.text("hello to you").await.info.source.sender.is_lid());
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_are_served_per_account() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let mut props = async || {
        let asked = NodeBuilder::new("props").attr("protocol", 1).build();
        let (answer, _) = raw.ask("abt", "get", asked).await;
        answer.get_optional_child("props").expect("props").clone()
    };
    let none = props().await;
    assert!(none.children().unwrap_or_default().is_empty());
    ok(&lan.sandbox, "PATCH", &format!("/phones/{ALICE}"), json!({ "ab_props": { "10518": "1" } })).await;
    let one = props().await;
    assert_ne!(none.attrs.get("hash"), one.attrs.get("hash"));
    let prop = one.get_optional_child("prop").expect("prop");
    assert!(has(prop, "config_code", "10518") && has(prop, "config_value", "1"), "{prop:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_keys_is_asked_to_upload_all_of_them() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let (none, _) = raw.ask("encrypt", "get", NodeBuilder::new("digest").build()).await;
    assert!(has(none.get_optional_child("error").expect("error"), "code", "404"), "{none:?}");
    raw.upload_keys(&keys, 12).await;
    let (digest, _) = raw.ask("encrypt", "get", NodeBuilder::new("digest").build()).await;
    let ids = digest.get_optional_child_by_tag(&["digest", "list"]).expect("list");
    // Its phone may have taken one by now, to introduce itself.
    assert!((11..=12).contains(&ids.get_children_by_tag("id").count()), "{ids:?}");
    // A bundle of nobody is refused by itself, not with the others.
    lan.sandbox.phones().ensure(BOB, None).await.expect("bob");
    let users = [Jid::pn(BOB), Jid::pn_device(BOB, 7), Jid::group("1203")];
    let users = users.map(|jid| NodeBuilder::new("user").attr("jid", jid).build());
    let (answer, _) = raw.ask("encrypt", "get", NodeBuilder::new("key").children(users).build()).await;
    let list = answer.get_optional_child("list").expect("list");
    let codes: Vec<_> = list
        .get_children_by_tag("user")
        .map(|user| {
            user.get_optional_child("error")
                .and_then(|e| e.attrs.get("code").map(|c| c.as_str().into_owned()))
        })
        .collect();
    assert_eq!(codes, [None, Some("404".to_owned()), Some("406".to_owned())]);
}
