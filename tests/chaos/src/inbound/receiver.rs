//! The endpoint of all webhooks: takes most of what comes, and remembers all of it.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    future::{pending, poll_fn},
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::Result;
use hyper::{
    HeaderMap, Request, Response,
    body::{Body, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::manner::Manner;

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The workspace whose webhook was posted to.
    pub(super) tenant: usize,
    /// The event's id.
    pub(super) event: String,
    /// Its type.
    pub(super) kind: String,
    /// Its session.
    pub(super) session: String,
    /// WhatsApp's id of the message.
    pub(super) stanza_id: String,
    /// What the message says.
    pub(super) text: String,
    /// What is wrong with the signature, or with the id beside it.
    pub(super) unsigned: Option<String>,
    /// What became of the request.
    pub(super) manner: Manner,
    /// When it was answered so.
    pub(super) at: Instant,
}

#[derive(Debug, Default)]
struct Record {
    calls: Vec<Call>,
    /// Requests by workspace.
    requests: HashMap<usize, u64>,
    /// Requests by message.
    tries: HashMap<String, u32>,
    /// Messages taken.
    taken: HashSet<String>,
}

struct Desk {
    seed: u64,
    verifiers: Vec<Webhook>,
    record: Mutex<Record>,
}

/// The endpoint on loopback; ends when dropped.
pub(super) struct Receiver {
    address: SocketAddr,
    desk: Arc<Desk>,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts it; one secret for each workspace's webhook.
    pub(super) async fn start(seed: u64, secrets: &[String]) -> Result<Self> {
        let verifiers = secrets.iter().map(|secret| Webhook::new(secret)).collect::<Result<_, _>>()?;
        let desk = Arc::new(Desk { seed, verifiers, record: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(serve(listener, Arc::clone(&desk)));
        Ok(Self { address, desk, server })
    }

    /// Where a workspace's webhook posts to.
    pub(super) fn url(&self, tenant: usize) -> String {
        format!("http://{}/{tenant}", self.address)
    }

    /// How many messages were taken so far.
    pub(super) fn taken(&self) -> usize {
        self.desk.record().taken.len()
    }

    /// Takes no more; what came, in its order.
    pub(super) fn stop(self) -> Vec<Call> {
        std::mem::take(&mut self.desk.record().calls)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Desk {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a request and decides what becomes of it.
    fn note(&self, tenant: usize, headers: &HeaderMap, bytes: &[u8]) -> Manner {
        let event: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let message = &event["data"]["message"];
        let mut call = Call {
            tenant,
            event: text(&event["id"]),
            kind: text(&event["type"]),
            session: text(&event["session"]),
            stanza_id: text(&message["stanza_id"]),
            text: text(&message["text"]["body"]),
            unsigned: self.unsigned(tenant, headers, bytes, &event["id"]),
            manner: Manner::Takes,
            at: Instant::now(),
        };
        let mut record = self.record();
        let (nth, attempt) = (
            count(record.requests.entry(tenant).or_default()),
            count(record.tries.entry(call.text.clone()).or_default()),
        );
        call.manner = Manner::of(self.seed, &call.text, attempt, nth);
        let manner = call.manner;
        if manner == Manner::Takes {
            record.taken.insert(call.text.clone());
        }
        record.calls.push(call);
        manner
    }

    /// What is wrong with a signature, if anything.
    fn unsigned(&self, tenant: usize, headers: &HeaderMap, bytes: &[u8], id: &Value) -> Option<String> {
        let Some(verifier) = self.verifiers.get(tenant) else { return Some("no such webhook".to_owned()) };
        if let Err(error) = verifier.verify(bytes, headers) {
            return Some(error.to_string());
        }
        let beside = headers.get("webhook-id").and_then(|value| value.to_str().ok());
        (beside != id.as_str()).then(|| format!("signed as {beside:?}, says {id}"))
    }
}

/// Counts one more; how many there were before.
fn count<N: Copy + std::ops::AddAssign + From<u8>>(counter: &mut N) -> N {
    let before = *counter;
    *counter += N::from(1);
    before
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((socket, _)) = accepted {
                    open.spawn(talk(socket, Arc::clone(&desk)));
                }
            }
            Some(_) = open.join_next() => {}
        }
    }
}

/// Answers on one connection until it ends.
async fn talk(socket: TcpStream, desk: Arc<Desk>) {
    let service = service_fn(|request| Box::pin(answer(&desk, request)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    let ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    if ended.is_err() {
        // it ends without a word, not in order
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}

/// The connection is to be reset.
#[derive(Debug)]
struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reset")
    }
}

impl std::error::Error for Reset {}

async fn answer(desk: &Desk, request: Request<Incoming>) -> Result<Response<String>, Reset> {
    let tenant = request.uri().path().trim_start_matches('/').parse().unwrap_or(usize::MAX);
    let (head, body) = request.into_parts();
    // a request that breaks off has told nothing
    let Some(bytes) = read(body).await else { return Err(Reset) };
    let mut response = Response::new(String::new());
    match desk.note(tenant, &head.headers, &bytes) {
        Manner::Takes => {}
        Manner::Fails => *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR,
        Manner::Hangs => return Ok(pending::<Result<_, Infallible>>().await.unwrap_or(response)),
        Manner::Resets => return Err(Reset),
        Manner::Later => {
            *response.status_mut() = hyper::StatusCode::TOO_MANY_REQUESTS;
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
    }
    Ok(response)
}

/// A whole body; `None` when it breaks off.
async fn read(mut body: Incoming) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        bytes.extend_from_slice(frame.ok()?.data_ref()?);
    }
    Some(bytes)
}
