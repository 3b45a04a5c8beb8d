//! Repeating a request makes nothing twice.

use std::time::Duration;

use futures::future::join_all;
use reqwest::{Method, multipart};
use serde_json::{Value, json};
use ulid::Ulid;
use wagate_domain::ports::{Begun, Idempotency};
use wagate_infra::redis::RedisIdempotency;

use crate::stack::{Answer, Stack, send};

const TO: &str = "6281234567890";

async fn keyed(stack: &Stack, path: &str, key: &str, body: &Value) -> Answer {
    send(stack.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
}

async fn messages(stack: &Stack) -> usize {
    stack.store().await;
    stack.get("/api/v1/messages").await.expect(200)["messages"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let body = json!({"to": TO, "type": "text", "text": {"body": "once"}});
    let first = keyed(&stack, &path, "order 17", &body).await;
    let again = keyed(&stack, &path, "order 17", &body).await;
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
    assert_eq!((first.expect(202), &first.bytes), (again.expect(202), &again.bytes));
    let other = json!({"to": TO, "type": "text", "text": {"body": "twice"}});
    keyed(&stack, &path, "order 17", &other).await.problem(422, "idempotency_key_reused");
    keyed(&stack, "/api/v1/sessions", "order 17", &json!({})).await.problem(422, "idempotency_key_reused");
    // keys are each workspace's own
    let stranger = stack.stranger().await;
    let theirs = stack.bare(Method::POST, "/api/v1/sessions").bearer_auth(stranger);
    send(theirs.header("Idempotency-Key", "order 17").json(&json!({}))).await.expect(201);
    assert_eq!(messages(&stack).await, 1);
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let body = json!({"to": TO, "type": "text", "text": {"body": "race"}});
    let answers = join_all((0..8).map(|_| keyed(&stack, &path, "order 18", &body))).await;
    for answer in &answers {
        match answer.status.as_u16() {
            202 => {}
            _ => {
                answer.problem(409, "idempotency_running");
                assert_eq!(answer.header("retry-after"), Some("1"));
            }
        }
    }
    assert!(answers.iter().any(|answer| answer.status == 202));
    assert_eq!(messages(&stack).await, 1);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let stack = Stack::start().await;
    let refused = keyed(&stack, "/api/v1/sessions", "k", &json!({"name": " "})).await;
    refused.problem(422, "validation_failed");
    keyed(&stack, "/api/v1/sessions", "k", &json!({"name": "shop"})).await.expect(201);
    for key in ["k".repeat(256), "ключ".to_owned()] {
        let refused = keyed(&stack, "/api/v1/sessions", &key, &json!({})).await;
        assert_eq!(refused.problem(400, "invalid_header")["field"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn an_attempt_after_a_crash_makes_the_same_thing() {
    let stack = Stack::start().await;
    let body = json!({"name": "shop"});
    let made = keyed(&stack, "/api/v1/sessions", "crashed", &body).await.expect(201);
    let seed: Ulid = made["id"].as_str().unwrap()[4..].parse().unwrap();

    // the same seed without an answer: what a process that died after the insert leaves behind
    let memory = RedisIdempotency::new(stack.connection.clone()).vanished_after(Duration::ZERO);
    let fingerprint = stack.fingerprint("POST /sessions", &body);
    let begun = memory.begin(stack.workspace.id, "second", &fingerprint, seed).await.unwrap();
    assert_eq!(begun, Begun::Fresh(seed));
    let again = keyed(&stack, "/api/v1/sessions", "second", &body).await;
    assert_eq!(again.expect(201)["id"], made["id"]);
    assert_eq!(stack.get("/api/v1/sessions").await.expect(200)["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_form_is_repeated_safely() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let post = |caption: &'static str| {
        let part = multipart::Part::text("words").file_name("a.txt").mime_str("text/plain").unwrap();
        let form = multipart::Form::new().text("to", TO).text("type", "document").text("caption", caption);
        let request = stack.request(Method::POST, &path).header("Idempotency-Key", "form");
        send(request.multipart(form.part("file", part)))
    };
    let (first, again) = (post("one").await, post("one").await);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.expect(202)["id"], again.expect(202)["id"]);
    post("two").await.problem(422, "idempotency_key_reused");
    assert_eq!(messages(&stack).await, 1);
}
