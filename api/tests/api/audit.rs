//! The audit log: who did what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Stack, send};

async fn entries(stack: &Stack, query: &str) -> Vec<Value> {
    let page = stack.get(&format!("/api/v1/audit{query}")).await.expect(200);
    page["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_is_changed_is_put_down_with_what_it_was_and_no_secret() {
    let stack = Stack::start().await;
    let made =
        stack.post("/api/v1/keys", &json!({"name": "shop", "scopes": ["messages:send"]})).await.expect(201);
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let path = format!("/api/v1/keys/{id}");
    let request = stack.request(Method::PATCH, &path).header("X-Request-Id", "mine");
    send(request.header("X-Forwarded-For", "203.0.113.9").json(&json!({"name": "web shop"})))
        .await
        .expect(200);
    stack.delete(&path).await.expect(204);
    let found = entries(&stack, &format!("?target={id}")).await;
    let actions: Vec<&str> = found.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["key.revoked", "key.changed", "key.created"]);
    let changed = &found[1];
    assert_eq!(
        (&changed["before"], &changed["after"]),
        (&json!({"name": "shop"}), &json!({"name": "web shop"}))
    );
    assert_eq!((&changed["request_id"], &changed["address"]), (&json!("mine"), &json!("203.0.113.9")));
    let ours = stack.get("/api/v1/keys").await.expect(200)["keys"][0]["id"].clone();
    assert_eq!(changed["actor"], ours);
    assert_eq!(found[2]["after"]["scopes"], json!(["messages:send"]));
    assert!(!json!(found).to_string().contains(secret));
}

#[tokio::test]
async fn what_is_refused_or_repeated_is_not_put_down() {
    let stack = Stack::start().await;
    stack.post("/api/v1/keys", &json!({"name": ""})).await.problem(422, "validation_failed");
    stack.delete("/api/v1/sessions/ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G").await.problem(404, "session_not_found");
    assert_eq!(entries(&stack, "").await, Vec::<Value>::new());
    for _ in 0..2 {
        stack.post_once("/api/v1/sessions", &json!({"name": "desk"}), "once").await.expect(201);
    }
    let found = entries(&stack, "?action=session.*").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["after"]["name"], "desk");
}

#[tokio::test]
async fn the_whole_log_is_exported_whatever_the_size_of_a_step() {
    let stack = Stack::start().await;
    for n in 0..5 {
        stack.post("/api/v1/keys", &json!({"name": format!("key {n}")})).await.expect(201);
    }
    let exported = stack.get("/api/v1/audit/export?limit=2&action=key.created").await;
    assert_eq!(exported.header("content-type"), Some("application/x-ndjson"));
    let text = String::from_utf8(exported.bytes).unwrap();
    let names: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["after"]["name"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(names, ["key 4", "key 3", "key 2", "key 1", "key 0"]);
    let seen = entries(&stack, "?action=audit.exported").await;
    assert_eq!(seen.len(), 1, "an export is put down too");
    let problem = stack.get("/api/v1/audit/export?from=yesterday").await.problem(422, "validation_failed");
    assert_eq!(problem["field"], "from");
}
