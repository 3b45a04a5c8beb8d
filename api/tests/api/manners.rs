//! What the API does with requests that it cannot serve, and what it says of itself.

use reqwest::Method;
use serde_json::json;
use wagate_domain::auth::{Permission, Permissions};

use crate::stack::{Stack, send};

#[tokio::test]
async fn bad_requests_are_told_apart() {
    let stack = Stack::start().await;
    let post = |kind: &'static str, body: String| {
        send(stack.request(Method::POST, "/api/v1/sessions").header("content-type", kind).body(body))
    };
    post("application/json", "{\"name\":".to_owned()).await.problem(400, "malformed_json");
    post("text/plain", "name".to_owned()).await.problem(415, "unsupported_media_type");
    post("application/json", format!("\"{}\"", "x".repeat(2 << 20))).await.problem(413, "payload_too_large");
    stack.get("/api/v1/nothing").await.problem(404, "not_found");
    stack.get("/nothing").await.problem(404, "not_found");
    let wrong = send(stack.request(Method::PUT, "/api/v1/sessions")).await;
    wrong.problem(405, "method_not_allowed");
    assert!(wrong.header("allow").unwrap().contains("POST"));
    let query = stack.get("/api/v1/keys?limit=5").await;
    assert_eq!(query.problem(422, "validation_failed")["field"], "limit");
}

#[tokio::test]
async fn a_request_keeps_its_id() {
    let stack = Stack::start().await;
    let named = send(stack.request(Method::GET, "/api/v1/nothing").header("x-request-id", "mine-1")).await;
    assert_eq!(named.problem(404, "not_found")["request_id"], "mine-1");
    let unfit = send(stack.request(Method::GET, "/healthz").header("x-request-id", "<script>")).await;
    assert!(unfit.header("x-request-id").unwrap().starts_with("req_"));
}

#[tokio::test]
async fn health_tells_the_dependency_that_is_away_and_nothing_else() {
    let mut stack = Stack::start().await;
    let get = |stack: &Stack, path: &str| send(stack.bare(Method::GET, path));
    assert_eq!(get(&stack, "/healthz").await.expect(200)["status"], "alive");
    let ready = get(&stack, "/readyz").await.expect(200);
    assert_eq!(ready, json!({"status": "ready", "checks": [{"name": "redis", "ok": true}]}));
    assert_eq!(get(&stack, "/metrics").await.status, 401);
    stack.get("/metrics").await.problem(403, "permission_missing");
    let operator = stack.scoped(Permissions::of(&[Permission::Operate])).await;
    let metrics = send(stack.bare(Method::GET, "/metrics").bearer_auth(operator)).await;
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    assert_eq!(metrics.bytes, b"wagate_up 1\n");

    let (session, _) = stack.session().await;
    stack.redis.stop().await;
    let away = get(&stack, "/readyz").await.expect(503);
    assert_eq!(away, json!({"status": "unavailable", "checks": [{"name": "redis", "ok": false}]}));
    assert_eq!(get(&stack, "/healthz").await.status, 200);
    let body = json!({"to": "6281234567890", "type": "text", "text": {"body": "x"}});
    let refused = stack.post(&format!("/api/v1/sessions/{session}/messages"), &body).await;
    refused.problem(503, "unavailable");
    assert_eq!(refused.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn the_documentation_is_served_by_us_alone() {
    let stack = Stack::start().await;
    let get = |path: &str| send(stack.bare(Method::GET, path));
    let document = get("/api/openapi.json").await.expect(200);
    assert_eq!(document, serde_json::to_value(wagate_api::openapi()).unwrap());
    // by way of the redirect
    let page = get("/api/docs").await;
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(page.status == 200 && text.contains("swagger-ui") && !text.contains("https://"), "{text}");
    for name in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        assert_eq!(get(&format!("/api/docs/{name}")).await.status, 200, "{name}");
    }
    let errors = String::from_utf8(get("/api/docs/errors").await.bytes).unwrap();
    assert!(errors.contains("id=\"validation_failed\""));
}
