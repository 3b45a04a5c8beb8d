//! Status posts: shown to those they are listed for.

use wacore::proto_helpers::MessageExt;
use wacore::types::events::{Event, InboundMessage};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, JidExt, Node};
use wagate_sandbox::phones::Direction;
use waproto::whatsapp::MessageKey;
use waproto::whatsapp::message::extended_text_message::FontType;
use waproto::whatsapp::message::protocol_message::Type;

use crate::client::Client;
use crate::raw::{Keys, Raw, bytes, has};
use crate::{Lan, eventually};

const ALICE: &str = "4915840000001";
const BOB: &str = "4915840000002";
const CAROL: &str = "4915840000003";

/// Posts a text for some people and returns its id.
async fn post(author: &Client, text: &str, viewers: &[&str]) -> String {
    let viewers: Vec<Jid> = viewers.iter().map(|pn| Jid::pn(*pn)).collect();
    let wa = author.wa();
    // It posts to LIDs, which it learns by asking.
    wa.contacts().is_on_whatsapp(&viewers).await.expect("query");
    let status = wa.status();
    let sent = status.send_text(text, 0xFF1E_6E4F, FontType::SYSTEM, &viewers, Default::default()).await;
    let id = sent.expect("post").message_id;
    let error = author
        .wait("server ack", |event| match event {
            Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
            _ => None,
        })
        .await;
    assert_eq!(error, None);
    id
}

