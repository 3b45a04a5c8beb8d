//! Sending text, reading messages, marking them as read.

use serde_json::{Value, json};
use wagate_domain::{
    Address, ContactIds, MessageId, Timestamp,
    events::EventData,
    messages::{Content, Direction, Message, Priority, Status, Times},
    sessions::{Command, CommandReply, SessionKey, State},
};

use crate::stack::Stack;

const TO: &str = "6281234567890";

fn text(body: &str) -> Value {
    json!({"to": format!("+{TO}"), "type": "text", "text": {"body": body}})
}

/// Lets a message come in, as the connector does.
async fn receive(stack: &Stack, session: SessionKey, body: &str) -> MessageId {
    let (id, now) = (stack.env.new_id::<MessageId>(), stack.env.now());
    let mut times = Times::default();
    times.note(Status::Received, now);
    let message = Message {
        id,
        workspace: session.workspace,
        session: session.id,
        direction: Direction::In,
        chat: Address::pn(TO),
        contact: ContactIds { pn: Some(TO.to_owned()), lid: None },
        contact_id: None,
        stanza_id: format!("STANZA{body}"),
        content: Content::Text { body: body.to_owned() },
        quote: None,
        mentions: vec![],
        offline: false,
        push_name: Some("Ayu".to_owned()),
        priority: Priority::default(),
        status: Status::Received,
        failure: None,
        times,
        expires_at: None,
        send_at: None,
        campaign: None,
        revision: 0,
        sender: None,
        at: Timestamp::from_millis(now.as_millis()),
    };
    stack.tell(session, EventData::MessageReceived { message: Box::new(message), media: None }).await;
    id
}

#[tokio::test]
async fn an_accepted_message_is_there_at_once_and_stays() {
    let stack = Stack::start().await;
    let (session, key) = stack.linked_session().await;
    stack.tell(key, EventData::SessionStatus { state: State::Connected, reason: None }).await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let accepted = stack.post(&path, &text("Hello")).await.expect(202);
    let id = accepted["id"].as_str().unwrap();
    assert_eq!(accepted["status"], "accepted");
    assert_eq!(accepted["to"], format!("{TO}@s.whatsapp.net"));
    assert_eq!(accepted["session"], json!({"id": session, "state": "connected"}));
    assert!(accepted["note"].is_null(), "{accepted}");
    assert!(accepted["links"]["self"].as_str().unwrap().ends_with(&format!("/api/v1/messages/{id}")));

    // before the worker has stored it, and after
    let path = format!("/api/v1/messages/{id}");
    let before = stack.get(&path).await.expect(200);
    assert_eq!((&before["type"], &before["text"]["body"]), (&json!("text"), &json!("Hello")));
    assert_eq!(before["direction"], "out");
    assert_eq!(before["contact"]["pn"], TO);
    stack.store().await;
    let after = stack.get(&path).await.expect(200);
    assert_eq!(after["stanza_id"], before["stanza_id"]);
    assert!(after["contact"]["id"].is_string(), "the record knows the contact: {after}");
    stack.get("/api/v1/messages/msg_01K00000000000000000000000").await.problem(404, "message_not_found");
    stack.get("/api/v1/messages/17").await.problem(404, "message_not_found");
}

#[tokio::test]
async fn a_message_to_a_session_that_is_not_connected_says_what_it_waits_for() {
    let stack = Stack::start().await;
    let (unlinked, _) = stack.session().await;
    let (stopped, _) = stack.linked_session().await;
    stack.post(&format!("/api/v1/sessions/{stopped}/stop"), &json!({})).await.expect(202);
    for (session, awaited) in [(unlinked, "/qr"), (stopped, "/start")] {
        let accepted =
            stack.post(&format!("/api/v1/sessions/{session}/messages"), &text("early")).await.expect(202);
        let note = accepted["note"].as_str().unwrap();
        assert!(note.contains(awaited) && note.contains(accepted["expires_at"].as_str().unwrap()), "{note}");
    }
}

