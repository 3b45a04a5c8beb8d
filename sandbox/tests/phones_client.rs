//! Simulated phones against the real client library, over the wire.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper_util::rt::TokioIo;
use wacore::download::MediaType;
use wacore::net::{HttpClient, HttpRequest, HttpResponse};
use wacore::pair::PairUtils;
use wacore::store::in_memory::InMemoryBackend;
use wacore::types::presence::ReceiptType;
use wacore_binary::Jid;
use wagate_sandbox::phones::{MediaKind, MediaUpload, Outgoing, Status};
use wagate_sandbox::ports::Phones;
use wagate_sandbox::{Sandbox, SandboxConfig};
use waproto::whatsapp as wa;
use whatsapp_rust::bot::{Bot, BotHandle};
use whatsapp_rust::client::Client;
use whatsapp_rust::pair_code::PairCodeOptions;
use whatsapp_rust::transport::TokioWebSocketTransportFactory;
use whatsapp_rust::types::events::Event;
use whatsapp_rust::upload::UploadOptions;

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";

/// Media over plain HTTP: the client insists on https, the sandbox also serves http.
struct Rewriting(std::net::SocketAddr);

#[async_trait]
impl HttpClient for Rewriting {
    async fn execute(&self, request: HttpRequest) -> Result<HttpResponse> {
        let stream = tokio::net::TcpStream::connect(self.0).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let uri: http::Uri = request.url.parse()?;
        let path = uri.path_and_query().context("a URL has a path")?.as_str();
        let mut builder = http::Request::builder().method(request.method.as_str()).uri(path);
        builder = builder.header("host", uri.authority().context("a URL has a host")?.as_str());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let response =
            sender.send_request(builder.body(Body::from(request.body.unwrap_or_default()))?).await?;
        let status_code = response.status().as_u16();
        let body = to_bytes(Body::new(response.into_body()), usize::MAX).await?;
        Ok(HttpResponse { status_code, body: body.to_vec() })
    }
}

/// A linked client and what it has seen.
struct Device {
    client: Arc<Client>,
    events: Arc<Mutex<Vec<Arc<Event>>>>,
    _handle: BotHandle,
}

impl Device {
    async fn start(sandbox: &Sandbox, code: Option<PairCodeOptions>) -> Self {
        let events: Arc<Mutex<Vec<Arc<Event>>>> = Arc::default();
        let seen = events.clone();
        let mut builder = Bot::builder()
            .with_backend(InMemoryBackend::new())
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(sandbox.wire_url()))
            .with_http_client(Rewriting(sandbox.media_http_addr()))
            .with_version((2, 3000, 1_030_000_000))
            .on_event(move |event, _client| {
                seen.lock().expect("lock").push(event);
                async {}
            });
        if let Some(code) = code {
            builder = builder.with_pair_code(code);
        }
        let bot = builder.build().await.expect("builds");
        let client = bot.client();
        Self { client, events, _handle: bot.spawn() }
    }

    /// The first event that `pick` accepts.
    async fn saw<T>(&self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        eventually(what, async || self.events.lock().expect("lock").iter().find_map(|event| pick(event)))
            .await
    }

    async fn received(&self, id: &str) -> wa::Message {
        self.saw("a message", |event| match event {
            Event::Messages(batch) => batch
                .messages
                .iter()
                .find(|message| message.info.id == id)
                .map(|message| wa::Message::clone(&message.message)),
            _ => None,
        })
        .await
    }

    async fn connected(&self) {
        self.saw("connected", |event| matches!(event, Event::Connected(_)).then_some(())).await;
    }
}

