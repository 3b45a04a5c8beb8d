//! Messages that wait: scheduled, in batches, changed, cancelled, queued again.

use std::time::Duration;

use serde_json::{Value, json};
use wagate_domain::{
    events::EventData,
    messages::{Failure, Status},
    ports::Verdict,
};

use crate::stack::Stack;

const TO: &str = "6281234567890";

fn text(body: &str) -> Value {
    json!({"to": TO, "type": "text", "text": {"body": body}})
}

fn with(mut message: Value, field: &str, value: &Value) -> Value {
    message[field] = value.clone();
    message
}

#[tokio::test]
async fn a_scheduled_message_waits_is_listed_changed_and_cancelled() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let year = 2 + stack.env.now().to_string()[..4].parse::<u32>().unwrap();
    let near = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    let local = near.to_zoned(jiff::tz::TimeZone::UTC).datetime().round(jiff::Unit::Minute).unwrap();
    let body = with(with(text("later"), "send_at", &json!(local.to_string())), "time_zone", &json!("UTC"));
    let accepted = stack.post(&path, &body).await.expect(202);
    let id = accepted["id"].as_str().unwrap();
    assert_eq!(accepted["status"], "scheduled");
    let message = format!("/api/v1/messages/{id}");
    assert_eq!(stack.get(&message).await.expect(200)["send_at"], accepted["send_at"], "before it is stored");
    stack.store().await;
    let listed = stack.get("/api/v1/messages?status=scheduled").await.expect(200);
    assert_eq!(
        (listed["messages"][0]["id"].as_str(), listed["messages"].as_array().unwrap().len()),
        (Some(id), 1)
    );

    let sooner = (near - jiff::SignedDuration::from_hours(1)).to_string();
    let change = json!({"text": {"body": "sooner"}, "send_at": sooner});
    let changed = stack.patch(&message, &change).await.expect(200);
    assert_eq!((&changed["text"]["body"], &changed["status"]), (&json!("sooner"), &json!("scheduled")));
    assert_eq!(stack.get(&message).await.expect(200)["text"]["body"], "sooner", "before it is stored");
    stack.store().await;
    let stored = stack.get(&message).await.expect(200);
    assert_eq!(stored["text"]["body"], "sooner");
    assert_eq!(stored["send_at"], changed["send_at"]);
    let queue = format!("/api/v1/sessions/{session}/queue");
    assert_eq!(stack.get(&queue).await.expect(200)["scheduled"], 1);

    let now = stack.patch(&message, &json!({"send_at": null, "priority": "bulk"})).await.expect(200);
    assert_eq!((now["status"].as_str(), now["send_at"].is_null()), (Some("accepted"), true));
    let depth = stack.get(&queue).await.expect(200);
    assert_eq!((&depth["scheduled"], &depth["bulk"]), (&json!(0), &json!(1)));

    let cancelled = stack.post(&format!("{message}/cancel"), &json!({})).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    stack.store().await;
    stack.post(&format!("{message}/cancel"), &json!({})).await.expect(200);
    stack.patch(&message, &change).await.problem(409, "message_not_waiting");
    stack.post(&format!("{message}/retry"), &json!({})).await.problem(409, "message_not_failed");

    for (field, value, blamed) in [
        ("send_at", json!("yesterday"), "send_at"),
        ("send_at", json!("2020-01-01T00:00:00Z"), "send_at"),
        ("send_at", json!(format!("{year}-01-01T00:00:00Z")), "send_at"),
        ("time_zone", json!("UTC"), "time_zone"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "expires_at"),
        ("campaign", json!("with spaces"), "campaign"),
    ] {
        let problem =
            stack.post(&path, &with(text("x"), field, &value)).await.problem(422, "validation_failed");
        assert_eq!(problem["field"], blamed, "{field} {value}");
    }
    stack.get("/api/v1/messages?status=lost").await.problem(422, "validation_failed");
    stack
        .patch(&message, &json!({"text": {"body": "a"}, "image": {"id": "med_x"}}))
        .await
        .problem(422, "validation_failed");
    stack
        .post("/api/v1/messages/msg_01K00000000000000000000000/cancel", &json!({}))
        .await
        .problem(404, "message_not_found");
}

