//! How long what is kept.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stack::{Answer, Stack, send};

async fn put(stack: &Stack, body: &Value) -> Answer {
    send(stack.request(Method::PUT, "/api/v1/retention").json(body)).await
}

#[tokio::test]
async fn retention_is_set_as_a_whole_and_belongs_to_the_workspace() {
    let stack = Stack::start().await;
    let usual = json!({"messages_days": null, "media_days": null, "events_days": 30, "deliveries_days": 30});
    let get = async || stack.get("/api/v1/retention").await.expect(200);
    assert_eq!(get().await, usual, "what is on record is kept");
    let first = json!({"messages_days": 30, "media_days": 7, "events_days": 1, "deliveries_days": 3653});
    assert_eq!(put(&stack, &first).await.expect(200), first);
    assert_eq!(get().await, first);
    let key = stack.stranger().await;
    let theirs = send(stack.bare(Method::GET, "/api/v1/retention").bearer_auth(&key)).await;
    assert_eq!(theirs.expect(200), usual);
    for (body, field) in [
        (json!({"messages_days": 0}), "messages_days"),
        (json!({"media_days": 3654}), "media_days"),
        (json!({"events_days": -1}), "events_days"),
        (json!({"deliveries_days": "7"}), "deliveries_days"),
        (json!({"days": 7}), "days"),
    ] {
        let problem = put(&stack, &body).await.problem(422, "validation_failed");
        assert_eq!(problem["field"], field, "{body}");
        assert!(!problem["remedy"].as_str().unwrap().is_empty());
    }
    assert_eq!(get().await, first, "a refused change changes nothing");
    let rest = json!({"messages_days": 90, "media_days": null, "events_days": null, "deliveries_days": null});
    assert_eq!(put(&stack, &json!({"messages_days": 90})).await.expect(200), rest);
    assert_eq!(get().await, rest);
    send(stack.bare(Method::PUT, "/api/v1/retention").json(&first)).await.problem(401, "unauthenticated");
}
