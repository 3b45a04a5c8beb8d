//! Channels as clients of another generation use them: other query ids, other stanzas.

use buffa::MessageField;
use serde_json::{Value, json};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeContent};
use waproto::codec::{message_decode, message_to_vec};
use waproto::whatsapp::message::ProtocolMessage;
use waproto::whatsapp::message::protocol_message::Type;
use waproto::whatsapp::{Message, MessageKey};

use crate::Lan;
use crate::raw::{Raw, bytes, has};

const ALICE: &str = "4915820000001";
const BOB: &str = "4915820000002";

async fn online(lan: &Lan, number: &str) -> Raw {
    let keys = Raw::link(&lan.sandbox, number).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    raw
}

/// Runs a query and returns its `data` member, or the code of its first error.
async fn query(raw: &mut Raw, id: &'static str, variables: Value, key: &str) -> Result<Value, i64> {
    let json = json!({ "variables": variables }).to_string();
    let query = NodeBuilder::new("query").attr("query_id", id).bytes(json).build();
    let (answer, _) = raw.ask("w:mex", "get", query).await;
    let result = answer.get_optional_child("result").expect("result");
    let result: Value = serde_json::from_slice(bytes(result)).expect("json");
    match result["errors"][0]["extensions"]["error_code"].as_i64() {
        Some(code) => Err(code),
        None => Ok(result["data"][key].clone()),
    }
}

async fn create(raw: &mut Raw) -> Jid {
    let input = json!({ "input": { "name": "News", "description": null } });
    let made = query(raw, "8823471724422422", input, "xwa2_newsletter_create").await.expect("create");
    let thread = &made["thread_metadata"];
    assert_eq!((&thread["name"]["text"], &thread["description"]["text"]), (&json!("News"), &json!("")));
    assert!(thread["picture"].is_object(), "looked into without being asked for");
    assert_eq!(
        (&thread["subscribers_count"], &made["viewer_metadata"]["mute"]),
        (&json!("1"), &json!("OFF"))
    );
    made["id"].as_str().expect("id").parse().expect("jid")
}

async fn follow(raw: &mut Raw, channel: &Jid) {
    let named = json!({ "newsletter_id": channel.to_string() });
    query(raw, "24404358912487870", named, "xwa2_newsletter_join_v2").await.expect("join");
}

/// Asks a channel and returns what the answer holds.
async fn ask(raw: &mut Raw, channel: &Jid, kind: &'static str, child: Node) -> Node {
    let iq = NodeBuilder::new("iq").attr("xmlns", "newsletter").attr("type", kind).attr("to", channel);
    raw.send(iq.attr("id", "ask").children([child]).build()).await;
    let mut answer = raw.expect("answer", |node| node.tag == "iq" && has(node, "id", "ask")).await;
    assert!(has(&answer, "type", "result") && has(&answer, "from", &channel.to_string()), "{answer:?}");
    match answer.content.take() {
        Some(NodeContent::Nodes(mut children)) => children.pop().expect("a child"),
        other => panic!("no children: {other:?}"),
    }
}

fn post(channel: &Jid, id: &'static str, message: &Message) -> NodeBuilder {
    let plaintext = NodeBuilder::new("plaintext").bytes(message_to_vec(message)).build();
    let node = NodeBuilder::new("message").attr("to", channel).attr("id", id).attr("type", "text");
    node.children([plaintext])
}

fn text(text: &str) -> Message {
    Message { conversation: Some(text.to_owned()), ..Default::default() }
}

/// A message about another one, which it names.
fn about(id: &str, kind: Type, edited: MessageField<Message>) -> Message {
    let key = MessageKey { id: Some(id.to_owned()), from_me: Some(true), ..Default::default() };
    let protocol = ProtocolMessage {
        key: MessageField::some(key),
        r#type: Some(kind),
        edited_message: edited,
        ..Default::default()
    };
    Message { protocol_message: MessageField::some(protocol), ..Default::default() }
}

async fn acked(raw: &mut Raw, id: &str) -> Node {
    let ack = raw.expect("ack", |node| node.tag == "ack" && has(node, "id", id)).await;
    assert!(has(&ack, "class", "message") && !ack.attrs.contains_key("error"), "{ack:?}");
    ack
}

