//! A whatsapp-rust client that is linked to a number, its store in memory.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::sync::Notify;
use wacore::net::{HttpClient, HttpRequest, HttpResponse};
use wacore::store::in_memory::InMemoryBackend;
use wacore::types::events::{Event, EventHandler};
use wacore::types::presence::ReceiptType;
use whatsapp_rust::Client as Wa;
use whatsapp_rust::bot::{Bot, BotHandle};
use whatsapp_rust::transport::TokioWebSocketTransportFactory;

use wagate_benches::control;
use wagate_benches::server::Server;

const PATIENCE: Duration = Duration::from_secs(30);

/// A client that is running.
pub(crate) struct Client {
    handle: BotHandle,
    seen: Arc<Seen>,
}

/// What it has reported of interest.
#[derive(Default)]
struct Seen {
    qr: OnceLock<String>,
    connected: AtomicBool,
    receipts: AtomicUsize,
    bell: Notify,
}

struct Watch(Arc<Seen>);

impl EventHandler for Watch {
    fn handle_event(&self, event: Arc<Event>) {
        let Self(seen) = self;
        match &*event {
            Event::PairingQrCode(qr) => drop(seen.qr.set(qr.code.clone())),
            Event::Connected(_) => seen.connected.store(true, Ordering::Relaxed),
            // One from the recipient's phone, and none from the own one, which has a copy.
            Event::Receipt(receipt) if receipt.r#type == ReceiptType::Delivered => {
                seen.receipts.fetch_add(receipt.message_ids.len(), Ordering::Relaxed);
            }
            _ => return,
        }
        seen.bell.notify_waiters();
    }
}

impl Client {
    /// A client linked to a number and connected, by the network's WebSocket or something in front of it.
    pub(crate) async fn linked(server: &Server, wire: &str, number: &str) -> Result<Self> {
        let seen = Arc::new(Seen::default());
        let handle = Bot::builder()
            .with_backend_arc(Arc::new(InMemoryBackend::new()))
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(wire.to_owned()))
            .with_http_client(Http { host: server.media_https().to_owned(), plain: server.media_http()? })
            .with_version((2, 3000, 1_023_000_000))
            .with_event_handler(Watch(Arc::clone(&seen)))
            .build()
            .await?
            .spawn();
        let client = Self { handle, seen };
        let qr = client.wait("QR code", |seen| seen.qr.get().cloned()).await?;
        control::scan(&reqwest::Client::new(), server.control(), number, &qr).await?;
        client.wait("connection", |seen| seen.connected.load(Ordering::Relaxed).then_some(())).await?;
        Ok(client)
    }

    pub(crate) fn wa(&self) -> Arc<Wa> {
        self.handle.client()
    }

    /// Waits until the receipts of so many messages have come.
    pub(crate) async fn receipted(&self, count: usize) -> Result<()> {
        self.wait("receipts", |seen| (seen.receipts.load(Ordering::Relaxed) >= count).then_some(())).await
    }

    pub(crate) async fn leave(self) {
        self.handle.shutdown().await;
    }

    async fn wait<T>(&self, what: &str, pick: impl Fn(&Seen) -> Option<T>) -> Result<T> {
        let search = async {
            loop {
                let rung = self.seen.bell.notified();
                match pick(&self.seen) {
                    Some(found) => return found,
                    None => rung.await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.with_context(|| format!("no {what}"))
    }
}

/// Its HTTP goes to the plain media endpoint.
struct Http {
    host: String,
    plain: SocketAddr,
}

#[async_trait::async_trait]
impl HttpClient for Http {
    async fn execute(&self, request: HttpRequest) -> Result<HttpResponse> {
        let ours = format!("https://{}/", self.host);
        ensure!(request.url.starts_with(&ours), "{} is not of this network", request.url);
        let url = request.url.replacen(&ours, &format!("http://{}/", self.plain), 1);
        let method = request.method.parse()?;
        let mut sent = reqwest::Client::new().request(method, url);
        if let Some(body) = request.body {
            sent = sent.body(body);
        }
        let answer = sent.send().await?;
        Ok(HttpResponse { status_code: answer.status().as_u16(), body: answer.bytes().await?.to_vec() })
    }
}