/// Waits for a message that a picker finds.
async fn message(client: &Client, what: &str, fits: impl Fn(&InboundMessage) -> bool) -> InboundMessage {
    client
        .wait(what, |event| match event {
            Event::Messages(batch) => batch.messages.iter().find(|message| fits(message)).cloned(),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_shown_to_whom_it_is_for_and_nobody_else() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let carol = Client::linked(&lan.sandbox, CAROL).await;
    let id = post(&alice, "for bob", &[BOB]).await;
    let shown = bob.text("for bob").await;
    assert!(shown.info.source.chat.is_status_broadcast());
    assert_eq!((shown.info.id.as_str(), shown.info.source.sender.device), (id.as_str(), 1));
    let other = shown.info.source.sender_alt.clone().expect("the other address of the author");
    assert_eq!(other.user.as_str(), ALICE);
    alice.receipt(&id, "Delivered").await;
    let author = shown.info.source.sender.clone();
    bob.wa().mark_as_read(&Jid::status_broadcast(), Some(&author), &[&id]).await.expect("read");
    alice.receipt(&id, "Read").await;

    let phones = lan.sandbox.phones();
    for (pn, direction) in [(BOB, Direction::In), (ALICE, Direction::Out)] {
        let on_phone =
            eventually("status on the phone", || async { phones.message(pn, &id).await.ok() }).await;
        assert_eq!((on_phone.chat.as_str(), on_phone.text.as_deref()), ("status@broadcast", Some("for bob")));
        assert_eq!(on_phone.direction, direction);
    }
    alice.say(CAROL, "a message").await;
    carol.text("a message").await;
    assert_eq!(carol.texts(), ["a message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_waits_for_who_is_away() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    post(&alice, "first", &[BOB]).await;
    bob.text("first").await;
    let store = bob.leave().await;
    post(&alice, "second", &[BOB]).await;
    post(&alice, "third", &[BOB]).await;
    let lan = lan.restart().await;
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    bob.text("third").await;
    // What it did not acknowledge before it left comes once more.
    let texts: Vec<_> = bob.texts().into_iter().filter(|text| text != "first").collect();
    assert_eq!(texts, ["second", "third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_reacted_to_and_deleted() {
    let lan = Lan::start().await;
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let id = post(&alice, "how is it?", &[BOB]).await;
    let shown = bob.text("how is it?").await;
    let key = MessageKey {
        remote_jid: Some("status@broadcast".to_owned()),
        id: Some(id.clone()),
        from_me: Some(false),
        participant: Some(shown.info.source.sender.to_non_ad().to_string()),
    };
    bob.wa().send_reaction(Jid::status_broadcast(), key, "👍").await.expect("react");
    let reaction = message(&alice, "reaction", |m| m.message.reaction_message.is_set()).await;
    assert!(reaction.info.source.chat.is_status_broadcast());
    let reaction = reaction.message.reaction_message.as_option().expect("reaction");
    assert_eq!(reaction.text.as_deref(), Some("👍"));
    assert_eq!(reaction.key.as_option().and_then(|key| key.id.as_deref()), Some(id.as_str()));

    let revoke = alice.wa();
    revoke.status().revoke(id.as_str(), &[Jid::pn(BOB)], Default::default()).await.expect("revoke");
    let revoked = message(&bob, "revocation", |m| {
        let protocol = m.message.get_base_message().protocol_message.as_option();
        protocol.is_some_and(|protocol| protocol.r#type == Some(Type::Revoke))
    })
    .await;
    assert!(revoked.info.source.chat.is_status_broadcast());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_read_a_post_gets_it_again_and_others_do_not() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let keys = Raw::link(&lan.sandbox, BOB).await;
    let mut raw = online(&lan, &keys).await;
    raw.upload_keys(&keys, 5).await;
    let id = post(&alice, "again?", &[BOB]).await;
    let first = raw.expect("post", |node| node.tag == "message" && has(node, "id", &id)).await;
    assert!(has(&first, "from", "status@broadcast"));
    assert_eq!(ciphers(&first).last().map(String::as_str), Some("skmsg"));
    let author = first.attrs.get("participant").cloned().expect("participant");
    let retry = NodeBuilder::new("retry").attr("v", 1).attr("count", 1).attr("id", id.as_str()).attr("t", 1);
    let registration = NodeBuilder::new("registration").bytes(vec![0, 0, 1, 2]).build();
    let receipt = NodeBuilder::new("receipt")
        .attr("to", Jid::status_broadcast())
        .attr("participant", author)
        .attr("id", id.as_str())
        .attr("type", "retry")
        .children([retry.build(), registration]);
    raw.send(receipt.build()).await;
    let again = raw.expect("post again", |node| node.tag == "message" && has(node, "id", &id)).await;
    let (first, again) = (ciphers(&first), ciphers(&again));
    assert!(again.len() >= first.len() && again.len() == 2, "{first:?} {again:?}");

    post(&alice, "next", &[BOB]).await;
    bob.text("next").await;
    assert_eq!(bob.texts(), ["again?", "next"]);
}

fn ciphers(node: &Node) -> Vec<String> {
    let kinds = node.get_children_by_tag("enc").filter_map(|enc| enc.attrs.get("type"));
    kinds.map(|kind| kind.as_str().into_owned()).collect()
}

async fn online(lan: &Lan, keys: &Keys) -> Raw {
    let mut raw = Raw::login(&lan.sandbox, keys, false).await;
    raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn each_device_gets_its_own_key_in_the_addressing_of_the_list() {
    let lan = Lan::start().await;
    let alice = Raw::link(&lan.sandbox, ALICE).await;
    let bobs = [Raw::link(&lan.sandbox, BOB).await, Raw::link(&lan.sandbox, BOB).await];
    let mut author = online(&lan, &alice).await;
    let (mut one, mut two) = (online(&lan, &bobs[0]).await, online(&lan, &bobs[1]).await);
    let enc = |kind: &'static str, byte| {
        NodeBuilder::new("enc").attr("v", 2).attr("type", kind).bytes(vec![byte]).build()
    };
    let keyed =
        NodeBuilder::new("to").attr("jid", Jid::pn_device(BOB, 1)).children([enc("pkmsg", 1)]).build();
    let identity = NodeBuilder::new("device-identity").bytes(vec![7]).build();
    let post = |id: &'static str, byte| {
        let list = NodeBuilder::new("participants").children([keyed.clone()]).build();
        let node = NodeBuilder::new("message").attr("to", Jid::status_broadcast()).attr("id", id);
        let node = node.attr("type", "text");
        node.children([list, enc("skmsg", byte), identity.clone()]).build()
    };
    for _ in 0..2 {
        author.send(post("S1", 2)).await;
        let ack = author.expect("ack", |node| node.tag == "ack" && has(node, "id", "S1")).await;
        assert!(!ack.attrs.contains_key("error"), "{ack:?}");
    }
    author.send(post("S2", 3)).await;
    let seen = one.collect("second", |node| has(node, "id", "S2")).await;
    let posts: Vec<_> = seen.iter().filter(|node| node.tag == "message").collect();
    assert_eq!(posts.len(), 2, "a copy is not delivered");
    assert_eq!(ciphers(posts[0]), ["pkmsg", "skmsg"]);
    let who = posts[0].attrs.get("participant").and_then(|who| who.to_jid());
    assert_eq!(who, Some(Jid::pn_device(ALICE, 1)));
    assert!(
        posts[0].attrs.get("participant_lid").and_then(|lid| lid.to_jid()).is_some_and(|lid| lid.is_lid())
    );
    assert_eq!(bytes(posts[0].get_optional_child("device-identity").expect("identity")), [7]);
    let plain = two.expect("post", |node| has(node, "id", "S1")).await;
    assert_eq!(ciphers(&plain), ["skmsg"]);
    assert!(plain.get_optional_child("device-identity").is_none());

    let (answer, _) = author.ask("status", "get", NodeBuilder::new("privacy").build()).await;
    assert!(answer.get_optional_child_by_tag(&["privacy", "list"]).is_some(), "{answer:?}");
}
