//! API keys.

use reqwest::Method;
use serde_json::{Value, json};

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

#[tokio::test]
async fn a_key_is_made_as_narrow_as_asked_and_shown_so() {
    let stack = Stack::start().await;
    let (session, _) = stack.session().await;
    let wish = json!({
        "name": "shop", "scopes": ["messages:send", "media:*"], "sessions": [session],
        "allowed_ips": ["203.0.113.0/24", "2001:db8::1"], "expires_at": "2999-01-01T00:00:00Z"
    });
    let made = stack.post("/api/v1/keys", &wish).await.expect(201);
    let shown = stack.get(&format!("/api/v1/keys/{}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(shown["scopes"], json!(["messages:send", "media:read", "media:write"]));
    assert_eq!(shown["sessions"], json!([session]));
    assert_eq!(shown["allowed_ips"], json!(["203.0.113.0/24", "2001:db8::1/128"]));
    assert_eq!(shown["expires_at"], "2999-01-01T00:00:00.000Z");
    assert_eq!(shown["last_used_at"], Value::Null);
    for (wrong, field) in [
        (json!({}), "name"),
        (json!({"name": "x", "scopes": ["messages:fly"]}), "scopes[0]"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "sessions": []}), "sessions"),
        (json!({"name": "x", "sessions": ["ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G"]}), "sessions[0]"),
        (json!({"name": "x", "allowed_ips": ["10.0.0.1", "example.com"]}), "allowed_ips[1]"),
        (json!({"name": "x", "expires_at": "2001-01-01T00:00:00Z"}), "expires_at"),
        (json!({"name": "x", "expires_at": "tomorrow"}), "expires_at"),
    ] {
        let problem = stack.post("/api/v1/keys", &wrong).await.problem(422, "validation_failed");
        assert_eq!(problem["field"], field, "{wrong}");
    }
}

#[tokio::test]
async fn a_key_opens_from_its_addresses_behind_our_proxies_only() {
    let stack = Stack::start().await;
    let wish = json!({"name": "shop", "allowed_ips": ["203.0.113.0/24", "2001:db8::/32"]});
    let made = stack.post("/api/v1/keys", &wish).await.expect(201);
    let secret = made["secret"].as_str().unwrap();
    let from = |forwarded: &'static str| {
        let request = stack.bare(Method::GET, "/api/v1/sessions").bearer_auth(secret);
        send(request.header("X-Forwarded-For", forwarded))
    };
    from("203.0.113.7").await.expect(200);
    from("2001:db8:1::1").await.expect(200);
    // whatever the caller wrote itself stands further left
    from("203.0.113.7, 192.0.2.1").await.problem(403, "address_not_allowed");
    from("198.51.100.1, 203.0.113.7").await.expect(200);
    let path = format!("/api/v1/keys/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&path).await.expect(200)["last_used_from"], "203.0.113.7");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let stack = Stack::start().await;
    let wish = json!({"name": "clerk", "scopes": ["keys:*", "messages:send"]});
    let clerk = stack.post("/api/v1/keys", &wish).await.expect(201);
    let mighty = stack.post("/api/v1/keys", &json!({"name": "mighty"})).await.expect(201);
    let (secret, mighty) = (clerk["secret"].as_str().unwrap(), mighty["id"].as_str().unwrap());
    let path = format!("/api/v1/keys/{mighty}");
    for (method, path, body) in [
        (Method::POST, "/api/v1/keys".to_owned(), json!({"name": "x", "scopes": ["sessions:delete"]})),
        (Method::POST, "/api/v1/keys".to_owned(), json!({"name": "x", "scopes": ["*"]})),
        (Method::POST, "/api/v1/keys".to_owned(), json!({"name": "x", "scopes": ["operator"]})),
        (Method::PATCH, path.clone(), json!({"allowed_ips": []})),
        (Method::POST, format!("{path}/rotate"), json!({})),
    ] {
        let request = stack.bare(method, &path).bearer_auth(secret).json(&body);
        send(request).await.problem(403, "permission_missing");
    }
    let made =
        send(stack.bare(Method::POST, "/api/v1/keys").bearer_auth(secret).json(&json!({"name": "heir"})));
    assert_eq!(made.await.expect(201)["scopes"], json!(["messages:send", "keys:read", "keys:write"]));
}

#[tokio::test]
async fn a_rotated_key_opens_with_both_secrets_for_a_while() {
    let stack = Stack::start().await;
    let made = stack.post("/api/v1/keys", &json!({"name": "shop"})).await.expect(201);
    let (id, old) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap().to_owned());
    let rotate = |seconds: u64| {
        let path = format!("/api/v1/keys/{id}/rotate");
        let (stack, body) = (&stack, json!({"overlap_seconds": seconds}));
        async move { stack.post(&path, &body).await.expect(200) }
    };
    let opens = |secret: &str| send(stack.bare(Method::GET, "/api/v1/sessions").bearer_auth(secret));
    let second = rotate(3_600).await;
    assert!(second["old_secret_until"].is_string());
    let second = second["secret"].as_str().unwrap();
    opens(&old).await.expect(200);
    opens(second).await.expect(200);
    let third = rotate(0).await;
    opens(&old).await.problem(401, "unauthenticated");
    opens(second).await.problem(401, "unauthenticated");
    opens(third["secret"].as_str().unwrap()).await.expect(200);
    let path = format!("/api/v1/keys/{id}");
    stack
        .post(&format!("{path}/rotate"), &json!({"overlap_seconds": 9_999_999}))
        .await
        .problem(422, "validation_failed");
    stack.delete(&path).await.expect(204);
    stack.post(&format!("{path}/rotate"), &json!({})).await.problem(409, "key_revoked");
    stack.patch(&path, &json!({"name": "x"})).await.problem(409, "key_revoked");
}

#[tokio::test]
async fn a_changed_key_may_at_once_what_it_may_now() {
    let stack = Stack::start().await;
    let made = stack.post("/api/v1/keys", &json!({"name": "shop"})).await.expect(201);
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let opens = || send(stack.bare(Method::GET, "/api/v1/sessions").bearer_auth(secret));
    opens().await.expect(200);
    let path = format!("/api/v1/keys/{id}");
    let changed =
        stack.patch(&path, &json!({"scopes": ["messages:read"], "name": "reader"})).await.expect(200);
    assert_eq!((&changed["name"], &changed["scopes"]), (&json!("reader"), &json!(["messages:read"])));
    opens().await.problem(403, "permission_missing");
    stack.patch(&path, &json!({"scopes": ["*"], "expires_at": "2999-01-01T00:00:00Z"})).await.expect(200);
    opens().await.expect(200);
    let kept = stack.patch(&path, &json!({"expires_at": null})).await.expect(200);
    assert_eq!((&kept["expires_at"], &kept["name"]), (&Value::Null, &json!("reader")));
}

#[tokio::test]
async fn a_live_stream_ends_with_its_key() {
    let stack = Stack::start().await;
    let made = stack.post("/api/v1/keys", &json!({"name": "reader"})).await.expect(201);
    let request =
        stack.bare(Method::GET, "/api/v1/live/stream").bearer_auth(made["secret"].as_str().unwrap());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    stack.delete(&format!("/api/v1/keys/{}", made["id"].as_str().unwrap())).await.expect(204);
    let said = response.text().await.unwrap();
    assert!(said.contains("event: end") && said.contains("key_revoked"), "{said}");
}
