//! API keys.

use reqwest::Method;
use serde_json::json;

use crate::stack::{Stack, send};

#[tokio::test]
async fn a_key_is_made_works_and_is_revoked() {
    let stack = Stack::start().await;
    let made = stack.post("/api/v1/keys", &json!({"name": " web shop "})).await.expect(201);
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!(made["name"], "web shop");
    assert!(secret.starts_with(made["prefix"].as_str().unwrap()));
    let with_it = |method, path: &str| stack.bare(method, path).bearer_auth(secret);
    let listed = send(with_it(Method::GET, "/api/v1/keys")).await;
    assert!(!String::from_utf8_lossy(&listed.bytes).contains(secret), "secrets are shown once");
    assert_eq!(listed.expect(200)["keys"].as_array().unwrap().len(), 2);
    let path = format!("/api/v1/keys/{id}");
    send(with_it(Method::DELETE, &path)).await.problem(409, "key_in_use");
    stack.delete(&path).await.expect(204);
    send(with_it(Method::GET, "/api/v1/keys")).await.problem(401, "unauthenticated");
    // revoking what is revoked changes nothing
    stack.delete(&path).await.expect(204);
    stack.delete("/api/v1/keys/key_01K00000000000000000000000").await.problem(404, "key_not_found");
    stack.delete("/api/v1/keys/key_x").await.problem(404, "key_not_found");
}

#[tokio::test]
async fn a_repetition_makes_no_second_key_and_shows_no_secret() {
    let stack = Stack::start().await;
    let make = || {
        let request = stack.request(Method::POST, "/api/v1/keys").header("Idempotency-Key", "k1");
        send(request.json(&json!({"name": "shop"})))
    };
    let first = make().await.expect(201);
    let again = make().await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let again = again.expect(201);
    assert_eq!(again["id"], first["id"]);
    assert!(first["secret"].is_string() && again["secret"].is_null());
    assert_eq!(stack.get("/api/v1/keys").await.expect(200)["keys"].as_array().unwrap().len(), 2);
}
