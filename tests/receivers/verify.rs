// cargo add axum standardwebhooks serde_json
use std::sync::Arc;

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use standardwebhooks::{Webhook, WebhookError};

/// A receiver at `/hook` for `axum::serve`; the secret is `whsec_…`.
pub fn receiver(secret: &str) -> Result<Router, WebhookError> {
    Ok(Router::new().route("/hook", post(receive)).with_state(Arc::new(Webhook::new(secret)?)))
}

/// `Bytes`, not `Json`: the body has to be verified as it came.
async fn receive(State(webhook): State<Arc<Webhook>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if webhook.verify(&body, &headers).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    match serde_json::from_slice::<serde_json::Value>(&body) {
        // put it into a queue of your own, unless you have seen its id
        Ok(event) => println!("{} {}", event["id"], event["type"]),
        Err(_) => return StatusCode::BAD_REQUEST,
    }
    StatusCode::NO_CONTENT
}
