//! Messages to a group: sender keys.

use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wacore_libsignal::protocol::{create_sender_key_distribution_message, group_encrypt};
use waproto::whatsapp as wa;

use super::lan::World;
use crate::phones::address::DeviceAddress;
use crate::phones::signal::{Scratch, SenderKeys, sender_key_name};
use crate::ports::{Network, Phones};
use wacore::messages::MessageUtils;

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const GROUP: &str = "120363000000000001@g.us";

#[tokio::test]
async fn a_sender_key_is_learned_and_used() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    world.phones.ensure(BEN, None).await.expect("ben");
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