#[tokio::test]
async fn a_batch_takes_what_is_right_refuses_what_is_wrong_and_can_be_repeated() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages/batch");
    let mut messages: Vec<Value> =
        (0..300).map(|n| with(text(&n.to_string()), "priority", &json!("bulk"))).collect();
    messages[7] = json!({"to": "nobody", "type": "text", "text": {"body": "x"}});
    messages[8] = json!({"to": TO, "type": "text", "text": {"body": "x"}, "colour": "red"});
    messages[9] = json!({"to": TO, "type": "image", "image": {"url": "https://example.com/x.jpg"}});
    messages[10] = json!("not even an object");
    let batch = json!({"messages": messages});
    let first = stack.post_once(&path, &batch, "batch-1").await;
    let answer = first.expect(202);
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(296), &json!(4)));
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 300);
    assert_eq!(results[7]["error"]["field"], "to");
    assert_eq!(results[8]["error"]["field"], "colour");
    assert_eq!(results[9]["error"]["field"], "image");
    assert!(results[10]["error"]["code"].is_string());
    assert_eq!(results[0]["message"]["ahead"], 0);
    assert_eq!(results[299]["message"]["ahead"], 295);
    let ids: std::collections::HashSet<&str> =
        results.iter().filter_map(|item| item["message"]["id"].as_str()).collect();
    assert_eq!(ids.len(), 296);
    let again = stack.post_once(&path, &batch, "batch-1").await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.expect(202), answer);
    let queue = stack.get(&format!("/api/v1/sessions/{session}/queue")).await.expect(200);
    assert_eq!(queue["bulk"], 296);

    for wrong in [json!({"messages": []}), json!({"messages": vec![text("x"); 1_001]}), json!({})] {
        let problem = stack.post(&path, &wrong).await.problem(422, "validation_failed");
        assert_eq!(problem["field"], "messages");
    }
}

#[tokio::test]
async fn a_queue_can_be_paused_resumed_and_purged_by_campaign_and_chat() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let (other, _) = stack.linked_session().await;
    let batch = |campaign: &str, to: &str, count: usize| {
        let message = json!({
            "to": to, "type": "text", "text": {"body": "x"}, "campaign": campaign, "priority": "bulk",
        });
        json!({"messages": vec![message; count]})
    };
    for session in [&session, &other] {
        let path = format!("/api/v1/sessions/{session}/messages/batch");
        stack.post(&path, &batch("a", TO, 30)).await.expect(202);
        stack.post(&path, &batch("b", TO, 20)).await.expect(202);
        stack.post(&path, &batch("b", "6281111111111", 10)).await.expect(202);
    }
    let queue = format!("/api/v1/sessions/{session}/queue");
    assert_eq!(stack.post(&format!("{queue}/pause"), &json!({})).await.expect(200)["paused"], true);
    assert_eq!(stack.get(&queue).await.expect(200)["paused"], true);
    assert_eq!(stack.post(&format!("{queue}/resume"), &json!({})).await.expect(200)["paused"], false);

    let purge = format!("{queue}/purge");
    let purged = stack.post(&purge, &json!({"campaign": "b", "chat": format!("+{TO}")})).await.expect(200);
    assert_eq!(purged["cancelled"], 20);
    assert_eq!(stack.post(&purge, &json!({"campaign": "a"})).await.expect(200)["cancelled"], 30);
    stack.store().await;
    let left = stack.get(&format!("/api/v1/messages?session={session}&status=accepted&campaign=b")).await;
    assert_eq!(left.expect(200)["messages"].as_array().unwrap().len(), 10);
    assert_eq!(stack.post(&purge, &json!({"all": true})).await.expect(200)["cancelled"], 10);
    assert_eq!(stack.post(&purge, &json!({"all": true})).await.expect(200)["cancelled"], 0);
    stack.post(&purge, &json!({})).await.problem(422, "validation_failed");
    stack.post(&purge, &json!({"all": true, "campaign": "a"})).await.problem(422, "validation_failed");
    let untouched = stack.get(&format!("/api/v1/sessions/{other}/queue")).await.expect(200);
    assert_eq!(untouched["bulk"], 60);
}

