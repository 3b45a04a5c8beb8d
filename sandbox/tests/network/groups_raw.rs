//! Group stanzas as they are on the wire, in the forms of clients other than ours.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use wagate_sandbox::phones::NewGroup;

use crate::Lan;
use crate::raw::{Keys, Raw, has};

const ALICE: &str = "4915800000001";
const BOB: &str = "4915800000002";
const CAROL: &str = "4915800000003";

async fn group_of(lan: &Lan, members: &[&str]) -> Jid {
    let members = members.iter().map(|pn| (*pn).to_owned()).collect();
    let new = NewGroup { subject: "Raw".into(), members, ..NewGroup::default() };
    lan.sandbox.phones().create_group(ALICE, new).await.expect("group").parse().expect("jid")
}

async fn online(lan: &Lan, keys: &Keys) -> Raw {
    let mut raw = Raw::login(&lan.sandbox, keys, false).await;
    raw.expect("end of what waited", |node| node.get_optional_child("offline").is_some()).await;
    raw
}

async fn lid(lan: &Lan, pn: &str) -> String {
    lan.sandbox.network().account(&Jid::pn(pn)).await.expect("account").expect("exists").lid
}

fn enc(kind: &'static str) -> Node {
    NodeBuilder::new("enc").attr("v", "2").attr("type", kind).bytes(kind.as_bytes().to_vec()).build()
}

fn message(group: &Jid, id: &'static str) -> NodeBuilder {
    NodeBuilder::new("message").attr("to", group).attr("id", id).attr("type", "text")
}

fn key_for(device: Jid) -> Node {
    let to = NodeBuilder::new("to").attr("jid", device).children([enc("pkmsg")]).build();
    NodeBuilder::new("participants").children([to]).build()
}

fn types(node: &Node) -> Vec<String> {
    let encs = node.get_children_by_tag("enc").filter_map(|enc| enc.attrs.get("type"));
    encs.map(|kind| kind.as_str().into_owned()).collect()
}

async fn ack_of(raw: &mut Raw, id: &str) -> Node {
    raw.expect("ack", |node| node.tag == "ack" && has(node, "id", id)).await
}

