//! Calls: who rings, who answers, who is told.

use wacore::types::call::{CallAction, IncomingCall, MissedReason};
use wacore::types::events::Event;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use crate::Lan;
use crate::client::Client;
use crate::raw::{Keys, Raw, bytes, has};

const ALICE: &str = "4915830000001";
const BOB: &str = "4915830000002";

async fn online(lan: &Lan, keys: &Keys) -> Raw {
    let mut raw = Raw::login(&lan.sandbox, keys, false).await;
    raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    raw
}

/// A call stanza with one action.
fn call(to: &Jid, id: &'static str, action: NodeBuilder) -> Node {
    let creator = Jid::pn_device(ALICE, 1);
    let action = action.attr("call-id", "CALL1").attr("call-creator", creator).build();
    NodeBuilder::new("call").attr("to", to).attr("id", id).children([action]).build()
}

/// An offer to two devices of the callee, as clients that encrypt write it.
fn offer(to: &Jid) -> Node {
    let key = |device| {
        let enc = NodeBuilder::new("enc").attr("v", 2).attr("type", "msg").bytes(vec![device]).build();
        let jid = Jid::pn_device(BOB, u16::from(device));
        NodeBuilder::new("to").attr("jid", jid).children([enc]).build()
    };
    let audio = NodeBuilder::new("audio").attr("enc", "opus").attr("rate", 16000).build();
    let keys = NodeBuilder::new("destination").children([key(1), key(2)]).build();
    call(to, "O1", NodeBuilder::new("offer").children([audio, keys]))
}

async fn acked(raw: &mut Raw, id: &str, action: &str) {
    let ack = raw.expect("ack", |node| node.tag == "ack" && has(node, "id", id)).await;
    assert!(has(&ack, "class", "call") && has(&ack, "type", action), "{ack:?}");
    assert!(!ack.attrs.contains_key("error"), "{ack:?}");
}

/// Waits for an action of a call.
async fn action(raw: &mut Raw, tag: &'static str) -> (Node, Node) {
    let call = raw.expect(tag, |node| node.tag == "call" && node.get_optional_child(tag).is_some()).await;
    let action = call.get_optional_child(tag).expect("action").clone();
    (call, action)
}