fn is_message(id: &'static str) -> impl Fn(&Node) -> bool {
    move |node| node.tag == "message" && has(node, "id", id)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_of_the_other_generation_is_answered() {
    let lan = Lan::start().await;
    let (mut alice, mut bob) = (online(&lan, ALICE).await, online(&lan, BOB).await);
    let jid = create(&mut alice).await;
    follow(&mut bob, &jid).await;
    let named = json!({ "newsletter_id": jid.to_string() });
    let with_bob = json!({ "newsletter_id": jid.to_string(), "user_id": Jid::pn(BOB).to_string() });
    let asked = json!({ "input": { "key": jid.to_string(), "type": "JID" } });

    let seen = query(&mut bob, "6563316087068696", asked, "xwa2_newsletter").await.expect("metadata");
    assert_eq!(seen["viewer_metadata"]["role"], "subscriber");
    let followers = query(&mut alice, "9783111038412085", named.clone(), "xwa2_newsletter_subscribers").await;
    assert_eq!(followers.expect("subscribers")["subscribers"], 2);
    let admins = query(&mut alice, "7130823597031706", named.clone(), "xwa2_newsletter_admin").await;
    assert_eq!(admins.expect("admins")["admin_count"], 1);
    assert_eq!(query(&mut bob, "7130823597031706", named.clone(), "xwa2_newsletter_admin").await, Err(403));
    let mute = query(&mut bob, "29766401636284406", named.clone(), "xwa2_newsletter_mute_v2").await;
    assert_eq!(mute.expect("mute")["viewer_metadata"]["mute"], "ON");
    let unmute = query(&mut bob, "9864994326891137", named.clone(), "xwa2_newsletter_unmute_v2").await;
    assert_eq!(unmute.expect("unmute")["viewer_metadata"]["mute"], "OFF");

    let owner = query(&mut alice, "7341777602580933", with_bob.clone(), "xwa2_newsletter_change_owner").await;
    assert_eq!(owner, Err(403), "a follower cannot take over");
    query(&mut alice, "9387141988078609", with_bob.clone(), "xwa2_newsletter_admin_invite_create")
        .await
        .expect("invite");
    query(&mut bob, "9580828702035549", named.clone(), "xwa2_newsletter_admin_invite_accept")
        .await
        .expect("accept");
    let demoted = query(&mut alice, "6551828931592903", with_bob, "xwa2_newsletter_demote").await;
    assert!(demoted.expect("demote").is_object());
    let told = bob.expect("demotion", |node| node.get_optional_child("participant").is_some()).await;
    let participant = told.get_optional_child("participant").expect("participant");
    assert!(has(&told, "type", "newsletter") && has(participant, "action", "demote"), "{told:?}");

    let gone = query(&mut alice, "30062808666639665", named.clone(), "xwa2_newsletter_delete_v2").await;
    assert_eq!(gone.expect("delete")["state"]["type"], "deleted");
    assert_eq!(query(&mut bob, "24404358912487870", named, "xwa2_newsletter_join_v2").await, Err(404));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ack_names_the_server_id_and_a_copy_is_no_new_post() {
    let lan = Lan::start().await;
    let (mut alice, mut bob) = (online(&lan, ALICE).await, online(&lan, BOB).await);
    let jid = create(&mut alice).await;
    follow(&mut bob, &jid).await;
    for _ in 0..2 {
        alice.send(post(&jid, "P1", &text("once")).build()).await;
        assert!(has(&acked(&mut alice, "P1").await, "server_id", "100"));
    }
    alice.send(post(&jid, "P2", &text("last")).build()).await;
    assert!(has(&acked(&mut alice, "P2").await, "server_id", "101"));
    let seen = bob.collect("last post", is_message("P2")).await;
    let posts: Vec<_> = seen.iter().filter(|node| node.tag == "message").collect();
    assert_eq!(posts.len(), 2, "{posts:#?}");
    assert!(has(posts[0], "server_id", "100") && has(posts[0], "from", &jid.to_string()));
    let nothing = NodeBuilder::new("message").attr("to", &jid).attr("id", "P3").attr("type", "text").build();
    alice.send(nothing).await;
    let nack = alice.expect("nack", |node| node.tag == "ack" && has(node, "id", "P3")).await;
    assert!(has(&nack, "error", "400"), "{nack:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_that_name_their_post_reach_it() {
    let lan = Lan::start().await;
    let (mut alice, mut bob) = (online(&lan, ALICE).await, online(&lan, BOB).await);
    let jid = create(&mut alice).await;
    follow(&mut bob, &jid).await;
    alice.send(post(&jid, "P1", &text("wrong")).build()).await;
    bob.expect("post", is_message("P1")).await;
    let edit = about("P1", Type::MessageEdit, MessageField::some(text("right")));
    alice.send(post(&jid, "E1", &edit).attr("edit", 1).build()).await;
    acked(&mut alice, "E1").await;
    let edited = bob.expect("edit", is_message("P1")).await;
    assert!(has(&edited, "edit", "3") && has(&edited, "server_id", "100"), "{edited:?}");
    let meta = edited.get_optional_child("meta").expect("meta");
    assert!(meta.attrs.contains_key("msg_edit_t") && meta.attrs.contains_key("original_msg_t"));
    let plaintext = edited.get_optional_child("plaintext").expect("plaintext");
    assert_eq!(message_decode(bytes(plaintext)).expect("message"), text("right"));
    alice
        .send(post(&jid, "R1", &about("P1", Type::Revoke, MessageField::none())).attr("edit", 7).build())
        .await;
    acked(&mut alice, "R1").await;
    assert!(has(&bob.expect("revocation", is_message("P1")).await, "edit", "8"));
    alice
        .send(post(&jid, "R2", &about("P9", Type::Revoke, MessageField::none())).attr("edit", 7).build())
        .await;
    let nack = alice.expect("nack", |node| node.tag == "ack" && has(node, "id", "R2")).await;
    assert!(has(&nack, "error", "404"), "{nack:?}");
}

fn reaction(channel: &Jid, id: &'static str, code: Option<&'static str>) -> Node {
    let node = NodeBuilder::new("message").attr("to", channel).attr("id", id).attr("type", "reaction");
    let (node, reaction) = match code {
        Some(code) => (node, NodeBuilder::new("reaction").attr("code", code)),
        None => (node.attr("edit", 7), NodeBuilder::new("reaction")),
    };
    node.attr("server_id", 100).children([reaction.build()]).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_and_changes_are_seen_in_both_forms() {
    let lan = Lan::start().await;
    let (mut alice, mut bob) = (online(&lan, ALICE).await, online(&lan, BOB).await);
    let jid = create(&mut alice).await;
    follow(&mut bob, &jid).await;
    for id in ["P1", "P2"] {
        alice.send(post(&jid, id, &text(id)).build()).await;
        acked(&mut alice, id).await;
    }
    let live = ask(&mut alice, &jid, "set", NodeBuilder::new("live_updates").build()).await;
    assert!(has(&live, "duration", "300"));
    bob.send(reaction(&jid, "A1", Some("👍"))).await;
    acked(&mut bob, "A1").await;
    let told = alice.expect("live update", |node| node.get_optional_child("live_updates").is_some()).await;
    let event = told.get_optional_child("reaction").expect("event");
    assert!(has(event, "message_id", "100"));
    assert_eq!(bytes(event.get_optional_child("reaction").expect("code")), "👍".as_bytes());
    let counted = told
        .get_optional_child_by_tag(&["live_updates", "messages", "message", "reactions", "reaction"])
        .expect("counts");
    assert!(has(counted, "code", "👍") && has(counted, "count", "1"));

    let asked =
        NodeBuilder::new("message_updates").attr("count", 10).attr("since", 1).attr("after", 99).build();
    let changes = ask(&mut bob, &jid, "get", asked).await;
    let messages = changes.get_optional_child("messages").expect("messages");
    assert_eq!(messages.get_children_by_tag("message").count(), 2);
    let asked = NodeBuilder::new("message_updates").attr("count", 10).attr("after", 100).build();
    let changes = ask(&mut bob, &jid, "get", asked).await;
    let messages = changes.get_optional_child("messages").expect("messages");
    assert!(messages.get_children_by_tag("message").all(|node| has(node, "id", "P2")));

    bob.send(reaction(&jid, "A2", None)).await;
    acked(&mut bob, "A2").await;
    let told = alice.expect("live update", |node| node.get_optional_child("live_updates").is_some()).await;
    assert!(told.get_optional_child("reaction").is_none());
    let view = NodeBuilder::new("item").attr("server_id", 100).build();
    let list = NodeBuilder::new("list").children([view]).build();
    let receipt = NodeBuilder::new("receipt").attr("to", &jid).attr("id", "V1").attr("type", "view");
    bob.send(receipt.children([list]).build()).await;
    bob.expect("ack", |node| node.tag == "ack" && has(node, "class", "receipt")).await;
    let told = alice.expect("view", |node| node.get_optional_child("view").is_some()).await;
    let view = told.get_optional_child("view").expect("view");
    assert!(has(view, "message_id", "100"));
    assert_eq!(bytes(view), b"1");
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_are_posts_and_history_is_found_by_invitation_too() {
    let lan = Lan::start().await;
    let mut alice = online(&lan, ALICE).await;
    let jid = create(&mut alice).await;
    let meta = NodeBuilder::new("meta").attr("polltype", "creation").build();
    let plaintext = NodeBuilder::new("plaintext").bytes(message_to_vec(&text("a poll"))).build();
    let poll = NodeBuilder::new("message").attr("to", &jid).attr("id", "P1").attr("type", "poll");
    alice.send(poll.children([plaintext, meta.clone()]).build()).await;
    acked(&mut alice, "P1").await;
    let asked = json!({ "input": { "key": jid.to_string(), "type": "JID" } });
    let seen = query(&mut alice, "6563316087068696", asked, "xwa2_newsletter").await.expect("metadata");
    let invite = seen["thread_metadata"]["invite"].as_str().expect("invite").to_owned();
    let by_jid = NodeBuilder::new("messages").attr("type", "jid").attr("jid", &jid).attr("count", 1);
    let by_invite = NodeBuilder::new("messages").attr("type", "invite").attr("key", invite).attr("count", 1);
    for asked in [by_jid, by_invite] {
        let (answer, _) = alice.ask("newsletter", "get", asked.build()).await;
        let post = answer.get_optional_child_by_tag(&["messages", "message"]).expect("post");
        assert!(has(post, "type", "poll_creation") && has(post, "is_sender", "true"), "{post:?}");
        assert_eq!(post.get_optional_child("meta"), Some(&meta));
    }
    let (answer, _) = alice.ask("newsletter", "get", NodeBuilder::new("messages").build()).await;
    assert!(has(&answer, "type", "error"), "no channel is named");
}
