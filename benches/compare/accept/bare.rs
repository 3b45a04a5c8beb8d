//! The least a server must do to keep a message: read the request, run one script, answer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use fred::clients::Client;
use fred::prelude::{Builder, ClientLike, Config, Value};
use fred::types::{ClusterHash, CustomCommand};
use tokio::net::TcpListener;

use super::recorded::Call;

/// As many connections to Redis as the API has.
const CONNECTIONS: usize = 2;
/// An answer of the size of the API's.
const ANSWER: &str = r#"{"id":"msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G","status":"accepted","session":{"id":"ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G","state":"created"},"to":"4915800000000@s.whatsapp.net","type":"text","stanza_id":"3EB0C431C26A1916E07A17","accepted_at":"2026-01-01T00:00:00.000Z","expires_at":"2026-01-02T00:00:00.000Z","note":"the session is not connected; the message waits for it"}"#;

struct Bare {
    redis: Vec<Client>,
    calls: Vec<Call>,
    next: AtomicUsize,
}

/// Serves until the process ends.
pub(crate) async fn serve(port: u16, redis: &str, calls: &Path) -> Result<()> {
    let calls = serde_json::from_slice(&std::fs::read(calls)?)?;
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let client = Builder::from_config(Config::from_url(redis)?).build()?;
        client.init().await?;
        clients.push(client);
    }
    let bare = Bare { redis: clients, calls, next: AtomicUsize::new(0) };
    let router = Router::new().fallback(post(handle)).with_state(Arc::new(bare));
    axum::serve(TcpListener::bind(("127.0.0.1", port)).await?, router).await?;
    Ok(())
}

async fn handle(State(bare): State<Arc<Bare>>, _: Bytes) -> Response {
    match bare.run().await {
        Ok(()) => {
            (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], ANSWER).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

impl Bare {
    /// Makes the next call under an id that nobody has used.
    async fn run(&self) -> Result<()> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let call = self.calls.get(n % self.calls.len()).context("no calls")?;
        let id = format!("msg_{n:026}");
        let fresh = |word: &String| match word.strip_suffix(&call.id) {
            Some(before) => Value::from(format!("{before}{id}")),
            None => Value::from(word.clone()),
        };
        let command = CustomCommand::new_static("EVALSHA", ClusterHash::Offset(2), false);
        let client = self.redis.get(n % self.redis.len()).context("no client")?;
        let _: Value = client.custom(command, call.words.iter().map(fresh).collect()).await?;
        Ok(())
    }
}