fn from(node: &Node) -> Option<Jid> {
    node.attrs.get("from")?.to_jid()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_rings_and_rejects() {
    let lan = Lan::start().await;
    let mut alice = online(&lan, &Raw::link(&lan.sandbox, ALICE).await).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.send(offer(&Jid::pn(BOB))).await;
    acked(&mut alice, "O1", "offer").await;
    let ringing = incoming(&bob).await;
    assert_eq!((ringing.from.clone(), ringing.offline), (Jid::pn_device(ALICE, 1), false));
    assert!(ringing.notify.is_some());
    let CallAction::Offer { call_id, is_video, audio, .. } = &ringing.action else {
        panic!("no offer: {ringing:?}");
    };
    assert_eq!((call_id.as_str(), *is_video, audio.len()), ("CALL1", false, 1));
    // The client says that it rings to the device that calls.
    alice.expect("receipt", |node| node.tag == "receipt" && node.get_optional_child("offer").is_some()).await;

    bob.wa().voip().reject(&ringing).await.expect("reject");
    let (call, reject) = action(&mut alice, "reject").await;
    assert_eq!(from(&call), Some(Jid::pn_device(BOB, 1)));
    assert!(has(&reject, "call-id", "CALL1"));
}

async fn incoming(client: &Client) -> IncomingCall {
    client
        .wait("call", |event| match event {
            Event::IncomingCall(call) => Some(call.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_rings_with_its_own_key_and_one_answers() {
    let lan = Lan::start().await;
    let mut alice = online(&lan, &Raw::link(&lan.sandbox, ALICE).await).await;
    let keys = [Raw::link(&lan.sandbox, BOB).await, Raw::link(&lan.sandbox, BOB).await];
    let (mut one, mut two) = (online(&lan, &keys[0]).await, online(&lan, &keys[1]).await);
    alice.send(offer(&Jid::pn(BOB))).await;
    acked(&mut alice, "O1", "offer").await;
    for (device, key) in [(&mut one, 1), (&mut two, 2)] {
        let (_, ring) = action(device, "offer").await;
        assert!(ring.get_optional_child("destination").is_none());
        assert_eq!(bytes(ring.get_optional_child("enc").expect("own key")), [key]);
    }
    // To whomever it is addressed, an answer goes to the device that calls.
    two.send(call(&Jid::pn(ALICE), "A1", NodeBuilder::new("preaccept"))).await;
    acked(&mut two, "A1", "preaccept").await;
    two.send(call(&Jid::pn(ALICE), "A2", NodeBuilder::new("accept"))).await;
    action(&mut alice, "preaccept").await;
    let (answer, _) = action(&mut alice, "accept").await;
    assert_eq!(from(&answer), Some(Jid::pn_device(BOB, 2)));

    let elsewhere = NodeBuilder::new("terminate").attr("reason", "accepted_elsewhere");
    alice.send(call(&Jid::pn_device(BOB, 1), "T1", elsewhere)).await;
    let (_, end) = action(&mut one, "terminate").await;
    assert!(has(&end, "reason", "accepted_elsewhere"));
    alice.send(call(&Jid::pn(BOB), "T2", NodeBuilder::new("terminate").attr("duration", 5))).await;
    acked(&mut alice, "T2", "terminate").await;
    for device in [&mut one, &mut two] {
        let (_, end) = action(device, "terminate").await;
        assert!(has(&end, "duration", "5"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_answered_under_its_id() {
    let lan = Lan::start().await;
    let mut alice = online(&lan, &Raw::link(&lan.sandbox, ALICE).await).await;
    let mut bob = online(&lan, &Raw::link(&lan.sandbox, BOB).await).await;
    alice.send(offer(&Jid::pn(BOB))).await;
    let (ring, _) = action(&mut bob, "offer").await;
    let caller = from(&ring).expect("from");
    let mut reject = call(&caller, "R1", NodeBuilder::new("reject").attr("count", 0));
    reject.attrs.insert("from", Jid::pn_device(BOB, 1));
    bob.send(reject).await;
    let ack = bob.expect("answer", |node| has(node, "id", "R1")).await;
    assert!(has(&ack, "class", "call") && has(&ack, "type", "reject"), "{ack:?}");
    assert_eq!(from(&ack), Some(caller));
    action(&mut alice, "reject").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_learns_of_the_call_later() {
    let lan = Lan::start().await;
    let mut alice = online(&lan, &Raw::link(&lan.sandbox, ALICE).await).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let store = bob.leave().await;
    crate::eventually("bob is away", || async { (lan.sandbox.online() == 1).then_some(()) }).await;
    alice.send(offer(&Jid::pn(BOB))).await;
    acked(&mut alice, "O1", "offer").await;
    alice.send(call(&Jid::pn(BOB), "T1", NodeBuilder::new("terminate").attr("reason", "timeout"))).await;
    acked(&mut alice, "T1", "terminate").await;
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    let missed = bob
        .wait("missed call", |event| match event {
            Event::MissedCall(call) => Some(call.clone()),
            _ => None,
        })
        .await;
    assert!(missed.call_id == "CALL1" && matches!(missed.reason, MissedReason::Offline), "{missed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_rings_who_takes_no_calls_from_the_caller() {
    let lan = Lan::start().await;
    let mut alice = online(&lan, &Raw::link(&lan.sandbox, ALICE).await).await;
    let mut bob = online(&lan, &Raw::link(&lan.sandbox, BOB).await).await;
    let known = NodeBuilder::new("category").attr("name", "calladd").attr("value", "known").build();
    let (answer, _) = bob.ask("privacy", "set", NodeBuilder::new("privacy").children([known]).build()).await;
    assert!(has(&answer, "type", "result"), "{answer:?}");
    alice.send(offer(&Jid::pn(BOB))).await;
    acked(&mut alice, "O1", "offer").await;
    let (_, before) = bob.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    assert!(before.iter().all(|node| node.tag != "call"), "{before:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_routed_is_refused_and_links_are_made() {
    let lan = Lan::start().await;
    let mut alice = online(&lan, &Raw::link(&lan.sandbox, ALICE).await).await;
    let to = Jid::pn(BOB);
    let nameless = NodeBuilder::new("offer").build();
    let bare = NodeBuilder::new("call").attr("to", &to);
    for (stanza, code) in [
        (bare.attr("id", "X1").children([nameless]).build(), "400"),
        (NodeBuilder::new("call").attr("to", &to).attr("id", "X1").build(), "400"),
        (call(&Jid::group("1203"), "X1", NodeBuilder::new("offer")), "404"),
        (call(&Jid::lid("987654321"), "X1", NodeBuilder::new("offer")), "404"),
    ] {
        alice.send(stanza).await;
        let ack = alice.expect("refusal", |node| node.tag == "ack" && has(node, "id", "X1")).await;
        assert!(has(&ack, "error", code), "{ack:?}");
    }
    let create = NodeBuilder::new("link_create").attr("media", "video").build();
    let link = NodeBuilder::new("call").attr("to", "@call").attr("id", "L1").children([create]);
    alice.send(link.build()).await;
    let answer = alice.expect("link", |node| has(node, "id", "L1")).await;
    let link = answer.get_optional_child("link_create").expect("link");
    assert!(has(&answer, "type", "link_create") && has(link, "media", "video"), "{answer:?}");
    assert!(link.attrs.contains_key("token"));
}
