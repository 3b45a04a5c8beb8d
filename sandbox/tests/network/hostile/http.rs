//! Rubbish at the media endpoint and at the control API.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wagate_sandbox::{Sandbox, SandboxConfig};

use super::SOON;

/// Opens a connection, says something and waits until the server closes; returns what it says.
async fn closes_on(site: SocketAddr, bytes: &[u8]) -> String {
    let mut tcp = TcpStream::connect(site).await.expect("connect");
    // The server may close before it has read everything.
    drop(tcp.write_all(bytes).await);
    let mut rest = Vec::new();
    let end = tokio::time::timeout(SOON, tcp.read_to_end(&mut rest)).await;
    drop(end.expect("must be closed"));
    String::from_utf8_lossy(&rest).into_owned()
}

/// A sandbox that waits only so long for its HTTP clients, and its three HTTP listeners.
async fn impatient(timeout: Duration) -> (tempfile::TempDir, Sandbox, [SocketAddr; 3]) {
    let folder = tempfile::tempdir().expect("folder");
    let config = SandboxConfig { http_timeout: timeout, ..SandboxConfig::new(folder.path()) };
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let control = sandbox.control_url().trim_start_matches("http://").parse().expect("address");
    let tls = sandbox.media_https_host().parse().expect("address");
    let sites = [control, sandbox.media_http_addr(), tls];
    (folder, sandbox, sites)
}

/// The control API and the media endpoint answer as ever.
async fn still_serves(sandbox: &Sandbox) {
    let http = reqwest::Client::new();
    let list = http.get(format!("{}/v1/phones", sandbox.control_url())).send().await.expect("list");
    assert_eq!(list.status(), 200);
    let media = http.get(format!("http://{}/v/image/x", sandbox.media_http_addr())).send().await;
    assert_eq!(media.expect("media").status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_refused_and_closed() {
    let (_folder, sandbox, sites) = impatient(Duration::from_millis(300)).await;
    for site in sites {
        for bytes in [
            &[0; 4096][..],
            b"\x16\x03\x01\xff\xff\x01",
            b"GET / HTTP/9.9\r\n\r\n",
            b"NONSENSE\r\n\r\n",
            format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20)).as_bytes(),
            format!("GET / HTTP/1.1\r\n{}\r\n", "X-Y: z\r\n".repeat(10_000)).as_bytes(),
            b"POST /v1/phones HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            b"POST /v1/phones HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        ] {
            let answer = closes_on(site, bytes).await;
            assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
        }
    }
    still_serves(&sandbox).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_only_sit_there_are_closed() {
    let (_folder, sandbox, sites) = impatient(Duration::from_millis(300)).await;
    let head = b"POST /v1/phones HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let silent = sites.map(|site| closes_on(site, b""));
    let in_head = sites.map(|site| closes_on(site, b"GET /v1/phones HTTP/1.1\r\nHost: "));
    let in_body = sites.map(|site| closes_on(site, head));
    join_all(silent).await;
    join_all(in_head).await;
    for answer in join_all(in_body).await {
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    still_serves(&sandbox).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_above_the_cap_are_closed_at_once() {
    // Nobody is closed for being slow here, so whoever is closed was too many.
    let (_folder, sandbox, sites) = impatient(Duration::from_secs(600)).await;
    for site in sites {
        let mut held = Vec::new();
        let refused = loop {
            let mut tcp = TcpStream::connect(site).await.expect("connect");
            let closed = tokio::time::timeout(Duration::from_millis(2), tcp.read_u8()).await;
            held.push(tcp);
            if closed.is_ok() {
                break held.len();
            }
            assert!(held.len() < 4000, "no cap at {site}");
        };
        assert!(refused > 10, "{refused} are few");
    }
    crate::eventually("free places", || async {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("client");
        let list = client.get(format!("{}/v1/phones", sandbox.control_url())).send().await;
        list.is_ok_and(|list| list.status() == 200).then_some(())
    })
    .await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_much_are_refused() {
    let (_folder, sandbox, _) = impatient(Duration::from_secs(5)).await;
    let http = reqwest::Client::new();
    let phones = format!("{}/v1/phones", sandbox.control_url());
    for (body, status) in [
        ("[".repeat(1 << 20), 400),
        (format!(r#"{{"number":"{}"}}"#, "1".repeat(1 << 20)), 422),
        (format!("{}{}", "{\"a\":".repeat(100_000), "1"), 400),
        (String::new(), 400),
    ] {
        let request = http.post(&phones).header("content-type", "application/json").body(body);
        let answer = request.send().await.expect("answer");
        assert!(answer.status().is_client_error(), "{} instead of {status}", answer.status());
    }
    let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1 << 20]));
    let request = http.post(&phones).header("content-type", "application/json");
    match request.body(reqwest::Body::wrap_stream(endless)).send().await {
        Ok(answer) => assert_eq!(answer.status(), 413),
        // The server has closed while the body was under way.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error}"),
    }
    for path in ["/v1/phones/%2e%2e%2f", "/v1/phones/%00", "/v1/../../etc/passwd", "/v1/phones/%ff/chats"] {
        let answer = http.get(format!("{}{path}", sandbox.control_url())).send().await.expect("answer");
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
    }
    still_serves(&sandbox).await;
    sandbox.stop().await;
}
