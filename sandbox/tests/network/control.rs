//! The sandbox's control API, as a test's author would call it.

use serde_json::Value;
use wagate_sandbox::Sandbox;

/// Calls a route below `/v1` and returns status and answer (`null` when it has none).
pub(crate) async fn call(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/v1{path}", sandbox.control_url());
    let mut request = reqwest::Client::new().request(method.parse().expect("method"), url);
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = request.send().await.expect("answer");
    let status = answer.status().as_u16();
    let body = answer.bytes().await.expect("body");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Calls a route that must succeed.
pub(crate) async fn ok(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = call(sandbox, method, path, body).await;
    assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
    answer
}
