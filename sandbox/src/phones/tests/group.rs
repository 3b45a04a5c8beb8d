//! Messages to a group: sender keys.

use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wacore_libsignal::protocol::{create_sender_key_distribution_message, group_encrypt};
use waproto::whatsapp as wa;

use super::lan::World;
use crate::phones::address::DeviceAddress;
use crate::phones::signal::{Scratch, SenderKeys, sender_key_name};
use crate::phones::{Outgoing, Status, StoredMessage};
use crate::ports::{Network, Phones, PortError};
use wacore::messages::MessageUtils;

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const CAI: &str = "491700000003";
const GROUP: &str = "120363000000000001@g.us";

#[tokio::test]
async fn a_sender_key_is_learned_and_used() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    world.phones.ensure(BEN, None).await.expect("ben");
    world.lan.group(GROUP, false, &[ADA, BEN]);
    let ada = world.phones.phone(ADA).await.expect("phone");
    let (from, to) = (DeviceAddress::new(ADA, 0), DeviceAddress::new(BEN, 0));
    let name = sender_key_name(GROUP, &from);
    let mut keys = SenderKeys::default();
    let mut rng = rand::make_rng::<rand::rngs::StdRng>();
    let distribution = create_sender_key_distribution_message(&name, &mut keys, &mut rng).await.expect("key");
    let distribution = wa::Message {
        sender_key_distribution_message: buffa::MessageField::some(
            wa::message::SenderKeyDistributionMessage {
                group_id: Some(GROUP.to_owned()),
                axolotl_sender_key_distribution_message: Some(distribution.serialized().to_vec()),
            },
        ),
        ..Default::default()
    };
    let mut scratch = Scratch::new(&ada.keys);
    let bundle = world.lan.take_bundle(&Jid::pn(BEN)).await.expect("bundle");
    scratch.start_session(&to, &bundle).await.expect("session");
    let sealed = scratch.encrypt(&to, &MessageUtils::encode_and_pad(&distribution)).await.expect("sealed");

    for (n, with_key) in [(1, true), (2, false)] {
        let text = wa::Message { conversation: Some(format!("to all {n}")), ..Default::default() };
        let group = group_encrypt(&mut keys, &name, &MessageUtils::encode_and_pad(&text), &mut rng)
            .await
            .expect("sealed");
        let mut children = Vec::new();
        if with_key {
            let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind);
            children.push(enc.bytes(sealed.bytes.clone()).build());
        }
        let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", "skmsg");
        children.push(enc.bytes(group.serialized().to_vec()).build());
        let stanza = NodeBuilder::new("message")
            .attr("from", GROUP.parse::<Jid>().expect("jid"))
            .attr("participant", Jid::pn(ADA))
            .attr("id", format!("G{n}"))
            .children(children)
            .build();
        world.phones.deliver(BEN, stanza).await.expect("delivered");
    }
    let inbox = world.inbox(BEN).await;
    let texts: Vec<_> = inbox.iter().filter_map(|message| message.text.as_deref()).collect();
    assert_eq!(texts, ["to all 1", "to all 2"]);
    assert!(inbox.iter().all(|message| message.chat == GROUP && message.from.0 == ADA));
    let receipt = world.lan.from(BEN, "receipt").pop().expect("receipt");
    assert_eq!(receipt.attrs().optional_jid("participant"), Some(Jid::pn(ADA)));

    assert_eq!(world.phones.read_chat(BEN, GROUP).await.expect("read"), ["G1", "G2"]);
    let receipt = world.lan.from(BEN, "receipt").pop().expect("receipt");
    assert_eq!(receipt.attrs().optional_string("type").as_deref(), Some("read"));
    assert_eq!(receipt.attrs().optional_jid("participant"), Some(Jid::pn(ADA)));
}

fn keys_in(world: &World, pn: &str) -> Vec<usize> {
    let messages = world.lan.from(pn, "message");
    messages
        .iter()
        .map(|node| {
            let keys = node.get_optional_child("participants");
            keys.map_or(0, |keys| keys.get_children_by_tag("to").count())
        })
        .collect()
}

