//! Guarded fetches, from real servers on loopback.

use std::{net::SocketAddr, time::Duration};

use futures::TryStreamExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wagate_domain::{
    auth::Networks,
    ports::{Fetch, FetchError},
};
use wagate_infra::{
    config::OutboundConfig,
    http::{FetchTimeouts, GuardedFetch},
};

/// A server that answers every request for a path with the same bytes, then closes.
async fn serve(answers: &'static [(&'static str, &'static str)]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut request = vec![0; 4_096];
                let length = socket.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let path = request.split([' ', '?']).nth(1).unwrap_or_default();
                let answer = answers.iter().find(|(known, _)| *known == path).map_or(
                    "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
                    |(_, answer)| answer.replace("{port}", &address.port().to_string()),
                );
                let stalls = answer.contains("x-stall");
                drop(socket.write_all(answer.as_bytes()).await);
                if stalls {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    address
}

fn fetcher(allow: &[&str]) -> GuardedFetch {
    let allow = Networks::read("allow", allow.iter().copied()).unwrap();
    let timeouts = FetchTimeouts { connect: Duration::from_secs(5), idle: Duration::from_millis(200) };
    GuardedFetch::new(&OutboundConfig { allow_private: false, allow }, timeouts).unwrap()
}

async fn outcome(fetch: &GuardedFetch, url: &str) -> Result<String, String> {
    match fetch.get(url).await {
        Ok(fetched) => {
            let body: Result<Vec<u8>, String> =
                fetched.body.map_ok(|chunk| chunk.to_vec()).try_concat().await;
            body.map(|body| String::from_utf8(body).unwrap()).map_err(|why| format!("body: {why}"))
        }
        Err(FetchError::BadUrl) => Err("bad url".to_owned()),
        Err(FetchError::Private) => Err("private".to_owned()),
        Err(FetchError::Status(status)) => Err(status.to_string()),
        Err(FetchError::Unreachable(why)) => Err(format!("unreachable: {why}")),
        Err(FetchError::Port(error)) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let fetch = fetcher(&[]);
    let server = serve(&[("/", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret")]).await;
    let port = server.port();
    for (host, refusal) in [
        ("127.0.0.1", "private"),
        ("localhost", "private"),
        ("127.1", "private"),
        ("2130706433", "private"),
        ("0x7f000001", "private"),
        ("0177.0.0.1", "private"),
        ("0.0.0.0", "private"),
        ("[::1]", "private"),
        ("[::ffff:127.0.0.1]", "private"),
        ("[::ffff:7f00:1]", "private"),
        ("[64:ff9b::7f00:1]", "private"),
        ("169.254.169.254", "private"),
        ("10.0.0.1", "private"),
        ("[fd00::1]", "private"),
    ] {
        let url = format!("http://{host}:{port}/");
        assert_eq!(outcome(&fetch, &url).await, Err(refusal.to_owned()), "{url}");
    }
    for url in ["ftp://example.com/", "file:///etc/passwd", "/relative", "not a url", "http://", "data:,x"] {
        assert_eq!(outcome(&fetch, url).await, Err("bad url".to_owned()), "{url}");
    }
}

#[tokio::test]
async fn a_file_comes_with_what_its_server_says_of_it() {
    let server = serve(&[
        ("/a/photo.jpg", "HTTP/1.1 200 OK\r\ncontent-type: image/jpeg\r\ncontent-length: 5\r\n\r\nbytes"),
        ("/named", "HTTP/1.1 200 OK\r\ncontent-disposition: attachment; filename=\"x.pdf\"\r\nconnection: close\r\n\r\nab"),
    ])
    .await;
    let fetch = fetcher(&["127.0.0.1"]);
    let fetched = fetch.get(&format!("http://{server}/a/photo.jpg?size=1")).await.unwrap();
    assert_eq!(fetched.mime.as_deref(), Some("image/jpeg"));
    assert_eq!(fetched.file_name.as_deref(), Some("photo.jpg"));
    assert_eq!(fetched.length, Some(5));
    let fetched = fetch.get(&format!("http://{server}/named")).await.unwrap();
    assert_eq!((fetched.mime, fetched.length), (None, None));
    assert_eq!(fetched.file_name.as_deref(), Some("x.pdf"));
    assert_eq!(outcome(&fetch, &format!("http://{server}/named")).await, Ok("ab".to_owned()));
    assert_eq!(outcome(&fetch, &format!("http://{server}/missing")).await, Err("404".to_owned()));
}

#[tokio::test]
async fn every_hop_of_a_redirect_is_checked() {
    const LOOP: &str = "HTTP/1.1 302 Found\r\nlocation: /loop\r\ncontent-length: 0\r\n\r\n";
    let server = serve(&[
        ("/ok", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
        ("/1", "HTTP/1.1 301 Moved\r\nlocation: /2\r\ncontent-length: 0\r\n\r\n"),
        ("/2", "HTTP/1.1 307 Temporary\r\nlocation: /3\r\ncontent-length: 0\r\n\r\n"),
        ("/3", "HTTP/1.1 308 Permanent\r\nlocation: /4\r\ncontent-length: 0\r\n\r\n"),
        ("/4", "HTTP/1.1 303 Other\r\nlocation: /5\r\ncontent-length: 0\r\n\r\n"),
        ("/5", "HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n"),
        ("/loop", LOOP),
        (
            "/inside",
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:{port}/ok\r\ncontent-length: 0\r\n\r\n",
        ),
        ("/metadata", "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"),
        ("/name", "HTTP/1.1 302 Found\r\nlocation: http://localhost:{port}/ok\r\ncontent-length: 0\r\n\r\n"),
        ("/file", "HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n"),
    ])
    .await;
    let fetch = fetcher(&["127.0.0.1/32"]);
    for (path, expected) in [
        ("1", Ok("ok")),
        ("loop", Err("unreachable: more than 5 redirects")),
        ("inside", Err("private")),
        ("metadata", Err("private")),
        ("file", Err("bad url")),
    ] {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(outcome(&fetch, &format!("http://{server}/{path}")).await, expected, "{path}");
    }
    // localhost may have an IPv6 address too, which is not allowed here; with both it works
    let open = fetcher(&["127.0.0.1", "::1"]);
    assert_eq!(outcome(&open, &format!("http://{server}/name")).await, Ok("ok".to_owned()));
}

#[tokio::test]
async fn servers_that_are_away_or_stall_do_not_hold_us() {
    let server = serve(&[
        ("/head", "HTTP/1.1 200 OK\r\nx-stall: 1\r\n"),
        ("/body", "HTTP/1.1 200 OK\r\nx-stall: 1\r\ncontent-length: 10\r\n\r\nhalf"),
        ("/short", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nhalf"),
    ])
    .await;
    let fetch = fetcher(&["127.0.0.1"]);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, expected) in [
        (format!("http://{nobody}/"), "unreachable: no connection"),
        (format!("http://{server}/head"), "unreachable: timed out"),
        (format!("http://{server}/body"), "body: timed out"),
        (format!("http://{server}/short"), "body: the connection broke off"),
        ("http://name.invalid/".to_owned(), "unreachable: no connection"),
    ] {
        assert_eq!(outcome(&fetch, &url).await, Err(expected.to_owned()), "{url}");
    }
}
