//! Two phones talk: ratchets, receipts, restarts, behaviour.

use std::sync::atomic::Ordering;

use wacore_binary::{Jid, Node};

use super::eventually;
use super::lan::World;
use crate::phones::{Direction, Outgoing, ReadBehaviour, Script, SettingsChange, Status};
use crate::ports::{Phones, PortError};

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";

fn types(nodes: &[Node]) -> Vec<Option<String>> {
    nodes.iter().map(|node| node.attrs().optional_string("type").map(|kind| kind.into_owned())).collect()
}

fn enc_type(node: &Node) -> String {
    node.get_optional_child("enc").expect("enc").attrs().optional_string("type").expect("type").into_owned()
}

#[tokio::test]
async fn a_text_is_delivered_then_read_and_the_sender_sees_both() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let sent = world.text(ADA, BEN, "hello").await;
    assert_eq!(sent.status, Status::Delivered, "the receipt came back while submitting");
    assert_eq!(sent.direction, Direction::Out);

    let inbox = world.inbox(BEN).await;
    assert_eq!(inbox.len(), 1);
    let got = &inbox[0];
    assert_eq!((got.kind.as_str(), got.text.as_deref()), ("text", Some("hello")));
    assert_eq!((got.from.0.as_str(), got.to.0.as_str()), (ADA, BEN));
    let ada = world.phones.find(ADA).await.expect("find").expect("ada");
    assert_eq!(got.from.1.as_deref(), Some(ada.lid.as_str()));
    assert_eq!((got.duplicates, got.undecryptable), (0, false));
    assert_eq!(types(&world.lan.from(BEN, "receipt")), [None], "no read receipt unless told to");

    assert_eq!(world.phones.read_chat(BEN, ADA).await.expect("read"), std::slice::from_ref(&sent.id));
    assert_eq!(world.phones.message(ADA, &sent.id).await.expect("message").status, Status::Read);
    assert!(world.phones.read_chat(BEN, ADA).await.expect("read").is_empty(), "read once");
    assert_eq!(world.lan.from(BEN, "receipt").len(), 2);
}

#[tokio::test]
async fn sessions_survive_reopening_the_store() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.text(ADA, BEN, "one").await;
    world.text(BEN, ADA, "two").await;
    world.text(ADA, BEN, "three").await;
    let lan = world.lan.clone();
    let before = world.phones.find(ADA).await.expect("find").expect("ada");
    drop(world);

    let world = World::with_lan(dir.path(), lan).await;
    assert_eq!(world.phones.find(&before.lid).await.expect("find"), Some(before));
    world.text(BEN, ADA, "four").await;
    world.text(ADA, BEN, "five").await;
    let texts = |inbox: Vec<crate::phones::StoredMessage>| -> Vec<String> {
        inbox.into_iter().filter_map(|message| message.text).collect()
    };
    assert_eq!(texts(world.inbox(BEN).await), ["one", "three", "five"]);
    assert_eq!(texts(world.inbox(ADA).await), ["two", "four"]);
    let kinds: Vec<_> =
        world.lan.to(BEN, 0).iter().filter(|node| node.tag == "message").map(enc_type).collect();
    assert_eq!(kinds, ["pkmsg", "msg", "msg"], "one session throughout");
}

#[tokio::test]
async fn a_redelivered_stanza_is_counted_and_shown_once() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.text(ADA, BEN, "first").await;
    world.text(ADA, BEN, "second").await;
    let stanzas = world.lan.to(BEN, 0);
    for stanza in stanzas.iter().chain(&stanzas) {
        world.phones.deliver(BEN, stanza.clone()).await.expect("delivered again");
    }
    let inbox = world.inbox(BEN).await;
    assert_eq!(inbox.iter().map(|message| message.duplicates).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(types(&world.lan.from(BEN, "receipt")), vec![None; 6], "each stanza gets its receipt");
}

#[tokio::test]
async fn lid_addressing_shares_the_session_and_the_chat() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.text(ADA, BEN, "by number").await;
    world.text(BEN, ADA, "answer").await;
    world.lan.hold.store(1, Ordering::SeqCst);
    world.text(ADA, BEN, "by lid").await;
    let mut held = world.lan.to(BEN, 0).pop().expect("held");
    let ada = world.phones.find(ADA).await.expect("find").expect("ada");
    held.attrs.insert("from", Jid::lid(ada.lid.as_str()));
    world.phones.deliver(BEN, held).await.expect("delivered");
    let inbox = world.inbox(BEN).await;
    assert_eq!(inbox.len(), 2);
    assert!(inbox.iter().all(|message| message.chat == ADA && !message.undecryptable));
}

