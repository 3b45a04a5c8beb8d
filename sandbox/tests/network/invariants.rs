//! What holds whatever happens: order, once-only, addresses, answers.

use std::collections::{HashMap, HashSet};

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};
use wagate_sandbox::trace::Direction;

use crate::Lan;
use crate::client::Client;
use crate::raw::{Keys, Raw, has};

const ALICE: &str = "4916900000001";
const BOB: &str = "4916900000002";

async fn online(lan: &Lan, keys: &Keys) -> Raw {
    let mut raw = Raw::login(&lan.sandbox, keys, false).await;
    raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    raw
}

fn message(to: &str, id: &str) -> Node {
    message_for(Jid::pn_device(to, 1), id)
}

/// A message that only one device gets.
fn message_for(device: Jid, id: &str) -> Node {
    let enc = NodeBuilder::new("enc").attr("v", 2).attr("type", "msg").bytes(vec![1, 2, 3]).build();
    let to_device = NodeBuilder::new("to").attr("jid", &device).children([enc]).build();
    let participants = NodeBuilder::new("participants").children([to_device]).build();
    NodeBuilder::new("message")
        .attr("to", device.into_non_ad())
        .attr("id", id)
        .attr("type", "text")
        .children([participants])
        .build()
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.attrs.get(key).map(|value| value.as_str().into_owned())
}

/// 1 and 2: acks come in the order of the stanzas and before anything they lead to, and a queue
/// keeps the order in which its stanzas were accepted, from several senders too.
#[tokio::test(flavor = "multi_thread")]
async fn acks_come_first_and_queues_keep_the_order_of_acceptance() {
    let lan = Lan::start().await;
    let (alice, bob) = (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await);
    let carol = Raw::link(&lan.sandbox, "4916900000003").await;
    let (mut a, mut c) = (online(&lan, &alice).await, online(&lan, &carol).await);
    let mut b = online(&lan, &bob).await;
    for n in 0..50 {
        a.send(message(BOB, &format!("A{n:02}"))).await;
        c.send(message(BOB, &format!("C{n:02}"))).await;
    }
    let acked = |raw: Vec<Node>| -> Vec<String> {
        raw.iter().filter(|node| node.tag == "ack").filter_map(|node| text(node, "id")).collect()
    };
    let expected = |prefix: char| (0..50).map(|n| format!("{prefix}{n:02}")).collect::<Vec<_>>();
    let last = |id: &'static str| move |node: &Node| node.tag == "ack" && has(node, "id", id);
    assert_eq!(acked(a.collect("acks", last("A49")).await), expected('A'));
    assert_eq!(acked(c.collect("acks", last("C49")).await), expected('C'));
    let mut got = Vec::new();
    while got.len() < 100 {
        let node = b.expect("message", |node| node.tag == "message").await;
        got.push(text(&node, "id").expect("id"));
    }
    for prefix in ['A', 'C'] {
        let of_one: Vec<_> = got.iter().filter(|id| id.starts_with(prefix)).cloned().collect();
        assert_eq!(of_one, expected(prefix), "each sender's messages in their order");
    }
    // What b has not acknowledged comes again, in the same order of all senders.
    drop(b);
    let mut b = Raw::login(&lan.sandbox, &bob, false).await;
    let again = b.collect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    let again: Vec<_> =
        again.iter().filter(|node| node.tag == "message").filter_map(|n| text(n, "id")).collect();
    assert_eq!(again, got);
    // A phone answers what it cannot open with a receipt: a consequence, and behind the ack.
    for n in 0..20 {
        a.send(message_for(Jid::pn(BOB), &format!("P{n:02}"))).await;
    }
    let mut seen = Vec::new();
    while seen.iter().filter(|(tag, _)| tag == "receipt").count() < 20 {
        let about = |node: &Node| text(node, "id").is_some_and(|id| id.starts_with('P'));
        let node = a.expect("ack or receipt", about).await;
        seen.push((node.tag.to_string(), text(&node, "id").expect("id")));
    }
    for n in 0..20 {
        let id = format!("P{n:02}");
        let first = seen.iter().find(|(_, found)| *found == id).map(|(tag, _)| tag.as_str());
        assert_eq!(first, Some("ack"), "{id}");
    }
}