fn texts(inbox: &[StoredMessage]) -> Vec<&str> {
    inbox.iter().filter_map(|message| message.text.as_deref()).collect()
}

async fn world(dir: &std::path::Path) -> World {
    let world = World::open(dir).await;
    for pn in [ADA, BEN, CAI] {
        world.phones.ensure(pn, None).await.expect("phone");
    }
    world
}

#[tokio::test]
async fn the_key_is_sent_once_and_a_new_one_when_somebody_leaves() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    for lid in [false, true] {
        let group = if lid { "120363000000000002@g.us" } else { GROUP };
        let before = world.lan.from(ADA, "message").len();
        world.lan.group(group, lid, &[ADA, BEN, CAI]);
        let first = world.text(ADA, group, "one").await;
        assert_eq!(first.status, Status::Delivered);
        world.text(ADA, group, "two").await;
        world.lan.group(group, lid, &[ADA, BEN]);
        world.text(ADA, group, "three").await;
        world.lan.group(group, lid, &[ADA, BEN, CAI]);
        world.text(ADA, group, "four").await;
        assert_eq!(keys_in(&world, ADA)[before..], [2, 0, 1, 1], "all, nobody, who stayed, who came");

        let stanza = world.lan.from(ADA, "message").pop().expect("stanza");
        let mode = if lid { "lid" } else { "pn" };
        assert_eq!(stanza.attrs().optional_string("addressing_mode").as_deref(), Some(mode));
        let mut devices = Vec::new();
        for pn in [ADA, BEN, CAI] {
            let info = world.phones.find(pn).await.expect("find").expect("phone");
            devices.push(if lid { Jid::lid(info.lid) } else { Jid::pn(info.pn) });
        }
        let phash = MessageUtils::participant_list_hash(&devices).expect("hash");
        assert_eq!(stanza.attrs().optional_string("phash").as_deref(), Some(phash.as_str()));

        let inbox = world.phones.chat_messages(BEN, group, 0, 100).await.expect("chat").items;
        assert_eq!(texts(&inbox), ["one", "two", "three", "four"]);
        assert!(inbox.iter().all(|message| message.from.0 == ADA && !message.undecryptable));
        let inbox = world.phones.chat_messages(CAI, group, 0, 100).await.expect("chat").items;
        assert_eq!(texts(&inbox), ["one", "two", "four"]);
    }
}

#[tokio::test]
async fn a_damaged_group_message_is_sent_again_to_the_one_who_asks() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    world.lan.group(GROUP, true, &[ADA, BEN, CAI]);
    world.text(ADA, GROUP, "fine").await;
    world.lan.damage.store(1, std::sync::atomic::Ordering::SeqCst);
    let damaged = world.text(ADA, GROUP, "damaged").await;
    let resent = world.lan.from(ADA, "message").pop().expect("resent");
    assert!(resent.attrs().optional_jid("participant").is_some());
    assert_eq!(resent.attrs().optional_string("id").as_deref(), Some(damaged.id.as_str()));
    for pn in [BEN, CAI] {
        let inbox = world.phones.chat_messages(pn, GROUP, 0, 100).await.expect("chat").items;
        assert_eq!(texts(&inbox), ["fine", "damaged"]);
        assert!(inbox.iter().all(|message| !message.undecryptable && message.duplicates == 0));
    }
    world.text(ADA, GROUP, "after").await;
    let keys = keys_in(&world, ADA);
    assert_eq!(keys.last(), Some(&1), "who asked gets the key again");
    let inbox = world.phones.chat_messages(BEN, GROUP, 0, 100).await.expect("chat").items;
    assert_eq!(texts(&inbox), ["fine", "damaged", "after"]);
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_not_found() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path()).await;
    let outgoing = Outgoing { to: GROUP.to_owned(), text: Some("hi".to_owned()), ..Outgoing::default() };
    assert!(matches!(world.phones.send(ADA, outgoing).await, Err(PortError::NotFound(_))));
}
