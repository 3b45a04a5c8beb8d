//! What can be done to a WebSocket before, instead of and between its messages.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use wacore_binary::builder::NodeBuilder;

use super::{SOON, address};
use crate::Lan;
use crate::client::Client;
use crate::raw::{Raw, has};

const VICTIM: &str = "4915620000001";
const FRIEND: &str = "4915620000002";
const ATTACKER: &str = "4915620000003";

/// Sends bytes over TCP and waits until the server closes.
async fn tcp_closes_on(lan: &Lan, bytes: &[u8]) {
    let mut tcp = TcpStream::connect(address(&lan.sandbox)).await.expect("connect");
    // The server may close before it has read everything.
    drop(tcp.write_all(bytes).await);
    let mut rest = Vec::new();
    let end = tokio::time::timeout(SOON, tcp.read_to_end(&mut rest)).await;
    drop(end.expect("must be closed"));
    assert!(!rest.starts_with(b"HTTP/1.1 101"), "was upgraded");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_no_upgrade_are_closed() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, VICTIM).await;
    let head = "GET /ws/chat HTTP/1.1\r\nHost: x\r\n";
    let upgrade = format!("{head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    for bytes in [
        format!("{head}\r\n"),
        "GET /ws/chat HTTP/0.9\r\n\r\n".to_owned(),
        "POST /ws/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        // No key, an endless line, too many lines, too large a head.
        format!("{upgrade}\r\n"),
        format!("GET /{} HTTP/1.1\r\n", "a".repeat(1 << 20)),
        format!("{upgrade}{}\r\n", "X-Y: z\r\n".repeat(10_000)),
        format!("{upgrade}X-Large: {}\r\n\r\n", "z".repeat(1 << 20)),
        format!("{upgrade}\u{0}: \u{0}\r\n\r\n"),
    ] {
        tcp_closes_on(&lan, bytes.as_bytes()).await;
    }
    let id = client.say(FRIEND, "still here").await;
    client.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_protocol_are_closed() {
    let lan = Lan::start().await;
    for bytes in [
        // Not masked; an unknown kind; reserved bits; a fragmented ping; a ping of 126 bytes; a
        // continuation of nothing; sizes of 2^63 and of 32 MiB.
        &[0x82, 1, 0][..],
        &[0x83, 0x81, 0, 0, 0, 0, 0],
        &[0xf2, 0x81, 0, 0, 0, 0, 0],
        &[0x09, 0x80, 0, 0, 0, 0],
        &[0x89, 0xfe, 0, 126, 0, 0, 0, 0],
        &[0x80, 0x81, 0, 0, 0, 0, 0],
        &[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        &[0x82, 0xff, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let tcp = TcpStream::connect(address(&lan.sandbox)).await.expect("connect");
        let (mut socket, _) = client_async(lan.sandbox.wire_url(), tcp).await.expect("upgrade");
        socket.get_mut().write_all(bytes).await.expect("write");
        super::ends(&mut socket).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stanza_in_a_thousand_fragments_with_pings_between_them_is_served() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ATTACKER).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let padding = NodeBuilder::new("padding").bytes(vec![7; 1000]).build();
    let iq = NodeBuilder::new("iq").attr("xmlns", "w:p").attr("type", "get").attr("id", "PIECES");
    let frame = raw.frame(&iq.attr("to", "s.whatsapp.net").children([padding]).build());
    let last = frame.len() - 1;
    for (index, byte) in frame.into_iter().enumerate() {
        let kind = if index == 0 { Data::Binary } else { Data::Continue };
        let piece = Frame::message(vec![byte], OpCode::Data(kind), index == last);
        raw.send_message(Message::Frame(piece)).await.expect("send");
        raw.send_message(Message::Ping(b"still there?".as_slice().into())).await.expect("send");
    }
    raw.expect("answer", |node| node.tag == "iq" && has(node, "id", "PIECES")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_pings_delays_nobody_else() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, VICTIM).await;
    let keys = Raw::link(&lan.sandbox, ATTACKER).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    for _ in 0..20_000 {
        raw.send_message(Message::Ping(vec![7; 125].into())).await.expect("send");
    }
    let id = client.say(FRIEND, "still here").await;
    client.receipt(&id, "Delivered").await;
    let (answer, _) = raw.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    assert!(has(&answer, "type", "result"));
}
