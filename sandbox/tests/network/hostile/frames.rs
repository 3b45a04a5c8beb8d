//! Frames that are not what they should be, at each stage of a connection.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::consts::WA_CONN_HEADER;
use wacore_libsignal::protocol::KeyPair;
use wacore_noise::XxHandshakeState;
use wacore_noise::framing::encode_frame;
use wagate_sandbox::Sandbox;

use super::ends;
use crate::Lan;
use crate::client::Client;
use crate::raw::Raw;

const VICTIM: &str = "4915610000001";
const FRIEND: &str = "4915610000002";
const ATTACKER: &str = "4915610000003";

/// A peer that has said hello and was answered.
async fn greeted(sandbox: &Sandbox) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let (mut socket, _) = tokio_tungstenite::connect_async(sandbox.wire_url()).await.expect("upgrade");
    let keys = KeyPair::generate(&mut rand::rng());
    let xx = XxHandshakeState::new(keys, b"login".to_vec(), &WA_CONN_HEADER).expect("noise");
    let hello = encode_frame(&xx.build_client_hello().expect("hello"), Some(&WA_CONN_HEADER)).expect("frame");
    socket.send(Message::Binary(hello.into())).await.expect("send");
    assert!(matches!(socket.next().await, Some(Ok(Message::Binary(_)))), "a ServerHello");
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_in_place_of_the_last_handshake_frame_only_closes_its_own_connection() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, VICTIM).await;
    // A ClientFinish (field 4) with a sealed key and payload that no key opens.
    let forged = [&[0, 0, 94, 0x22, 92, 0x0a, 48][..], &[7; 48], &[0x12, 40], &[8; 40]].concat();
    let rubbish: [&[u8]; 5] = [&[0, 0, 0], &[0, 0, 4, 1, 2, 3, 4], &[0xff; 3], &[0, 0x40, 1], &forged];
    for bytes in rubbish {
        let mut socket = greeted(&lan.sandbox).await;
        socket.send(Message::Binary(bytes.to_vec().into())).await.expect("send");
        ends(&mut socket).await;
    }
    let id = client.say(FRIEND, "still here").await;
    client.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_after_the_login_only_closes_its_own_connection() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, VICTIM).await;
    let keys = Raw::link(&lan.sandbox, ATTACKER).await;
    let mut bomb = ZlibEncoder::new(vec![2], Compression::best());
    for _ in 0..256 {
        bomb.write_all(&[0; 1 << 20]).expect("deflate");
    }
    let bomb = bomb.finish().expect("deflate");
    for payload in [&b""[..], b"\x00", b"\x02no zlib", b"\x00\xff", b"\x00\xf8\x01", &bomb] {
        let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
        raw.send_payload(payload).await;
        raw.closed().await;
    }
    for message in [
        // A frame that no key has sealed, one without anything, a text, and a frame sent twice.
        Message::Binary(
            vec![0, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20].into(),
        ),
        Message::Binary(vec![0, 0, 0].into()),
        Message::text("<iq/>"),
    ] {
        let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
        raw.send_message(message).await.expect("send");
        raw.closed().await;
    }
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    let frame = raw.frame(&NodeBuilder::new("presence").attr("type", "available").build());
    raw.send_message(Message::Binary(frame.repeat(2).into())).await.expect("send");
    raw.closed().await;
    let id = client.say(FRIEND, "still here").await;
    client.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_that_are_only_claimed_are_not_waited_for() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ATTACKER).await;
    // Before the login a frame of 16 KiB is too much already, and so is a message of 17 MiB after it.
    super::closes_on(&lan.sandbox, b"WA\x06\x03\x00\x40\x01").await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    drop(raw.send_message(Message::Binary(vec![0; 18 << 20].into())).await);
    raw.closed().await;
    // A frame may be as long as its three bytes can say; nobody else waits for the rest of it.
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    raw.send_message(Message::Binary(vec![0xff, 0xff, 0xff, 1, 2, 3].into())).await.expect("send");
    let client = Client::linked(&lan.sandbox, VICTIM).await;
    let id = client.say(ATTACKER, "hello").await;
    client.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_much_before_the_login_is_closed() {
    let lan = Lan::start().await;
    // Each message is allowed, all of them together are more than any handshake.
    let (mut socket, _) = tokio_tungstenite::connect_async(lan.sandbox.wire_url()).await.expect("upgrade");
    let flood = async { while socket.send(Message::Ping(vec![7; 100].into())).await.is_ok() {} };
    tokio::time::timeout(super::SOON, flood).await.expect("must be closed");
    let (mut socket, _) = tokio_tungstenite::connect_async(lan.sandbox.wire_url()).await.expect("upgrade");
    // A message that is so large may be cut off while it is being sent.
    drop(socket.send(Message::Binary(vec![0; 1 << 20].into())).await);
    ends(&mut socket).await;
}
