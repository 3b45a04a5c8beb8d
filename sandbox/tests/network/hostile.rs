//! What a broken or hostile peer can do: lose its own connection, nothing else.

mod floods;
mod frames;
mod http;
mod slow;
mod upgrade;

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use wagate_sandbox::{Sandbox, SandboxConfig};

use crate::Lan;
use crate::client::Client;
use crate::raw::Raw;

fn address(sandbox: &Sandbox) -> String {
    let url = sandbox.wire_url();
    url.trim_start_matches("ws://").trim_end_matches("/ws/chat").to_owned()
}

/// How long a connection may take to be closed.
const SOON: Duration = Duration::from_secs(30);

/// Waits until the server has closed.
async fn ends<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) {
    let end = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::time::timeout(SOON, end).await.expect("must be closed");
}

/// Sends bytes over a WebSocket and waits until the server closes it.
async fn closes_on(sandbox: &Sandbox, bytes: &[u8]) {
    let (mut socket, _) = tokio_tungstenite::connect_async(sandbox.wire_url()).await.expect("upgrade");
    socket.send(Message::Binary(bytes.to_vec().into())).await.expect("send");
    ends(&mut socket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_streams_only_close_their_own_connection() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, "4915600000001").await;
    let hello = b"WA\x06\x03\x00\x00\x04\xff\xff\xff\xff";
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"WA\x06\x07",
        b"WA\x06\x03\xff\xff\xff",
        hello,
        b"ED\x00\x01\xff\xff\xff",
    ] {
        closes_on(&lan.sandbox, bytes).await;
    }
    let id = client.say("4915600000002", "still here").await;
    client.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stanzas_that_are_too_much_only_close_their_own_connection() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, "4915600000001").await;
    let keys = Raw::link(&lan.sandbox, "4915600000003").await;
    let node = [0xf8, 2, 0xfc, 1, b'x'];
    // Nodes within nodes, addresses within addresses, lists that claim to be long.
    for part in [&[0xf8, 1, 0xf8, 2, 0xfc, 1, b'x'][..], &[0xfa], &[0xf7, 1, 1], &[0xf9, 0xff, 0xff]] {
        let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
        raw.send_payload(&[&[0], &node[..], &part.repeat((8 << 20) / part.len())].concat()).await;
        raw.closed().await;
    }
    let id = client.say("4915600000002", "still here").await;
    client.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_is_dropped_after_the_handshake_time() {
    let folder = tempfile::tempdir().expect("folder");
    let mut config = SandboxConfig::new(folder.path());
    config.handshake_timeout = Duration::from_millis(200);
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let mut tcp = TcpStream::connect(address(&sandbox)).await.expect("connect");
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(5), tcp.read_to_end(&mut rest));
    end.await.expect("must be closed").ok();
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_above_the_cap_are_closed_and_slots_come_back() {
    let folder = tempfile::tempdir().expect("folder");
    let mut config = SandboxConfig::new(folder.path());
    config.max_connections = 1;
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let held = TcpStream::connect(address(&sandbox)).await.expect("connect");
    crate::eventually("the cap", || async {
        let mut tcp = TcpStream::connect(address(&sandbox)).await.expect("connect");
        let closed = tokio::time::timeout(Duration::from_millis(200), tcp.read_u8()).await;
        matches!(closed, Ok(Err(_))).then_some(())
    })
    .await;
    drop(held);
    crate::eventually("a free slot", || async {
        tokio_tungstenite::connect_async(sandbox.wire_url()).await.ok().map(drop)
    })
    .await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_garbage_is_closed() {
    let lan = Lan::start().await;
    let mut tcp = TcpStream::connect(address(&lan.sandbox)).await.expect("connect");
    tcp.write_all(&[0; 4096]).await.expect("write");
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(15), tcp.read_to_end(&mut rest));
    end.await.expect("must be closed").ok();
}