/// 3: a one-time pre-key is handed out once, whoever asks at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_key_is_handed_out_once() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, BOB).await;
    let mut raw = online(&lan, &keys).await;
    raw.upload_keys(&keys, 100).await;
    let asking = (0..20).map(|_| {
        let network = lan.sandbox.network();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..6 {
                let bundle = network.take_bundle(&Jid::pn_device(BOB, 1)).await.expect("bundle");
                taken.extend(bundle.one_time.map(|(id, _)| id));
            }
            taken
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut taken = Vec::new();
    for asked in asking {
        taken.extend(asked.await.expect("task"));
    }
    let different: HashSet<_> = taken.iter().copied().collect();
    assert_eq!(taken.len(), different.len());
    // The phone takes one, too, for its first message to the new companion.
    assert!((99..=100).contains(&taken.len()), "{} of 100 for 120 who asked", taken.len());
}

/// 4 and 5: device ids and key indexes only grow, the account's identity and raw id never change.
#[tokio::test(flavor = "multi_thread")]
async fn slots_only_grow_and_the_account_stays_itself() {
    let lan = Lan::start().await;
    let mut last = (0, 0);
    let mut identities = HashSet::new();
    let mut lan = lan;
    for round in 0..4 {
        let keys = Raw::link(&lan.sandbox, ALICE).await;
        let network = lan.sandbox.network();
        let companions = network.companions(ALICE).await.expect("companions");
        let newest = companions.iter().map(|c| (c.device, c.key_index)).max().expect("one");
        assert!(newest.0 > last.0 && newest.1 > last.1, "{newest:?} after {last:?}");
        last = newest;
        let info = network.account(&Jid::pn(ALICE)).await.expect("account").expect("alice");
        identities.insert((info.identity, info.adv_raw_id, info.lid));
        let bundle = network.take_bundle(&Jid::pn_device(ALICE, keys.device)).await.expect("bundle");
        let signed =
            waproto::codec::adv_signed_device_identity_decode(&bundle.device_identity.expect("signed"))
                .expect("identity");
        assert_eq!(signed.account_signature_key.as_deref(), Some(&info.identity[..]));
        network.unlink(ALICE, keys.device).await.expect("unlink");
        if round == 1 {
            lan = lan.restart().await;
        }
    }
    assert_eq!(identities.len(), 1);
}

/// 7 and 8: `from` carries the device in messages and none in notifications and presence;
/// every notification has an id of its own, `from`, `t` and `type`, and comes until it is
/// acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn stanzas_of_the_server_are_complete_and_notifications_come_until_acknowledged() {
    let lan = Lan::start().await;
    let (alice, bob) = (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await);
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    a.send(message(BOB, "M1")).await;
    b.expect("message", |node| node.tag == "message" && has(node, "id", "M1")).await;
    b.send(NodeBuilder::new("receipt").attr("to", Jid::pn_device(ALICE, 1)).attr("id", "M1").build()).await;
    drop(b);
    // Two more devices: two announcements to bob, who is away.
    for _ in 0..2 {
        Raw::link(&lan.sandbox, ALICE).await;
    }
    let announced = async |acknowledge: bool| {
        let mut b = Raw::login(&lan.sandbox, &bob, false).await;
        let seen = b.collect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
        let notifications: Vec<Node> = seen
            .into_iter()
            .filter(|node| node.tag == "notification" && has(node, "type", "devices"))
            .collect();
        if acknowledge {
            for node in &notifications {
                let ack = NodeBuilder::new("ack").attr("class", "notification").attr("type", "devices");
                let (id, from) = (node.attrs.get("id"), node.attrs.get("from"));
                let ack = ack.attr("id", id.cloned().expect("id")).attr("to", from.cloned().expect("from"));
                b.send(ack.build()).await;
            }
            b.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
        }
        notifications
    };
    let first = announced(false).await;
    assert_eq!(first.len(), 2);
    for node in &first {
        for key in ["id", "from", "t", "type"] {
            assert!(text(node, key).is_some_and(|value| !value.is_empty()), "{key}: {node:?}");
        }
        let from = node.attrs.get("from").and_then(|from| from.to_jid()).expect("JID");
        assert_eq!((from.device, from.server), (0, Server::Pn), "bare");
    }
    let ids = |nodes: &[Node]| nodes.iter().filter_map(|node| text(node, "id")).collect::<Vec<_>>();
    assert_ne!(ids(&first)[0], ids(&first)[1]);
    assert_eq!(ids(&announced(true).await), ids(&first), "not acknowledged, so they come again");
    assert!(announced(false).await.is_empty());
}