#[tokio::test]
async fn a_failed_message_can_be_sent_again_under_its_ids() {
    let stack = Stack::start().await;
    let (session, key) = stack.linked_session().await;
    let accepted =
        stack.post(&format!("/api/v1/sessions/{session}/messages"), &text("again")).await.expect(202);
    let id = accepted["id"].as_str().unwrap();
    let message = format!("/api/v1/messages/{id}");
    stack.post(&format!("{message}/retry"), &json!({})).await.problem(409, "message_not_failed");
    // its owner takes it and gives it up
    let id: wagate_domain::MessageId = id.parse().unwrap();
    stack.fail(key, id, Failure { code: "no_ack".to_owned(), message: "no ack".to_owned() }).await;
    stack.store().await;
    assert_eq!(stack.get(&message).await.expect(200)["status"], "failed");
    let listed = stack.get("/api/v1/messages?status=failed").await.expect(200);
    assert_eq!(listed["messages"].as_array().unwrap().len(), 1);

    let again = stack.post(&format!("{message}/retry"), &json!({})).await.expect(202);
    assert_eq!((&again["status"], &again["stanza_id"]), (&json!("accepted"), &accepted["stanza_id"]));
    stack.store().await;
    let stored = stack.get(&message).await.expect(200);
    assert_eq!((stored["status"].as_str(), stored["failure"].is_null()), (Some("accepted"), true));
    let queue = stack.get(&format!("/api/v1/sessions/{session}/queue")).await.expect(200);
    assert_eq!(queue["interactive"], 1);
    // it can be changed like any other, and an old event told again changes nothing
    stack.patch(&message, &json!({"text": {"body": "better"}})).await.expect(200);
    stack.tell(key, EventData::MessageStatus { message: id, status: Status::Sent, failure: None }).await;
    assert_eq!(stack.get(&message).await.expect(200)["status"], "sent");
}

#[tokio::test]
async fn what_waits_tells_its_place_its_attempts_and_when_it_is_tried_next() {
    let stack = Stack::start().await;
    let (session, key) = stack.linked_session().await;
    let queue = format!("/api/v1/sessions/{session}/queue");
    let pace = json!({"pacing": {"per_minute": 1}});
    stack.patch(&format!("/api/v1/sessions/{session}"), &pace).await.expect(200);
    let mut ids = Vec::new();
    for n in 0..3 {
        let body =
            with(text(&n.to_string()), "priority", &json!(if n == 2 { "bulk" } else { "interactive" }));
        let accepted = stack.post(&format!("/api/v1/sessions/{session}/messages"), &body).await.expect(202);
        assert_eq!(accepted["ahead"], n);
        assert!(accepted["expected_at"].is_string(), "{accepted}");
        ids.push(accepted["id"].as_str().unwrap().to_owned());
    }
    let waiting = async |n: usize| {
        stack.get(&format!("/api/v1/messages/{}", ids[n])).await.expect(200)["waiting"].clone()
    };
    for stored in [false, true] {
        let last = waiting(2).await;
        let told = (&last["place"], &last["ahead"], &last["attempts"]);
        assert_eq!(told, (&json!("ready"), &json!(2), &json!(0)), "stored: {stored}");
        stack.store().await;
    }

    // its owner tries the first one, in vain
    let again = stack.env.now().plus(Duration::from_hours(1));
    stack.settle(key, ids[0].parse().unwrap(), Verdict::RetryAt(again), &[]).await;
    let first = waiting(0).await;
    assert_eq!((&first["attempts"], &first["expected_at"]), (&json!(1), &json!(again.to_string())));
    let told = stack.get(&queue).await.expect(200);
    assert_eq!(told["held_until"], again.to_string());
    let next: Vec<_> = told["next"].as_array().unwrap().iter().map(|next| next["message"].clone()).collect();
    assert_eq!(next, ids);
    let (second, third) = (&told["next"][1]["expected_at"], &told["next"][2]["expected_at"]);
    assert_eq!(second, &again.plus(Duration::from_mins(1)).to_string());
    assert_eq!(third, &told["drained_by"], "the last one is the end");
    assert_eq!(third, &waiting(2).await["expected_at"]);

    // nobody knows when a paused queue goes on
    let paused = stack.post(&format!("{queue}/pause"), &json!({})).await.expect(200);
    assert_eq!((&paused["drained_by"], &paused["next"][0]["expected_at"]), (&Value::Null, &Value::Null));
    stack.post(&format!("/api/v1/messages/{}/cancel", ids[0]), &json!({})).await.expect(200);
    stack.store().await;
    assert_eq!(waiting(0).await, Value::Null, "it has ended");
}
