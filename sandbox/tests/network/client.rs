//! A real client: whatsapp-rust with an in-memory store.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use wacore::net::{HttpClient, HttpRequest, HttpResponse};
use wacore::proto_helpers::MessageExt;
use wacore::store::DevicePropsOverride;
use wacore::store::in_memory::InMemoryBackend;
use wacore::types::events::{Event, EventHandler, InboundMessage, Receipt};
use wagate_sandbox::Sandbox;
use whatsapp_rust::bot::{Bot, BotHandle};
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::transport::TokioWebSocketTransportFactory;
use whatsapp_rust::{Client as Wa, Jid};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Everything a client reported, and a bell for what comes next.
#[derive(Default)]
struct Log {
    events: Mutex<Vec<Arc<Event>>>,
    bell: Notify,
}

/// Called in the order of the events; callbacks of the builder run in tasks of their own and have none.
struct Recorder(Arc<Log>);

impl EventHandler for Recorder {
    fn handle_event(&self, event: Arc<Event>) {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.0.bell.notify_waiters();
    }
}

/// A client that is running.
pub(crate) struct Client {
    handle: BotHandle,
    log: Arc<Log>,
    store: Arc<InMemoryBackend>,
}

impl Client {
    /// A client without an account: it will show QR codes.
    pub(crate) async fn start(sandbox: &Sandbox) -> Self {
        Self::with_store(sandbox, Arc::new(InMemoryBackend::new()), None).await
    }

    /// A client linked to a number by QR code, with device props that ask for some history.
    pub(crate) async fn linked_with(sandbox: &Sandbox, number: &str, props: DevicePropsOverride) -> Self {
        let client = Self::run(sandbox, Arc::new(InMemoryBackend::new()), None, Some(props)).await;
        client.link_to(sandbox, number).await;
        client
    }

    /// A client that shows a pairing code for a number.
    pub(crate) async fn with_code_for(sandbox: &Sandbox, number: &str) -> Self {
        Self::with_store(sandbox, Arc::new(InMemoryBackend::new()), Some(number)).await
    }

    /// A client on a store that may be linked already.
    pub(crate) async fn with_store(
        sandbox: &Sandbox,
        store: Arc<InMemoryBackend>,
        code_for: Option<&str>,
    ) -> Self {
        let code = |number: &str| PairCodeOptions { phone_number: number.to_owned(), ..Default::default() };
        Self::run(sandbox, store, code_for.map(code), None).await
    }