#[tokio::test]
async fn a_wrong_message_names_its_field_and_queues_nothing() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    for (body, field) in [
        (json!({"to": "hello", "type": "text", "text": {"body": "x"}}), "to"),
        (json!({"type": "text", "text": {"body": "x"}}), "to"),
        (json!({"to": TO, "type": "text", "text": {"body": " "}}), "text.body"),
        (json!({"to": TO, "type": "text", "text": {"body": "x".repeat(65_537)}}), "text.body"),
        (json!({"to": TO, "type": "text", "text": "x"}), "text"),
        (json!({"to": TO, "type": "text"}), "text"),
        (json!({"to": TO, "type": "song"}), "type"),
        (json!({"to": TO, "type": "text", "text": {"body": "x", "size": 1}}), "text.size"),
        (json!({"to": TO, "type": "text", "text": {"body": "x"}, "color": "red"}), "color"),
        (json!({"to": TO, "type": "text", "text": {"body": "x"}, "mentions": [TO, "x"]}), "mentions[1]"),
        (json!({"to": TO, "type": "text", "text": {"body": "x"}, "reply_to": "msg_x"}), "reply_to"),
        (json!({"to": TO, "type": "text", "text": {"body": "x"}, "priority": "high"}), "priority"),
    ] {
        let problem = stack.post(&path, &body).await.problem(422, "validation_failed");
        assert_eq!(
            (problem["field"].as_str(), problem["errors"][0]["field"].as_str()),
            (Some(field), Some(field))
        );
        assert!(!problem["errors"][0]["remedy"].as_str().unwrap().is_empty());
    }
    stack.store().await;
    assert_eq!(stack.get("/api/v1/messages").await.expect(200)["messages"], json!([]));
}

#[tokio::test]
async fn lists_are_by_session_and_chat_newest_first() {
    let stack = Stack::start().await;
    let ((session, key), (other, _)) = (stack.linked_session().await, stack.linked_session().await);
    let path = format!("/api/v1/sessions/{session}/messages");
    stack.post(&path, &text("one")).await.expect(202);
    stack.next_moment().await;
    receive(&stack, key, "two").await;
    stack.next_moment().await;
    let group = json!({"to": "120363000000000001@g.us", "type": "text", "text": {"body": "three"}});
    stack.post(&path, &group).await.expect(202);
    stack.next_moment().await;
    stack.post(&format!("/api/v1/sessions/{other}/messages"), &text("four")).await.expect(202);
    stack.store().await;
    let bodies = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages.map(|message| message["text"]["body"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected) in [
        (String::new(), vec!["four", "three", "two", "one"]),
        (format!("session={session}"), vec!["three", "two", "one"]),
        (format!("session={session}&chat=%2B{TO}"), vec!["two", "one"]),
        (format!("chat={TO}@s.whatsapp.net"), vec!["four", "two", "one"]),
        ("chat=120363000000000001@g.us".to_owned(), vec!["three"]),
        ("chat=6281200000099".to_owned(), vec![]),
    ] {
        let page = stack.get(&format!("/api/v1/messages?{query}")).await.expect(200);
        assert_eq!(bodies(&page), expected, "{query}");
    }
    let first = stack.get("/api/v1/messages?limit=3").await.expect(200);
    let next = first["next_cursor"].as_str().unwrap();
    let second = stack.get(&format!("/api/v1/messages?limit=3&cursor={next}")).await.expect(200);
    assert_eq!((bodies(&second), second["next_cursor"].is_null()), (vec!["one".to_owned()], true));
    for (query, field) in [
        ("limit=0", "limit"),
        ("chat=someone", "chat"),
        ("cursor=x", "cursor"),
        ("session=1", "session"),
        ("q=1", "q"),
    ] {
        let refused = stack.get(&format!("/api/v1/messages?{query}")).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], field, "{query}");
    }
}

#[tokio::test]
async fn received_messages_are_marked_read_by_the_owner() {
    let stack = Stack::start().await;
    let (session, key) = stack.linked_session().await;
    let first = receive(&stack, key, "one").await;
    stack.next_moment().await;
    receive(&stack, key, "two").await;
    let path = format!("/api/v1/sessions/{session}/chats/{TO}/read");
    let chat = format!("{TO}@s.whatsapp.net");
    let everything = json!({});
    let (answer, command) =
        tokio::join!(stack.post(&path, &everything), stack.answer(key, CommandReply::Done));
    let ids = vec!["STANZAtwo".to_owned(), "STANZAone".to_owned()];
    assert_eq!(command, Command::MarkRead { chat: chat.clone(), ids });
    assert_eq!(answer.expect(200), json!({"marked": 2}));
    let one = json!({"message_ids": [first.to_string()]});
    let (answer, command) = tokio::join!(stack.post(&path, &one), stack.answer(key, CommandReply::Done));
    assert_eq!(command, Command::MarkRead { chat, ids: vec!["STANZAone".to_owned()] });
    answer.expect(200);
    let refused = stack.post(&path, &json!({"message_ids": ["msg_x"]})).await;
    assert_eq!(refused.problem(422, "validation_failed")["field"], "message_ids[0]");
    // a chat without messages needs no owner
    let none = format!("/api/v1/sessions/{session}/chats/6281200000099/read");
    assert_eq!(stack.post(&none, &everything).await.expect(200), json!({"marked": 0}));
}
