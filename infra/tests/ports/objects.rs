//! The rules of object storage, against a real S3 server on loopback.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wagate_domain::ports::{ByteStream, Objects, PortError, PutError};
use wagate_infra::{
    config::{S3Config, Secret},
    s3::{EmbeddedS3, S3, S3Error},
};

use crate::fixtures::eventually;

const MIB: usize = 1024 * 1024;
const PLENTY: u64 = 1 << 40;

struct Store {
    s3: S3,
    config: S3Config,
    server: EmbeddedS3,
    root: TempDir,
}

impl Store {
    async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (server, config) = serve(root.path(), "127.0.0.1:0").await;
        Self { s3: S3::connect(&config).await.unwrap(), config, server, root }
    }

    /// Files of the server beyond the bucket's directory and its objects.
    fn leftovers(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.root.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| *name != self.config.bucket)
            .collect()
    }

    async fn read(&self, key: &str) -> Option<Vec<u8>> {
        let stream = self.s3.get(key).await.unwrap()?;
        Some(stream.map_ok(|chunk| chunk.to_vec()).try_concat().await.unwrap())
    }
}

async fn serve(root: &Path, address: &str) -> (EmbeddedS3, S3Config) {
    let secret = Secret::from("test-secret");
    let server = EmbeddedS3::start(root, address.parse().unwrap(), "key", &secret).await.unwrap();
    let config = S3Config {
        endpoint: Some(server.endpoint()),
        access_key: "key".to_owned(),
        secret_key: secret,
        ..S3Config::default()
    };
    (server, config)
}

/// `size` bytes that repeat nowhere near a part's size, in odd pieces.
fn content(size: usize) -> Vec<u8> {
    (0..size).map(|n| u8::try_from((n * 31 + n / 251) % 256).unwrap()).collect()
}

fn streamed(bytes: &[u8]) -> ByteStream {
    let pieces: Vec<_> = bytes.chunks(100_003).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces).boxed()
}

#[tokio::test]
async fn objects_of_every_size_come_back_as_they_went_in() {
    let store = Store::start().await;
    for size in [0, 1, MIB, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB, 16 * MIB, 41 * MIB + 7] {
        let bytes = content(size);
        let key = format!("ws_1/med_{size}");
        let stored = store.s3.put(&key, "image/png", streamed(&bytes), PLENTY).await.unwrap();
        assert_eq!(stored.size, size as u64);
        assert_eq!(stored.sha256.unwrap(), hex::encode(Sha256::digest(&bytes)));
        assert_eq!(store.s3.size(&key).await.unwrap(), Some(size as u64));
        assert!(store.read(&key).await.unwrap() == bytes, "{size} bytes");
    }
}