    async fn run(
        sandbox: &Sandbox,
        store: Arc<InMemoryBackend>,
        code: Option<PairCodeOptions>,
        props: Option<DevicePropsOverride>,
    ) -> Self {
        let log = Arc::new(Log::default());
        let mut builder = Bot::builder()
            .with_backend_arc(store.clone())
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(sandbox.wire_url()))
            .with_http_client(Http { host: sandbox.media_https_host(), plain: sandbox.media_http_addr() })
            .with_version((2, 3000, 1_023_000_000))
            .with_event_handler(Recorder(Arc::clone(&log)));
        if let Some(code) = code {
            builder = builder.with_pair_code(code);
        }
        if let Some(props) = props {
            builder = builder.with_device_props(props);
        }
        let handle = builder.build().await.expect("client").spawn();
        Self { handle, log, store }
    }

    /// A client linked to a number by QR code, connected, with everything its phone sends first:
    /// without a push name its next login would wait ten seconds for a key share.
    pub(crate) async fn linked(sandbox: &Sandbox, number: &str) -> Self {
        let client = Self::start(sandbox).await;
        client.link_to(sandbox, number).await;
        client
    }

    async fn link_to(&self, sandbox: &Sandbox, number: &str) {
        let qr = self.qr().await;
        link(sandbox, number, &qr).await;
        self.connected().await;
        let named = || async { (!self.wa().push_name().is_empty()).then_some(()) };
        crate::eventually("push name", named).await;
    }

    pub(crate) fn wa(&self) -> Arc<Wa> {
        self.handle.client()
    }

    /// What it has stored.
    pub(crate) fn store(&self) -> &InMemoryBackend {
        &self.store
    }

    /// Waits for an event, past ones included.
    pub(crate) async fn wait<T>(&self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let rung = self.log.bell.notified();
                let found = self.events().iter().find_map(|event| pick(event));
                match found {
                    Some(found) => return found,
                    None => rung.await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, search)
            .await
            .unwrap_or_else(|_| panic!("no {what}: {:#?}", self.kinds()))
    }

    pub(crate) fn events(&self) -> Vec<Arc<Event>> {
        self.log.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn kinds(&self) -> Vec<String> {
        let name = |event: &Arc<Event>| format!("{event:?}").chars().take(120).collect();
        self.events().iter().map(name).collect()
    }

    /// The first QR code it shows.
    pub(crate) async fn qr(&self) -> String {
        self.wait("QR code", |event| match event {
            Event::PairingQrCode(qr) => Some(qr.code.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn connected(&self) {
        self.wait("connection", |event| matches!(event, Event::Connected(_)).then_some(())).await;
    }

    /// Texts it has shown, in order; messages between phone and companion have none.
    pub(crate) fn texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for event in self.events() {
            if let Event::Messages(batch) = &*event {
                texts.extend(
                    batch.messages.iter().filter_map(|m| m.message.text_content()).map(str::to_owned),
                );
            }
        }
        texts
    }

    /// Waits for a message with this text.
    pub(crate) async fn text(&self, text: &str) -> InboundMessage {
        self.wait(&format!("message {text:?}"), |event| match event {
            Event::Messages(batch) => {
                batch.messages.iter().find(|m| m.message.text_content() == Some(text)).cloned()
            }
            _ => None,
        })
        .await
    }

    /// Waits for the message with this id.
    pub(crate) async fn message(&self, id: &str) -> InboundMessage {
        self.wait(&format!("message {id}"), |event| match event {
            Event::Messages(batch) => batch.messages.iter().find(|m| m.info.id == id).cloned(),
            _ => None,
        })
        .await
    }

    /// Waits for a receipt of a message from any device of the other side.
    pub(crate) async fn receipt(&self, id: &str, kind: &str) -> Receipt {
        self.receipt_by(id, kind, |_| true).await
    }

    /// Waits for a receipt from a companion; the phone of the same account sends its own.
    pub(crate) async fn receipt_from(&self, device: u16, id: &str, kind: &str) -> Receipt {
        self.receipt_by(id, kind, |receipt| receipt.source.sender.device == device).await
    }

    async fn receipt_by(&self, id: &str, kind: &str, by: impl Fn(&Receipt) -> bool) -> Receipt {
        self.wait(&format!("{kind} receipt of {id}"), |event| match event {
            Event::Receipt(receipt) => {
                let of_it = receipt.message_ids.iter().any(|m| m == id);
                (of_it && format!("{:?}", receipt.r#type) == kind && by(receipt)).then(|| receipt.clone())
            }
            _ => None,
        })
        .await
    }

    /// Sends a text and returns its id once the server has acknowledged it.
    pub(crate) async fn say(&self, to: &str, text: &str) -> String {
        let id = self.wa().send_text(Jid::pn(to), text).await.expect("send").message_id;
        self.wait("server ack", |event| match event {
            Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
            _ => None,
        })
        .await
        .map_or_else(|| id.clone(), |error| panic!("message refused: {error}"))
    }

    /// Disconnects without unlinking.
    pub(crate) async fn leave(self) -> Arc<InMemoryBackend> {
        let store = Arc::clone(&self.store);
        self.handle.shutdown().await;
        store
    }
}

/// Scans a QR code with a phone, as the control API does.
pub(crate) async fn link(sandbox: &Sandbox, number: &str, qr: &str) -> u16 {
    let (reference, secret) = read_qr(qr);
    let linked = sandbox.network().link_by_qr(number, &reference, secret).await.expect("link");
    assert_eq!(linked.pn, number);
    linked.device
}

/// Reference and ADV secret of a QR code: `ref,noise,identity,secret[,type]`.
pub(crate) fn read_qr(qr: &str) -> (String, [u8; 32]) {
    use base64::Engine;
    let code = qr.rsplit('#').next().unwrap_or(qr);
    let fields: Vec<&str> = code.split(',').collect();
    let secret = base64::engine::general_purpose::STANDARD.decode(fields[3]).expect("secret");
    (fields[0].to_owned(), secret.try_into().expect("32 bytes"))
}

/// Sends https requests for the sandbox's media host to its plain listener.
struct Http {
    host: String,
    plain: SocketAddr,
}

#[async_trait::async_trait]
impl HttpClient for Http {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        let ours = format!("https://{}/", self.host);
        anyhow::ensure!(request.url.starts_with(&ours), "{} is not the sandbox", request.url);
        let url = request.url.replacen(&ours, &format!("http://{}/", self.plain), 1);
        let method = request.method.parse()?;
        let mut call = reqwest::Client::new().request(method, url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        if let Some(body) = request.body {
            call = call.body(body);
        }
        let answer = call.send().await?;
        Ok(HttpResponse { status_code: answer.status().as_u16(), body: answer.bytes().await?.to_vec() })
    }
}
