//! The audit log: who did what.

use std::sync::atomic::Ordering;

use reqwest::Method;
use serde_json::{Value, json};
use wagate_domain::{
    auth::{Permission, Permissions},
    sessions::{CommandReply, Pairing},
};
use wagate_infra::testing::eventually;

use crate::{
    person::{Person, sign_in},
    stack::{PATIENCE, Stack, send},
};

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

/// What is put down for whoever runs the gateway.
async fn of_no_workspace(stack: &Stack, query: &str) -> Vec<Value> {
    let operator = stack.scoped(Permissions::of(&[Permission::Operate])).await;
    let request = stack.bare(Method::GET, &format!("/api/v1/operator/audit{query}")).bearer_auth(operator);
    send(request).await.expect(200)["entries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn who_comes_in_and_who_is_kept_out_is_put_down() {
    let stack = Stack::start().await;
    let ayu = Person::join(&stack, "ayu").await;
    let came_in = of_no_workspace(&stack, "?action=account.signed_in").await;
    assert_eq!(came_in.len(), 1);
    assert_eq!((&came_in[0]["actor"], &came_in[0]["address"]), (&json!(ayu.id), &json!("127.0.0.1")));
    assert!(came_in[0]["target"].as_str().unwrap().starts_with("sig_"));

    sign_in(&stack, &ayu.address, "a wrong horse").await.problem(401, "wrong_credentials");
    sign_in(&stack, "nobody@example.com", "hunter2-typed-here").await.problem(401, "wrong_credentials");
    sign_in(&stack, "hunter2-typed-there", "x").await.problem(422, "validation_failed");
    let kept_out = of_no_workspace(&stack, "?action=access.*").await;
    let told: Vec<_> = kept_out.iter().map(|entry| (&entry["target"], &entry["actor"])).collect();
    assert_eq!(told, [(&Value::Null, &Value::Null), (&json!(ayu.id), &Value::Null)], "whose account it was");
    let why = json!({"operation": "account.signed_in", "refused": "wrong_credentials"});
    assert!(kept_out.iter().all(|entry| entry["after"] == why), "{kept_out:?}");
    assert!(!json!(kept_out).to_string().contains("hunter2"), "what was typed stays where it was");
}

#[tokio::test]
async fn a_change_that_is_refused_is_put_down_with_whom_it_was_refused_to() {
    let stack = Stack::start().await;
    let reader = stack.scoped(Permissions::of(&[Permission::KeysRead])).await;
    let ask = |method: Method, path: &str| {
        let request = stack.bare(method, &format!("/api/v1/{path}")).bearer_auth(&reader);
        send(request.json(&json!({"name": "mightier"})))
    };
    ask(Method::POST, "keys").await.problem(403, "permission_missing");
    let key = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G";
    ask(Method::DELETE, &format!("keys/{key}")).await.problem(403, "permission_missing");
    // reading is not put down, and neither is what nobody known asks for
    ask(Method::GET, "members").await.problem(403, "permission_missing");
    send(stack.bare(Method::POST, "/api/v1/keys").bearer_auth("wg_0")).await.problem(401, "unauthenticated");
    // somebody may make keys, but none that may more than they
    let maker = stack.scoped(Permissions::of(&[Permission::KeysWrite])).await;
    let wish = json!({"name": "mightier", "scopes": ["*"]});
    let request = stack.bare(Method::POST, "/api/v1/keys").bearer_auth(&maker).json(&wish);
    send(request).await.problem(403, "permission_missing");

    let refused = entries(&stack, "?action=access.refused").await;
    let of = |operation: &str| json!({"operation": operation, "refused": "permission_missing"});
    let told: Vec<_> = refused.iter().map(|entry| (&entry["after"], &entry["target"])).collect();
    let none = Value::Null;
    assert_eq!(
        told,
        [(&of("key.created"), &none), (&of("key.revoked"), &json!(key)), (&of("key.created"), &none)]
    );
    assert_eq!(refused[1]["actor"], refused[2]["actor"]);
    assert!(
        refused.iter().all(|entry| entry["actor"].as_str().is_some_and(|actor| actor.starts_with("key_")))
    );
    assert_eq!(entries(&stack, "?action=key.*").await, Vec::<Value>::new(), "nothing was done");
}

#[tokio::test]
async fn nothing_is_done_that_is_not_put_down_first() {
    let stack = Stack::start().await;
    let (session, _) = stack.session().await;
    stack.audit.closed.store(true, Ordering::Relaxed);
    stack.post("/api/v1/keys", &json!({"name": "shop"})).await.problem(503, "unavailable");
    stack.delete(&format!("/api/v1/sessions/{session}")).await.problem(503, "unavailable");
    stack
        .post(&format!("/api/v1/sessions/{session}/queue/pause"), &json!({}))
        .await
        .problem(503, "unavailable");
    assert_eq!(stack.get("/api/v1/keys").await.expect(200)["keys"].as_array().unwrap().len(), 1);
    let queue = stack.get(&format!("/api/v1/sessions/{session}/queue")).await.expect(200);
    assert_eq!(queue["paused"], false, "{queue}");
}

#[tokio::test]
async fn what_was_done_while_the_record_went_away_is_there_as_begun() {
    let stack = Stack::start().await;
    stack.audit.stuck.store(true, Ordering::Relaxed);
    stack.post("/api/v1/keys", &json!({"name": "shop"})).await.expect(201);
    stack.post("/api/v1/keys", &json!({"name": ""})).await.problem(422, "validation_failed");
    stack.audit.stuck.store(false, Ordering::Relaxed);
    stack.post("/api/v1/keys", &json!({"name": "desk"})).await.expect(201);
    let found = entries(&stack, "?action=key.created").await;
    let told: Vec<_> = found.iter().map(|entry| (&entry["outcome"], &entry["after"]["name"])).collect();
    let (unknown, nothing) = (json!("unknown"), Value::Null);
    assert_eq!(told, [(&json!("done"), &json!("desk")), (&unknown, &nothing), (&unknown, &nothing)]);
    assert!(found.iter().all(|entry| entry["actor"].as_str().unwrap().starts_with("key_")));
}

#[tokio::test]
async fn an_entry_stands_while_it_is_done() {
    let stack = Stack::start().await;
    let (id, session) = stack.session().await;
    let path = format!("/api/v1/sessions/{id}");
    let of = async || entries(&stack, &format!("?action=session.pairing_code_made&target={id}")).await;
    let body = json!({"phone": "6281234567890"});
    let ask = format!("{path}/pairing-code");
    let asked = stack.post(&ask, &body);
    let watched = async {
        let code = Pairing::Code { code: "ABCDEFGH".to_owned(), expires_at: stack.env.now() };
        let begun = eventually(PATIENCE, "an entry", async || of().await.pop()).await;
        assert_eq!((&begun["outcome"], &begun["after"]), (&json!("unknown"), &Value::Null));
        stack.answer(session, CommandReply::Pairing(code)).await;
    };
    let (answer, ()) = tokio::join!(asked, watched);
    assert!(answer.status.is_success(), "{answer:?}");
    let done = of().await;
    assert_eq!((done.len(), &done[0]["outcome"]), (1, &json!("done")));
}