async fn arrived(raw: &mut Raw, id: &str) -> Node {
    raw.expect("message", |node| node.tag == "message" && has(node, "id", id)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_gets_its_key_before_the_message() {
    let lan = Lan::start().await;
    let (alice_keys, bob_keys) = (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await);
    let group = group_of(&lan, &[BOB]).await;
    let (mut alice, mut bob) = (online(&lan, &alice_keys).await, online(&lan, &bob_keys).await);
    let (alice_lid, bob_lid) = (lid(&lan, ALICE).await, lid(&lan, BOB).await);
    // The message for all may come first, as one client has it.
    let stanza = message(&group, "M1")
        .attr("addressing_mode", "lid")
        .attr("edit", "1")
        .attr("phash", "2:stale")
        .children([
            enc("skmsg"),
            key_for(Jid::lid_device(bob_lid.as_str(), 1)),
            NodeBuilder::new("device-identity").bytes(vec![1]).build(),
            NodeBuilder::new("meta").attr("polltype", "vote").build(),
        ])
        .build();
    alice.send(stanza).await;
    let ack = ack_of(&mut alice, "M1").await;
    assert!(!ack.attrs.contains_key("error"), "{ack:?}");
    let hash = ack.attrs.get("phash").expect("the hash of all devices").as_str().into_owned();
    assert!(hash.starts_with("2:") && hash != "2:stale", "{hash}");

    let got = arrived(&mut bob, "M1").await;
    assert_eq!(types(&got), ["pkmsg", "skmsg"]);
    assert_eq!(got.attrs.get("from").and_then(|from| from.to_jid()), Some(group.clone()));
    let participant = got.attrs.get("participant").and_then(|participant| participant.to_jid());
    assert_eq!(participant, Some(Jid::lid_device(alice_lid.as_str(), 1)));
    assert_eq!(got.attrs.get("participant_pn").and_then(|pn| pn.to_jid()), Some(Jid::pn(ALICE)));
    assert!(has(&got, "addressing_mode", "lid") && has(&got, "edit", "1") && has(&got, "type", "text"));
    assert!(got.get_optional_child("device-identity").is_some() && got.get_optional_child("meta").is_some());
    assert!(got.get_optional_child("participants").is_none());

    // The sender who knows the devices is told nothing about them.
    let stanza = message(&group, "M2").attr("phash", hash.as_str()).children([enc("skmsg")]).build();
    alice.send(stanza).await;
    assert!(!ack_of(&mut alice, "M2").await.attrs.contains_key("phash"));
    let got = arrived(&mut bob, "M2").await;
    assert_eq!(types(&got), ["skmsg"]);
    assert!(got.get_optional_child("device-identity").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn lid_digits_before_the_phone_number_server_are_understood() {
    let lan = Lan::start().await;
    let (alice_keys, bob_keys) = (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await);
    let group = group_of(&lan, &[BOB]).await;
    let (mut alice, mut bob) = (online(&lan, &alice_keys).await, online(&lan, &bob_keys).await);
    let odd = Jid::pn_device(lid(&lan, BOB).await, 1);
    alice.send(message(&group, "M1").children([enc("skmsg"), key_for(odd)]).build()).await;
    assert_eq!(types(&arrived(&mut bob, "M1").await), ["pkmsg", "skmsg"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_be_sent_is_refused() {
    let lan = Lan::start().await;
    let (alice_keys, carol_keys) =
        (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, CAROL).await);
    let group = group_of(&lan, &[BOB]).await;
    let nobodys: Jid = "120363999999999999@g.us".parse().expect("jid");
    let (mut alice, mut carol) = (online(&lan, &alice_keys).await, online(&lan, &carol_keys).await);
    let plain = |group: &Jid, id| message(group, id).children([enc("skmsg")]);
    alice.send(plain(&group, "M1").attr("addressing_mode", "pn").build()).await;
    assert!(has(&ack_of(&mut alice, "M1").await, "error", "421"), "stale addressing");
    alice.send(plain(&nobodys, "M2").build()).await;
    assert!(has(&ack_of(&mut alice, "M2").await, "error", "404"), "no such group");
    alice.send(message(&group, "M3").children([enc("msg")]).build()).await;
    assert!(has(&ack_of(&mut alice, "M3").await, "error", "400"), "a ciphertext for nobody");
    carol.send(plain(&group, "M4").build()).await;
    assert!(has(&ack_of(&mut carol, "M4").await, "error", "403"), "not a member");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_again_goes_to_who_asks() {
    let lan = Lan::start().await;
    let (alice_keys, bob_keys) = (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await);
    let tablet_keys = Raw::link(&lan.sandbox, BOB).await;
    let group = group_of(&lan, &[BOB]).await;
    let mut alice = online(&lan, &alice_keys).await;
    let (mut bob, mut tablet) = (online(&lan, &bob_keys).await, online(&lan, &tablet_keys).await);
    let (alice_lid, bob_lid) = (lid(&lan, ALICE).await, lid(&lan, BOB).await);
    let bob_jid = Jid::lid_device(bob_lid.as_str(), 1);
    let again = |id| message(&group, id).children([enc("skmsg")]).build();
    alice.send(again("M1")).await;
    arrived(&mut bob, "M1").await;
    arrived(&mut tablet, "M1").await;

    let retry = NodeBuilder::new("retry").attr("count", 1).attr("id", "M1").build();
    let receipt = NodeBuilder::new("receipt")
        .attr("to", &group)
        .attr("id", "M1")
        .attr("type", "retry")
        .attr("participant", Jid::lid_device(alice_lid.as_str(), 1))
        .children([retry])
        .build();
    bob.send(receipt).await;
    let asked = alice.expect("retry", |node| node.tag == "receipt" && has(node, "type", "retry")).await;
    assert_eq!(asked.attrs.get("from").and_then(|from| from.to_jid()), Some(group.clone()));
    assert_eq!(asked.attrs.get("participant").and_then(|jid| jid.to_jid()), Some(bob_jid.clone()));
    assert!(asked.get_optional_child("retry").is_some());

    // One client sends to the one device, counting, with the first attempt beside it.
    let counted = NodeBuilder::new("enc").attr("v", "2").attr("type", "msg").attr("count", 1).bytes(vec![1]);
    let stanza = message(&group, "M1").attr("participant", &bob_jid);
    alice.send(stanza.children([counted.build(), key_for(bob_jid)]).build()).await;
    assert_eq!(types(&arrived(&mut bob, "M1").await), ["msg"]);
    // Another sends to all and does not count; who did not ask has it already.
    alice.send(again("M1")).await;
    assert_eq!(types(&arrived(&mut bob, "M1").await), ["skmsg"]);
    alice.send(again("M2")).await;
    for device in [&mut bob, &mut tablet] {
        let seen = device.collect("message", |node| node.tag == "message" && has(node, "id", "M2")).await;
        assert_eq!(seen.iter().filter(|node| node.tag == "message").count(), 1, "{seen:?}");
    }
}
