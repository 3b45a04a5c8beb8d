//! The network's promises, stanza by stanza.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use crate::Lan;
use crate::raw::{Keys, Raw, bytes, has};

const ALICE: &str = "4915700000001";
const BOB: &str = "4915700000002";

fn message(id: &str, targets: &[Jid], count: Option<u32>) -> Node {
    let enc = NodeBuilder::new("enc").attr("v", 2).attr("type", "msg");
    let enc = match count {
        Some(count) => enc.attr("count", count).bytes(vec![9]).build(),
        None => enc.bytes(vec![1, 2, 3]).build(),
    };
    let to =
        targets.iter().map(|jid| NodeBuilder::new("to").attr("jid", jid).children([enc.clone()]).build());
    let participants = NodeBuilder::new("participants").children(to).build();
    NodeBuilder::new("message")
        .attr("to", Jid::pn(BOB))
        .attr("id", id)
        .attr("type", "text")
        .children([participants, NodeBuilder::new("future").attr("x", 1).build()])
        .build()
}

fn is_message(id: &'static str) -> impl Fn(&Node) -> bool {
    move |node| node.tag == "message" && has(node, "id", id)
}

async fn pair(lan: &Lan) -> (Keys, Keys) {
    (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await)
}

async fn online(lan: &Lan, keys: &Keys) -> Raw {
    let mut raw = Raw::login(&lan.sandbox, keys, false).await;
    raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn each_device_gets_its_share_with_both_addresses_of_the_sender() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    let lid = lan.sandbox.network().account(&Jid::pn(BOB)).await.expect("account").expect("bob").lid;
    a.send(message("M1", &[Jid::pn_device(BOB, 1)], None)).await;
    let ack = a.expect("ack", |node| node.tag == "ack").await;
    assert!(has(&ack, "class", "message") && has(&ack, "id", "M1") && !ack.attrs.contains_key("error"));
    let got = b.expect("message", is_message("M1")).await;
    assert_eq!(got.attrs.get("from").and_then(|v| v.to_jid()), Some(Jid::pn_device(ALICE, 1)));
    assert!(got.attrs.get("sender_lid").and_then(|v| v.to_jid()).is_some_and(|jid| jid.is_lid()));
    assert!(!got.attrs.contains_key("recipient") && got.attrs.contains_key("notify"));
    assert!(got.get_optional_child("participants").is_none() && got.get_optional_child("future").is_some());
    assert_eq!(bytes(got.get_optional_child("enc").expect("enc")), [1, 2, 3]);

    a.send(message("M2", &[Jid::lid_device(lid.as_str(), 1)], None)).await;
    let got = b.expect("message", is_message("M2")).await;
    assert!(
        got.attrs.get("from").and_then(|v| v.to_jid()).is_some_and(|jid| jid.is_lid() && jid.device == 1)
    );
    assert!(got.attrs.get("sender_pn").and_then(|v| v.to_jid()).is_some_and(|jid| jid == Jid::pn(ALICE)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_acknowledged_comes_again_and_the_rest_does_not() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    for id in ["M1", "M2", "M3"] {
        a.send(message(id, &[Jid::pn_device(BOB, 1)], None)).await;
    }
    b.expect("last", is_message("M3")).await;
    let from = Jid::pn_device(ALICE, 1);
    b.send(NodeBuilder::new("receipt").attr("to", &from).attr("id", "M1").build()).await;
    b.send(NodeBuilder::new("ack").attr("class", "message").attr("to", &from).attr("id", "M3").build()).await;
    // An answered request proves that what came before it was handled.
    b.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    drop(b);
    let mut b = Raw::login(&lan.sandbox, &bob, false).await;
    let seen = b.collect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    let messages: Vec<_> = seen.iter().filter(|node| node.tag == "message").collect();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert!(has(messages[0], "id", "M2") && messages[0].attrs.contains_key("offline"));
    let marker = seen.last().and_then(|node| node.get_optional_child("offline")).expect("marker");
    assert_eq!(
        marker.attrs.get("count").map(|v| v.as_str().into_owned()),
        Some((seen.len() - 1).to_string())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_are_acked_and_not_delivered_but_retries_are() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    let target = [Jid::pn_device(BOB, 1)];
    for node in [message("M1", &target, None), message("M1", &target, None), message("M1", &target, Some(1))]
    {
        a.send(node).await;
        a.expect("ack", |node| node.tag == "ack" && has(node, "id", "M1")).await;
    }
    a.send(message("END", &target, None)).await;
    let seen = b.collect("end", is_message("END")).await;
    let copies: Vec<_> = seen.iter().filter(|node| has(node, "id", "M1")).collect();
    assert_eq!(copies.len(), 2);
    assert_eq!(bytes(copies[1].get_optional_child("enc").expect("enc")), [9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_asked_for_is_delivered_though_it_counts_no_retries() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    let target = [Jid::pn_device(BOB, 1)];
    a.send(message("M1", &target, None)).await;
    b.expect("message", is_message("M1")).await;
    let retry = NodeBuilder::new("retry").attr("v", 1).attr("count", 1).attr("id", "M1").build();
    let receipt = NodeBuilder::new("receipt").attr("to", Jid::pn_device(ALICE, 1)).attr("id", "M1");
    b.send(receipt.attr("type", "retry").children([retry]).build()).await;
    a.expect("retry", |node| node.tag == "receipt").await;
    a.send(message("M1", &target, None)).await;
    b.expect("the copy", is_message("M1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_receipt_reaches_the_sending_device_whole() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    let retry = NodeBuilder::new("retry").attr("v", 1).attr("count", 1).attr("id", "M1").build();
    let receipt = NodeBuilder::new("receipt").attr("to", Jid::pn_device(ALICE, 1)).attr("id", "M1");
    b.send(receipt.attr("type", "retry").children([retry.clone()]).build()).await;
    let ack = b.expect("ack", |node| node.tag == "ack").await;
    assert!(has(&ack, "class", "receipt") && has(&ack, "type", "retry"));
    let got = a.expect("retry", |node| node.tag == "receipt").await;
    assert_eq!(got.attrs.get("from").and_then(|v| v.to_jid()), Some(Jid::pn_device(BOB, 1)));
    assert_eq!(got.get_optional_child("retry"), Some(&retry));

    let inactive = NodeBuilder::new("receipt").attr("to", Jid::pn_device(ALICE, 1)).attr("id", "M2");
    b.send(inactive.attr("type", "inactive").build()).await;
    let got = a.expect("delivery", |node| node.tag == "receipt" && has(node, "id", "M2")).await;
    assert!(!got.attrs.contains_key("type"), "inactive must arrive as plain delivery");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passive_device_gets_nothing_live_until_it_is_active() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let mut a = online(&lan, &alice).await;
    let mut b = Raw::login(&lan.sandbox, &bob, true).await;
    b.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    a.send(message("M1", &[Jid::pn_device(BOB, 1)], None)).await;
    a.expect("ack", |node| node.tag == "ack").await;
    // The ack was sent after the commit, and delivery would have followed it before this answer.
    let (_, seen) = b.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    assert!(!seen.iter().any(|node| node.tag == "message"), "{seen:#?}");
    b.ask("passive", "set", NodeBuilder::new("active").build()).await;
    b.expect("held message", is_message("M1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_patch_on_the_same_base_is_a_conflict_that_carries_the_first() {
    let lan = Lan::start().await;
    let phone = Raw::link(&lan.sandbox, ALICE).await;
    let tablet = Raw::link(&lan.sandbox, ALICE).await;
    let (mut a, mut b) = (online(&lan, &phone).await, online(&lan, &tablet).await);
    let push = |base: u64| {
        let patch = NodeBuilder::new("patch").bytes(vec![0x40, 1]).build();
        let collection = NodeBuilder::new("collection").attr("name", "regular").attr("version", base);
        NodeBuilder::new("sync").children([collection.children([patch]).build()]).build()
    };
    let of = |answer: &Node| {
        answer.get_optional_child_by_tag(&["sync", "collection"]).expect("collection").clone()
    };
    // A companion is told of other devices' patches once its phone has introduced it.
    b.upload_keys(&tablet, 12).await;
    let told = |node: &Node| node.tag == "notification" && has(node, "type", "server_sync");
    let deadline = tokio::time::Instant::now() + crate::client::PATIENCE;
    for base in 0.. {
        let (answer, _) = a.ask("w:sync:app:state", "set", push(base)).await;
        assert!(has(&of(&answer), "version", &(base + 1).to_string()), "{answer:?}");
        let (_, seen) = b.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
        let of_it =
            |node: &Node| has(node.get_optional_child("collection").expect("collection"), "name", "regular");
        if seen.iter().any(|node| told(node) && of_it(node)) {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "the other device was never told");
    }
    let (answer, _) = b.ask("w:sync:app:state", "set", push(0)).await;
    let collection = of(&answer);
    assert!(has(&collection, "type", "error"));
    assert!(has(collection.get_optional_child("error").expect("error"), "code", "409"));
    let missing = collection.get_optional_child_by_tag(&["patches", "patch"]).expect("missing patch");
    let patch = waproto::codec::syncd_patch_decode(bytes(missing)).expect("patch");
    assert_eq!(patch.version.as_option().and_then(|v| v.version), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn few_keys_left_are_announced_and_unknown_requests_are_answered() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut a = online(&lan, &keys).await;
    let device = Jid::pn_device(ALICE, 1);
    let (error, _) = a.ask("nobody:knows", "get", NodeBuilder::new("this").build()).await;
    assert!(has(&error, "type", "result") && error.content.is_none());
    let (count, _) = a.ask("encrypt", "get", NodeBuilder::new("count").build()).await;
    assert!(has(count.get_optional_child("count").expect("count"), "value", "0"));

    a.upload_keys(&keys, 12).await;
    let network = lan.sandbox.network();
    for _ in 0..12 {
        network.take_bundle(&device).await.expect("bundle");
    }
    let low = a.expect("low count", |node| node.tag == "notification" && has(node, "type", "encrypt")).await;
    let left = low
        .get_optional_child("count")
        .expect("count")
        .attrs
        .get("value")
        .expect("value")
        .as_str()
        .into_owned();
    assert!(left.parse::<u32>().expect("number") <= 10);
    let bundle = network.take_bundle(&device).await.expect("bundle");
    assert!(bundle.one_time.is_none());
    let identity = bundle.device_identity.expect("signed identity");
    let identity = waproto::codec::adv_signed_device_identity_decode(&identity).expect("identity");
    let account = network.account(&device).await.expect("account").expect("alice");
    assert_eq!(identity.account_signature_key.as_deref(), Some(&account.identity[..]));
    assert!(identity.device_signature.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn blocked_senders_are_acked_and_not_delivered() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    let item = |action: &'static str| {
        NodeBuilder::new("item").attr("jid", Jid::pn(ALICE)).attr("action", action).build()
    };
    b.ask("blocklist", "set", item("block")).await;
    a.send(message("M1", &[Jid::pn_device(BOB, 1)], None)).await;
    a.expect("ack", |node| node.tag == "ack" && has(node, "id", "M1")).await;
    let (_, before) = b.ask("blocklist", "set", item("unblock")).await;
    a.send(message("M2", &[Jid::pn_device(BOB, 1)], None)).await;
    let seen = b.collect("message", is_message("M2")).await;
    assert!(!before.iter().chain(&seen).any(|node| has(node, "id", "M1")), "{before:#?} {seen:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_cannot_be_taken_over_with_other_keys() {
    let lan = Lan::start().await;
    let (alice, bob) = pair(&lan).await;
    let thief = Keys { device: alice.device, number: alice.number, ..bob };
    let mut raw = Raw::try_login(&lan.sandbox, &thief).await;
    let failure = raw.expect("failure", |node| node.tag == "failure").await;
    assert!(has(&failure, "reason", "401"));
    raw.closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_under_way_does_not_bring_an_unlinked_device_back() {
    let lan = Lan::start().await;
    let network = lan.sandbox.network();
    for round in 0..20 {
        let number = format!("49157010000{round:02}");
        let keys = Raw::link(&lan.sandbox, &number).await;
        let mut raw = online(&lan, &keys).await;
        // Each of these changes the stored device; none is answered before the unlinking starts.
        for n in 0..30 {
            raw.send(NodeBuilder::new("presence").attr("name", format!("name {n}")).build()).await;
        }
        network.unlink(&number, keys.device).await.expect("unlink");
        raw.closed().await;
        assert!(network.companions(&number).await.expect("companions").is_empty(), "round {round}");
        let mut again = Raw::try_login(&lan.sandbox, &keys).await;
        again.expect("failure", |node| node.tag == "failure").await;
    }
}