#[tokio::test]
async fn messages_cross_in_both_directions_at_once() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let sends = (0..60).map(|n| {
        let world = &world;
        async move {
            if n % 2 == 0 {
                world.text(ADA, BEN, &n.to_string()).await
            } else {
                world.text(BEN, ADA, &n.to_string()).await
            }
        }
    });
    futures::future::join_all(sends).await;
    for pn in [ADA, BEN] {
        let inbox = world.inbox(pn).await;
        assert_eq!(inbox.len(), 30);
        assert!(inbox.iter().all(|message| !message.undecryptable && message.duplicates == 0));
    }
}

#[tokio::test]
async fn quotes_and_mentions_arrive() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let question = world.text(ADA, BEN, "lunch?").await;
    let answer = Outgoing {
        to: ADA.to_owned(),
        text: Some("yes".to_owned()),
        reply_to: Some(question.id.clone()),
        mentions: vec!["491700000003".to_owned()],
        ..Outgoing::default()
    };
    world.phones.send(BEN, answer.clone()).await.expect("sent");
    let inbox = world.inbox(ADA).await;
    assert_eq!(inbox[0].quoted.as_deref(), Some(question.id.as_str()));
    assert_eq!(inbox[0].mentions, ["491700000003@s.whatsapp.net"]);
    assert_eq!(inbox[0].text.as_deref(), Some("yes"));

    let unknown = Outgoing { reply_to: Some("NOPE".to_owned()), ..answer };
    assert!(matches!(world.phones.send(BEN, unknown).await, Err(PortError::NotFound(_))));
}

#[tokio::test]
async fn a_refused_message_is_failed_with_its_code() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.lan.refuse.store(463, Ordering::SeqCst);
    let sent = world.text(ADA, BEN, "hello").await;
    assert_eq!((sent.status, sent.error), (Status::Failed, Some(463)));
    assert!(world.inbox(BEN).await.is_empty());
}

#[tokio::test]
async fn a_number_that_is_not_on_whatsapp_cannot_be_reached() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    let change = SettingsChange { on_whatsapp: Some(false), ..SettingsChange::default() };
    world.phones.register(BEN, None, change.clone()).await.expect("registered");
    assert_eq!(world.phones.find(BEN).await.expect("find"), None);
    let outgoing = Outgoing { to: BEN.to_owned(), text: Some("hi".to_owned()), ..Outgoing::default() };
    assert!(matches!(world.phones.send(ADA, outgoing).await, Err(PortError::NotFound(_))));

    let lan = world.lan.clone();
    drop(world);
    let world = World::with_lan(dir.path(), lan).await;
    assert!(matches!(world.phones.ensure(BEN, None).await, Err(PortError::NotFound(_))), "remembered");
    world
        .phones
        .register(BEN, None, SettingsChange { on_whatsapp: Some(true), ..change })
        .await
        .expect("back");
    world.text(ADA, BEN, "hi").await;
}

#[tokio::test]
async fn a_sink_acknowledges_without_opening_and_recovers_when_switched_back() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let sink = |on| SettingsChange { sink: Some(on), ..SettingsChange::default() };
    world.phones.register(BEN, None, sink(true)).await.expect("registered");
    let sunk = world.text(ADA, BEN, "into the sink").await;
    assert_eq!(sunk.status, Status::Delivered);
    assert!(world.inbox(BEN).await.is_empty());
    world.phones.change(BEN, sink(false)).await.expect("changed");
    world.text(ADA, BEN, "seen").await;
    assert_eq!(world.inbox(BEN).await[0].text.as_deref(), Some("seen"));
}

#[tokio::test]
async fn phones_read_by_themselves_when_told_to() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    for (number, read) in
        [("491700000011", ReadBehaviour::Immediately), ("491700000012", ReadBehaviour::AfterMs(20))]
    {
        let change = SettingsChange { read: Some(read), ..SettingsChange::default() };
        world.phones.register(number, None, change).await.expect("registered");
        let sent = world.text(ADA, number, "read me").await;
        eventually("read receipt", async || {
            let message = world.phones.message(ADA, &sent.id).await.expect("message");
            (message.status == Status::Read).then_some(())
        })
        .await;
        assert_eq!(
            types(&world.lan.from(number, "receipt")),
            [None, Some("read".to_owned())],
            "delivered first"
        );
    }
}

#[tokio::test]
async fn echoes_answer_once_and_not_each_other() {
    let dir = tempfile::tempdir().expect("dir");
    let world = World::open(dir.path()).await;
    let echo = SettingsChange {
        script: Some(Script { echo: true, ..Script::default() }),
        ..SettingsChange::default()
    };
    world.phones.register(ADA, None, echo.clone()).await.expect("registered");
    world.phones.register(BEN, None, echo).await.expect("registered");
    world.text(ADA, BEN, "ping").await;
    eventually("the echo", async || world.inbox(ADA).await.pop()).await;
    // an answer to the echo would have been triggered by now: the marker message is echoed after it
    world.text(ADA, BEN, "marker").await;
    eventually("the second echo", async || (world.inbox(ADA).await.len() == 2).then_some(())).await;
    assert_eq!(world.inbox(BEN).await.len(), 2, "ping and marker, no echo of an echo");
}
