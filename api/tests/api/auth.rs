//! Who may come in.

use reqwest::Method;
use serde_json::Value;

use crate::stack::{Stack, send};

#[tokio::test]
async fn every_route_but_health_wants_a_key() {
    let stack = Stack::start().await;
    let document = send(stack.bare(Method::GET, "/api/openapi.json")).await.expect(200);
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // what is for those who are not signed in yet; api/tests/derived.rs says where that may be
            if operation["security"].is_null() && !matches!(path.as_str(), "/healthz" | "/readyz") {
                continue;
            }
            let path = path.replace("{id}", "anything").replace("{chat}", "anything");
            let method: Method = method.to_uppercase().parse().unwrap();
            let plain = send(stack.bare(method.clone(), &path)).await;
            if matches!(path.as_str(), "/healthz" | "/readyz") {
                assert_eq!(plain.status, 200, "{path}");
            } else {
                plain.problem(401, "unauthenticated");
                assert!(plain.header("www-authenticate").unwrap().starts_with("Bearer"));
                let wrong = send(stack.bare(method, &path).header("x-api-key", "wg_0")).await;
                wrong.problem(401, "unauthenticated");
                tried += 1;
            }
        }
    }
    assert!(tried >= 20, "{tried} routes");
}

#[tokio::test]
async fn the_key_goes_into_either_header() {
    let stack = Stack::start().await;
    for request in [
        stack.bare(Method::GET, "/api/v1/sessions").bearer_auth(&stack.key),
        stack.bare(Method::GET, "/api/v1/sessions").header("X-API-Key", &stack.key),
        stack.bare(Method::GET, "/api/v1/sessions").header("Authorization", format!("bearer {}", stack.key)),
    ] {
        let page: Value = send(request).await.expect(200);
        assert_eq!(page["sessions"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn what_belongs_to_another_workspace_is_not_found() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let sent = serde_json::json!({"to": "6281234567890", "type": "text", "text": {"body": "mine"}});
    let accepted = stack.post(&format!("/api/v1/sessions/{session}/messages"), &sent).await.expect(202);
    let media =
        stack.post("/api/v1/media/uploads", &serde_json::json!({"mimetype": "a/b"})).await.expect(201);
    let stranger = stack.stranger().await;
    let (message, media) = (accepted["id"].as_str().unwrap(), media["id"].as_str().unwrap());
    for (method, path, code) in [
        (Method::GET, format!("/api/v1/sessions/{session}"), "session_not_found"),
        (Method::DELETE, format!("/api/v1/sessions/{session}"), "session_not_found"),
        (Method::POST, format!("/api/v1/sessions/{session}/start"), "session_not_found"),
        (Method::POST, format!("/api/v1/sessions/{session}/stop"), "session_not_found"),
        (Method::POST, format!("/api/v1/sessions/{session}/logout"), "session_not_found"),
        (Method::GET, format!("/api/v1/sessions/{session}/qr"), "session_not_found"),
        (Method::GET, format!("/api/v1/messages/{message}"), "message_not_found"),
        (Method::GET, format!("/api/v1/media/{media}"), "media_not_found"),
        (Method::GET, format!("/api/v1/media/{media}/content"), "media_not_found"),
    ] {
        let answer = send(stack.bare(method, &path).bearer_auth(&stranger)).await;
        answer.problem(404, code);
    }
    let send_it = stack.bare(Method::POST, &format!("/api/v1/sessions/{session}/messages"));
    send(send_it.bearer_auth(&stranger).json(&sent)).await.problem(404, "session_not_found");
    stack.store().await;
    let list = send(stack.bare(Method::GET, "/api/v1/messages").bearer_auth(&stranger)).await.expect(200);
    assert_eq!(list["messages"], serde_json::json!([]));
    assert_eq!(stack.get("/api/v1/messages").await.expect(200)["messages"].as_array().unwrap().len(), 1);
}
