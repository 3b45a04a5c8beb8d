//! A receiver of webhooks that behaves as it is told, also badly.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::Response,
};
use futures::{StreamExt, stream};
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use crate::eventually;

/// How an endpoint answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// With this status.
    Status(u16),
    /// With this status and `Retry-After` in seconds.
    Later(u16, u64),
    /// Not at all: the request hangs.
    Hang,
    /// A body without end.
    Flood,
    /// A body that comes byte by byte.
    Drip,
    /// Headers that come byte by byte.
    Loris,
    /// A redirect to this address.
    Redirect(String),
    /// With 500 when the event's body contains this text, else with 200.
    Refuse(String),
}

/// One request that came.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, byte for byte.
    pub bytes: Bytes,
    /// The status it was answered with; 0 for none.
    pub answered: u16,
}

impl Call {
    /// The event.
    ///
    /// # Panics
    /// When it is no JSON.
    #[must_use]
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("an event is JSON")
    }
}

#[derive(Debug)]
struct Desk {
    manner: Manner,
    calls: Vec<Call>,
}

/// A receiver on loopback; ends when dropped.
#[derive(Debug)]
pub struct Endpoint {
    url: String,
    desk: Arc<Mutex<Desk>>,
    server: JoinHandle<()>,
}

impl Endpoint {
    /// One that answers 200 until told otherwise.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        Self::behaving(Manner::Status(200)).await
    }

    /// One that behaves in this way from the beginning; [`Manner::Loris`] it is for good.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn behaving(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let desk = Arc::new(Mutex::new(Desk { manner: manner.clone(), calls: Vec::new() }));
        if manner == Manner::Loris {
            return Self { url, desk, server: tokio::spawn(drip_headers(listener)) };
        }
        let router = Router::new().fallback(answer).with_state(Arc::clone(&desk));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("serving") });
        Self { url, desk, server }
    }

    /// Where to post to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on it behaves in this way.
    pub fn behave(&self, manner: Manner) {
        lock(&self.desk).manner = manner;
    }

    /// What has come.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.desk).calls.clone()
    }

    /// The events of one type that it took with 2xx, in their order.
    #[must_use]
    pub fn taken(&self, kind: &str) -> Vec<Value> {
        let calls = self.calls();
        let taken = calls.iter().filter(|call| (200..300).contains(&call.answered)).map(Call::event);
        taken.filter(|event| event["type"] == kind).collect()
    }

    /// Waits until it has taken so many events of one type.
    pub async fn takes(&self, kind: &str, count: usize) -> Vec<Value> {
        eventually(&format!("{count} {kind} taken"), || async {
            Some(self.taken(kind)).filter(|taken| taken.len() >= count)
        })
        .await
    }

    /// Waits until so many requests have come, however answered.
    pub async fn called(&self, count: usize) -> Vec<Call> {
        eventually(&format!("{count} requests"), || async {
            Some(self.calls()).filter(|calls| calls.len() >= count)
        })
        .await
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the request of every connection with headers that never end.
async fn drip_headers(listener: TcpListener) {
    loop {
        let Ok((mut socket, _)) = listener.accept().await else { return };
        tokio::spawn(async move {
            // who is answered before having asked takes that for another fault
            if socket.read(&mut [0; 1024]).await.is_err() {
                return;
            }
            let mut line = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
            while socket.write_all(&line).await.is_ok() {
                line = b".".to_vec();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }
}

async fn answer(State(desk): State<Arc<Mutex<Desk>>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let manner = lock(&desk).manner.clone();
    let status = match &manner {
        Manner::Status(status) | Manner::Later(status, _) => *status,
        Manner::Hang | Manner::Loris => 0,
        Manner::Flood | Manner::Drip => 200,
        Manner::Redirect(_) => 302,
        Manner::Refuse(text) => {
            if String::from_utf8_lossy(&bytes).contains(text) {
                500
            } else {
                200
            }
        }
    };
    lock(&desk).calls.push(Call { headers, bytes, answered: status });
    let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
    let body = match manner {
        Manner::Hang | Manner::Loris => std::future::pending().await,
        Manner::Later(_, seconds) => {
            response = response.header(header::RETRY_AFTER, seconds);
            Body::empty()
        }
        Manner::Redirect(target) => {
            response = response.header(header::LOCATION, target);
            Body::empty()
        }
        Manner::Flood => {
            let mebibyte = Bytes::from(vec![b'x'; 1024 * 1024]);
            Body::from_stream(stream::repeat(mebibyte).map(Ok::<_, std::io::Error>))
        }
        Manner::Drip => Body::from_stream(stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b".")), ()))
        })),
        Manner::Status(_) | Manner::Refuse(_) => Body::from("thanks"),
    };
    response.body(body).expect("a response")
}
