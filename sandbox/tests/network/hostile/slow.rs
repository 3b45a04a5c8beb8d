//! Peers that take their time.

use std::time::Duration;

use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use wagate_sandbox::{Sandbox, SandboxConfig};

use super::{SOON, address};
use crate::client::Client;

/// Peers of each kind.
const PEERS: usize = 20;

/// Sends a byte now and then until the server has closed.
async fn drip(mut tcp: TcpStream, bytes: impl Iterator<Item = u8>) {
    let (mut reading, mut writing) = tcp.split();
    let write = async {
        for byte in bytes {
            if writing.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        std::future::pending::<()>().await;
    };
    let read = async {
        let mut some = [0; 1024];
        while reading.read(&mut some).await.is_ok_and(|count| count > 0) {}
    };
    let over = async {
        tokio::select! {
            () = write => {}
            () = read => {}
        }
    };
    tokio::time::timeout(SOON, over).await.expect("must be closed");
}

/// A slow peer that has come as far as its WebSocket.
async fn drip_frames(sandbox: &Sandbox, bytes: &'static [u8]) {
    let tcp = TcpStream::connect(address(sandbox)).await.expect("connect");
    let (socket, _) = client_async(sandbox.wire_url(), tcp).await.expect("upgrade");
    let framed = bytes.iter().flat_map(|byte| [0x82, 0x81, 0, 0, 0, 0, *byte]);
    drip(socket.into_inner(), framed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_handshakes_are_closed_while_others_are_served() {
    let folder = tempfile::tempdir().expect("folder");
    let mut config = SandboxConfig::new(folder.path());
    config.handshake_timeout = Duration::from_secs(2);
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let in_upgrade = join_all((0..PEERS).map(|_| async {
        let tcp = TcpStream::connect(address(&sandbox)).await.expect("connect");
        drip(tcp, std::iter::repeat(b"GET /ws/chat HTTP/1.1\r\nX: ").flatten().copied()).await;
    }));
    let in_header = join_all((0..PEERS).map(|_| drip_frames(&sandbox, b"ED\x00\x01\x00\x0f\xff")));
    let in_hello = join_all((0..PEERS).map(|_| drip_frames(&sandbox, b"WA\x06\x03\x00\x01\x00\x12\xff")));
    let served = async {
        let client = Client::linked(&sandbox, "4915630000001").await;
        let id = client.say("4915630000002", "still here").await;
        client.receipt(&id, "Delivered").await;
    };
    tokio::join!(in_upgrade, in_header, in_hello, served);
    sandbox.stop().await;
}