async fn eventually<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = done().await {
            return value;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn sandbox(dir: &std::path::Path) -> Sandbox {
    Sandbox::start(SandboxConfig::new(dir)).await.expect("sandbox starts")
}

/// A client linked to Ada's phone by QR.
async fn linked(sandbox: &Sandbox) -> Device {
    sandbox.phones().ensure(ADA, Some("Ada Lovelace")).await.expect("ada");
    let device = Device::start(sandbox, None).await;
    let qr = device
        .saw("a QR code", |event| match event {
            Event::PairingQrCode(qr) => Some(qr.code.clone()),
            _ => None,
        })
        .await;
    let (reference, _, _) = PairUtils::parse_qr_code(&qr).expect("a QR text");
    let secret = qr.split(',').nth(3).expect("a secret");
    let secret = BASE64_STANDARD.decode(secret).expect("base64").try_into().expect("32 bytes");
    sandbox.network().link_by_qr(ADA, &reference, secret).await.expect("linked");
    device.connected().await;
    device
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_client_and_phones_exchange_texts_receipts_and_files() {
    let dir = tempfile::tempdir().expect("dir");
    let sandbox = sandbox(dir.path()).await;
    let phones = sandbox.phones();
    let device = linked(&sandbox).await;
    eventually("the push name of the phone", async || {
        (device.client.push_name() == "Ada Lovelace").then_some(())
    })
    .await;

    let ben = Jid::pn(BEN);
    let sent = device.client.send_text(&ben, "hello from the client").await.expect("sent");
    let got =
        eventually("the text on Ben's phone", async || phones.message(BEN, &sent.message_id).await.ok())
            .await;
    assert_eq!((got.text.as_deref(), got.from.0.as_str()), (Some("hello from the client"), ADA));
    assert_eq!((got.duplicates, got.undecryptable), (0, false));
    let copy =
        eventually("the copy on Ada's phone", async || phones.message(ADA, &sent.message_id).await.ok())
            .await;
    assert_eq!((copy.chat.as_str(), copy.text.as_deref()), (BEN, Some("hello from the client")));
    let receipt = |kind: ReceiptType| {
        let id = sent.message_id.clone();
        move |event: &Event| match event {
            Event::Receipt(receipt) if receipt.message_ids.contains(&id) && receipt.r#type == kind => {
                Some(())
            }
            _ => None,
        }
    };
    device.saw("the delivery receipt", receipt(ReceiptType::Delivered)).await;
    phones.read_chat(BEN, ADA).await.expect("read");
    device.saw("the read receipt", receipt(ReceiptType::Read)).await;

    let answer = Outgoing {
        to: ADA.to_owned(),
        text: Some("hello from the phone".to_owned()),
        reply_to: Some(sent.message_id.clone()),
        ..Outgoing::default()
    };
    let answer = phones.send(BEN, answer).await.expect("sent");
    let message = device.received(&answer.id).await;
    let text = message.extended_text_message.as_option().expect("a reply");
    assert_eq!(text.text.as_deref(), Some("hello from the phone"));
    assert_eq!(text.context_info.stanza_id.as_deref(), Some(sent.message_id.as_str()));
    eventually("Ben sees the delivery", async || {
        (phones.message(BEN, &answer.id).await.ok()?.status >= Status::Delivered).then_some(())
    })
    .await;

    let picture = bytes::Bytes::from(vec![7; 70_000]);
    let media = MediaUpload {
        kind: MediaKind::Image,
        mimetype: "image/png".to_owned(),
        file_name: None,
        body: picture.clone(),
    };
    let outgoing = Outgoing { to: ADA.to_owned(), media: Some(media), ..Outgoing::default() };
    let outgoing = phones.send(BEN, outgoing).await.expect("sent");
    let message = device.received(&outgoing.id).await;
    let image = message.image_message.as_option().expect("an image");
    assert_eq!(device.client.download(image).await.expect("downloads"), picture);

    let upload = device.client.upload(picture.to_vec(), MediaType::Image, UploadOptions::default());
    let upload = upload.await.expect("uploads");
    let image = wa::message::ImageMessage {
        mimetype: Some("image/png".to_owned()),
        caption: Some("back".to_owned()),
        direct_path: Some(upload.direct_path),
        url: Some(upload.url),
        media_key: Some(upload.media_key.to_vec()),
        file_sha256: Some(upload.file_sha256.to_vec()),
        file_enc_sha256: Some(upload.file_enc_sha256.to_vec()),
        file_length: Some(upload.file_length),
        ..Default::default()
    };
    let message = wa::Message { image_message: buffa::MessageField::some(image), ..Default::default() };
    let sent = device.client.send_message(&ben, message).await.expect("sent");
    eventually("the picture on Ben's phone", async || phones.message(BEN, &sent.message_id).await.ok()).await;
    let (media, body) = phones.media(BEN, &sent.message_id).await.expect("opens");
    assert_eq!((media.mimetype.as_str(), body), ("image/png", picture));

    device.client.disconnect().await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_linked_by_code() {
    let dir = tempfile::tempdir().expect("dir");
    let sandbox = sandbox(dir.path()).await;
    sandbox.phones().ensure(ADA, None).await.expect("ada");
    let options = PairCodeOptions { phone_number: ADA.to_owned(), ..PairCodeOptions::default() };
    let device = Device::start(&sandbox, Some(options)).await;
    let code = device
        .saw("a pairing code", |event| match event {
            Event::PairingCode(code) => Some(code.code.clone()),
            _ => None,
        })
        .await;
    sandbox.network().link_by_code(ADA, &code).await.expect("linked");
    device.connected().await;
    device.client.disconnect().await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_hold_over_a_restart_of_the_network() {
    let dir = tempfile::tempdir().expect("dir");
    let mut config = SandboxConfig::new(dir.path());
    let first = Sandbox::start(config.clone()).await.expect("sandbox starts");
    let device = linked(&first).await;
    let ben = Jid::pn(BEN);
    let before = device.client.send_text(&ben, "before").await.expect("sent");
    let phones = first.phones();
    eventually("the text on Ben's phone", async || phones.message(BEN, &before.message_id).await.ok()).await;
    config.wire =
        first.wire_url().trim_start_matches("ws://").trim_end_matches("/ws/chat").parse().expect("address");
    drop(phones);
    first.stop().await;

    let connects = |device: &Device| {
        let events = device.events.lock().expect("lock");
        events.iter().filter(|event| matches!(***event, Event::Connected(_))).count()
    };
    let so_far = connects(&device);
    let second = Sandbox::start(config).await.expect("sandbox starts again");
    eventually("the client is back", async || (connects(&device) > so_far).then_some(())).await;
    let after = device.client.send_text(&ben, "after").await.expect("sent");
    let phones = second.phones();
    let got =
        eventually("the text on Ben's phone", async || phones.message(BEN, &after.message_id).await.ok())
            .await;
    assert_eq!((got.text.as_deref(), got.undecryptable), (Some("after"), false));
    let outgoing =
        Outgoing { to: ADA.to_owned(), text: Some("welcome back".to_owned()), ..Outgoing::default() };
    let answer = phones.send(BEN, outgoing).await.expect("sent");
    assert_eq!(device.received(&answer.id).await.conversation.as_deref(), Some("welcome back"));
    device.client.disconnect().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_has_lost_its_sessions_gets_the_message_again() {
    let dir = tempfile::tempdir().expect("dir");
    let sandbox = sandbox(dir.path()).await;
    let phones = sandbox.phones();
    let device = linked(&sandbox).await;
    let ben = Jid::pn(BEN);
    let first = device.client.send_text(&ben, "first").await.expect("sent");
    eventually("the first text", async || phones.message(BEN, &first.message_id).await.ok()).await;
    // an answer ends the client's pre-key phase: from now on only the ratchet can open its messages
    let outgoing = Outgoing { to: ADA.to_owned(), text: Some("noted".to_owned()), ..Outgoing::default() };
    let answer = phones.send(BEN, outgoing).await.expect("sent");
    device.received(&answer.id).await;
    let file = dir.path().join("sandbox").join("phones.db");
    let store = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(file));
    let store = store.await.expect("store");
    let lost =
        sqlx::query("DELETE FROM sessions WHERE pn = ?").bind(BEN).execute(&store).await.expect("deleted");
    assert!(lost.rows_affected() > 0);
    store.close().await;

    let second = device.client.send_text(&ben, "second").await.expect("sent");
    let got = eventually("the repaired text", async || {
        phones.message(BEN, &second.message_id).await.ok().filter(|message| !message.undecryptable)
    })
    .await;
    assert_eq!((got.text.as_deref(), got.duplicates), (Some("second"), 0));
    let third = device.client.send_text(&ben, "third").await.expect("sent");
    let got = eventually("the third text", async || phones.message(BEN, &third.message_id).await.ok()).await;
    assert!(!got.undecryptable);
    device.client.disconnect().await;
    sandbox.stop().await;
}