/// 7: presence and typing name the account, not the device.
#[tokio::test(flavor = "multi_thread")]
async fn presence_and_typing_come_from_a_bare_address() {
    let lan = Lan::start().await;
    let (alice, bob) = (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await);
    let (mut a, mut b) = (online(&lan, &alice).await, online(&lan, &bob).await);
    a.send(NodeBuilder::new("presence").attr("type", "subscribe").attr("to", Jid::pn(BOB)).build()).await;
    a.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    b.send(NodeBuilder::new("presence").attr("type", "available").attr("name", "Bob").build()).await;
    let composing = NodeBuilder::new("composing").build();
    b.send(NodeBuilder::new("chatstate").attr("to", Jid::pn(ALICE)).children([composing]).build()).await;
    let seen = a.collect("typing", |node| node.tag == "chatstate").await;
    for tag in ["presence", "chatstate"] {
        let node = seen.iter().find(|node| node.tag == tag).unwrap_or_else(|| panic!("{tag}: {seen:#?}"));
        let from = node.attrs.get("from").and_then(|from| from.to_jid()).expect("JID");
        assert_eq!((from.device, from.user.as_str()), (0, BOB));
    }
}

/// 9: every request of a client has exactly one answer, with its id, from where it went.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_one_answer() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "hello").await;
    bob.text("hello").await;
    alice.wa().contacts().is_on_whatsapp(&[Jid::pn(BOB)]).await.expect("query");
    drop(alice.wa().contacts().get_profile_picture(&Jid::pn(BOB), true).await);
    alice.wa().refresh_media_conn(true).await.expect("media");
    let keys = Raw::link(&lan.sandbox, "4916900000004").await;
    let mut raw = online(&lan, &keys).await;
    raw.ask("nobody:knows", "get", NodeBuilder::new("x").build()).await;
    raw.ask("encrypt", "set", NodeBuilder::new("nonsense").build()).await;
    alice.leave().await;
    bob.leave().await;
    // With its connection, because ids are a client's own.
    let mut asked: HashMap<(u64, String), (u32, Option<String>)> = HashMap::new();
    let trace = lan.sandbox.trace().events(0, &Default::default(), usize::MAX).items;
    let stanzas = trace.iter().filter_map(|event| Some((event, event.stanza.as_deref()?)));
    for (event, stanza) in stanzas.filter(|(_, stanza)| stanza.tag == "iq") {
        let Some(connection) = event.connection else { continue };
        let key = (connection, stanza.id.clone().unwrap_or_default());
        let kind = stanza.r#type.as_deref().unwrap_or_default();
        match (event.direction, kind) {
            (Some(Direction::In), "get" | "set") => {
                assert!(asked.insert(key, (0, stanza.to.clone())).is_none(), "an id twice");
            }
            (Some(Direction::Out), "result" | "error") => {
                let (answers, to) = asked.get_mut(&key).unwrap_or_else(|| panic!("nobody asked {stanza:?}"));
                *answers += 1;
                // The server's own address is written in two ways.
                let server =
                    |jid: &Option<String>| jid.as_deref().map(|jid| jid.trim_start_matches('@').to_owned());
                assert_eq!(server(&stanza.from), server(to));
            }
            _ => {}
        }
    }
    assert!(asked.len() > 20, "{}", asked.len());
    let wrong: Vec<_> = asked.iter().filter(|(_, (answers, _))| *answers != 1).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// 10: before its `<offline>` marker a device gets nothing but what waited for it, however much
/// is written to it at that moment.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_live_comes_before_the_offline_marker() {
    let lan = Lan::start().await;
    let (alice, bob) = (Raw::link(&lan.sandbox, ALICE).await, Raw::link(&lan.sandbox, BOB).await);
    let mut a = online(&lan, &alice).await;
    for round in 0..10 {
        for n in 0..10 {
            a.send(message(BOB, &format!("{round}-{n}"))).await;
        }
        let mut b = Raw::login(&lan.sandbox, &bob, false).await;
        let before = b.collect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
        for node in before.iter().filter(|node| node.tag == "message") {
            assert!(node.attrs.contains_key("offline"), "{node:?}");
        }
        let last = format!("{round}-9");
        if !before.iter().any(|node| has(node, "id", &last)) {
            b.expect("the last message", |node| has(node, "id", &last)).await;
        }
    }
}