#[tokio::test]
async fn what_is_not_there_is_none_and_deleting_it_is_fine() {
    let store = Store::start().await;
    assert!(store.s3.get("ws_1/med_1").await.unwrap().is_none());
    assert_eq!(store.s3.size("ws_1/med_1").await.unwrap(), None);
    store.s3.delete("ws_1/med_1").await.unwrap();
    store.s3.put("ws_1/med_1", "text/plain", streamed(b"x"), PLENTY).await.unwrap();
    store.s3.delete("ws_1/med_1").await.unwrap();
    assert_eq!(store.s3.size("ws_1/med_1").await.unwrap(), None);
    assert_eq!(store.leftovers(), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_left_of_what_is_too_large_or_breaks_off() {
    let store = Store::start().await;
    for size in [2 * MIB, 20 * MIB] {
        let bytes = content(size);
        let outcome = store.s3.put("ws_1/med_1", "x/y", streamed(&bytes), size as u64 - 1).await;
        assert!(matches!(outcome, Err(PutError::TooLarge)), "{outcome:?}");
        let broken = streamed(&bytes).chain(stream::iter([Err("the cable".to_owned())])).boxed();
        let outcome = store.s3.put("ws_1/med_1", "x/y", broken, PLENTY).await;
        assert!(matches!(outcome, Err(PutError::Source(ref why)) if why == "the cable"), "{outcome:?}");
        assert!(store.s3.put("ws_1/fits", "x/y", streamed(&bytes), size as u64).await.is_ok());
        store.s3.delete("ws_1/fits").await.unwrap();
    }
    assert_eq!(store.s3.size("ws_1/med_1").await.unwrap(), None);
    assert_eq!(store.leftovers(), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_left_when_the_caller_goes_away() {
    let store = Store::start().await;
    let endless = streamed(&content(20 * MIB)).chain(stream::pending()).boxed();
    let put = store.s3.put("ws_1/med_1", "x/y", endless, PLENTY);
    let begun = eventually("a part has arrived", || async {
        store.leftovers().iter().any(|name| name.contains(".part-")).then_some(())
    });
    tokio::select! {
        outcome = put => panic!("it cannot end: {outcome:?}"),
        () = begun => {}
    }
    eventually("the upload is aborted", || async { store.leftovers().is_empty().then_some(()) }).await;
}

/// An S3 service that begins uploads and then never reads the parts; it counts those it was sent.
async fn stuck_service() -> (SocketAddr, Arc<AtomicUsize>) {
    const BUCKET: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const BEGUN: &str =
        "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let parts = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&parts);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut head = Vec::new();
                // a socket closed on unread bytes would take the answer with it
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(socket.read_u8().await.unwrap());
                }
                let head = String::from_utf8_lossy(&head);
                if head.contains("partNumber") {
                    seen.fetch_add(1, Ordering::Relaxed);
                    return std::future::pending().await;
                }
                let answer = if head.starts_with("POST") {
                    BUCKET.replace("length: 0", &format!("length: {}", BEGUN.len())) + BEGUN
                } else {
                    BUCKET.to_owned()
                };
                socket.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    (address, parts)
}

#[tokio::test]
async fn memory_stays_at_a_few_parts() {
    let (address, parts) = stuck_service().await;
    let config = S3Config { endpoint: Some(format!("http://{address}")), ..S3Config::default() };
    let s3 = S3::connect(&config).await.unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let endless = stream::repeat_with(move || {
        counter.fetch_add(MIB, Ordering::Relaxed);
        Ok(Bytes::from(vec![7; MIB]))
    });
    let put = s3.put("ws_1/med_1", "x/y", endless.boxed(), PLENTY);
    let before = AtomicUsize::new(0);
    let stuck = eventually("parts are on their way and no more is taken", || async {
        let now = taken.load(Ordering::Relaxed);
        let still = before.swap(now, Ordering::Relaxed) == now;
        (parts.load(Ordering::Relaxed) >= 2 && still).then_some(())
    });
    tokio::select! {
        outcome = put => panic!("it cannot end: {outcome:?}"),
        () = stuck => {}
    }
    assert!(taken.load(Ordering::Relaxed) <= 25 * MIB, "{} MiB", taken.load(Ordering::Relaxed) / MIB);
}

#[tokio::test]
async fn links_let_their_bearer_put_and_get_and_nobody_else() {
    let store = Store::start().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let minute = Duration::from_secs(60);
    let put = store.s3.presign_put("ws_1/med_1", "image/png", minute).await.unwrap();
    let sent = http.put(&put).header("content-type", "image/png").body("bytes").send().await.unwrap();
    assert!(sent.status().is_success(), "{sent:?}");
    assert_eq!(store.s3.size("ws_1/med_1").await.unwrap(), Some(5));

    let get = store.s3.presign_get("ws_1/med_1", "image/jpeg", Some("a b.jpg"), minute).await.unwrap();
    let got = http.get(&get).send().await.unwrap();
    assert!(got.status().is_success(), "{got:?}");
    assert_eq!(got.headers()["content-type"], "image/jpeg");
    let disposition = got.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment;") && disposition.contains("a%20b.jpg"), "{disposition}");
    assert_eq!(got.text().await.unwrap(), "bytes");

    for (forged, why) in [
        (put.replace("med_1", "med_2"), "another object"),
        (put.split('?').next().unwrap().to_owned(), "no signature"),
    ] {
        let refused = http.put(&forged).header("content-type", "image/png").body("x").send().await.unwrap();
        assert_eq!(refused.status(), 403, "{why}");
    }
    let refused = http.put(&put).header("content-type", "text/html").body("x").send().await.unwrap();
    assert_eq!(refused.status(), 403, "another type");
}

#[tokio::test]
async fn a_link_ends() {
    let store = Store::start().await;
    store.s3.put("ws_1/med_1", "x/y", streamed(b"x"), PLENTY).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let link = store.s3.presign_get("ws_1/med_1", "x/y", None, Duration::from_secs(1)).await.unwrap();
    eventually("the link ends", || async {
        (http.get(&link).send().await.unwrap().status() == 403).then_some(())
    })
    .await;
}

#[tokio::test]
async fn links_name_the_public_endpoint() {
    let store = Store::start().await;
    let public =
        S3Config { public_endpoint: Some("https://media.example.com".to_owned()), ..store.config.clone() };
    let s3 = S3::connect(&public).await.unwrap();
    let link = s3.presign_get("ws_1/med_1", "x/y", None, Duration::from_secs(60)).await.unwrap();
    assert!(link.starts_with("https://media.example.com/wagate/ws_1/med_1?"), "{link}");
}

#[tokio::test]
async fn a_second_start_finds_everything_and_no_unfinished_uploads() {
    let store = Store::start().await;
    store.s3.put("ws_1/med_1", "x/y", streamed(b"kept"), PLENTY).await.unwrap();
    let notes = store.leftovers();
    let Store { server, root, .. } = store;
    server.stop().await;
    let unfinished = [".upload-1.json", ".upload_id-1.part-1", ".bucket-YQ.object-Yg.upload-1.metadata.json"];
    for name in unfinished {
        std::fs::write(root.path().join(name), "x").unwrap();
    }
    let (server, config) = serve(root.path(), "127.0.0.1:0").await;
    let store = Store { s3: S3::connect(&config).await.unwrap(), config, server, root };
    assert_eq!(store.read("ws_1/med_1").await.unwrap(), b"kept");
    assert_eq!(store.leftovers().len(), notes.len());
}

#[tokio::test]
async fn a_store_that_is_away_is_unavailable_and_a_wrong_key_says_so() {
    let store = Store::start().await;
    let wrong = S3Config { secret_key: Secret::from("wrong"), ..store.config.clone() };
    let error = S3::connect(&wrong).await.unwrap_err();
    assert!(matches!(error, S3Error::Bucket { .. }), "{error}");
    assert!(matches!(S3::connect(&S3Config::default()).await, Err(S3Error::NoEndpoint)));
    store.server.stop().await;
    for outcome in [
        store.s3.size("ws_1/med_1").await.map(drop),
        store.s3.get("ws_1/med_1").await.map(drop),
        store.s3.delete("ws_1/med_1").await,
    ] {
        assert!(matches!(outcome, Err(PortError::Unavailable { what: "S3", .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn objects_are_listed_by_how_their_keys_begin() {
    let store = Store::start().await;
    for key in ["ws_1/b", "ws_1/a", "ws_1/c", "ws_10/a", "exports/ws_1/a"] {
        let bytes = stream::iter([Ok(Bytes::from_static(b"x"))]).boxed();
        store.s3.put(key, "text/plain", bytes, PLENTY).await.unwrap();
    }
    assert_eq!(store.s3.list("ws_1/", 10).await.unwrap(), ["ws_1/a", "ws_1/b", "ws_1/c"]);
    assert_eq!(store.s3.list("ws_1/", 2).await.unwrap().len(), 2, "no more than asked for");
    assert_eq!(store.s3.list("ws_2/", 10).await.unwrap(), Vec::<String>::new());
}
