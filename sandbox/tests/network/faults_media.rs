//! Files that are refused, slow, cut short or wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wacore::download::MediaType;
use wagate_sandbox::faults::{Effect, Selector};
use wagate_sandbox::trace::{Direction, EventKind};
use waproto::whatsapp::message::DocumentMessage;
use whatsapp_rust::upload::{UploadOptions, UploadResponse};

use crate::Lan;
use crate::client::Client;
use crate::lab::{of, once};

const ALICE: &str = "4916500000001";
const BOB: &str = "4916500000002";

fn upload() -> Selector {
    Selector { direction: Some(Direction::In), r#type: Some("document".into()), ..of(ALICE) }
}

fn download() -> Selector {
    Selector { direction: Some(Direction::Out), ..Selector::default() }
}

fn plain(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

async fn send(client: &Client, size: usize) -> anyhow::Result<UploadResponse> {
    client.wa().upload(plain(size), MediaType::Document, UploadOptions::default()).await
}

fn document(sent: &UploadResponse) -> DocumentMessage {
    DocumentMessage {
        url: Some(sent.url.clone()),
        direct_path: Some(sent.direct_path.clone()),
        media_key: Some(sent.media_key.to_vec()),
        file_enc_sha256: Some(sent.file_enc_sha256.to_vec()),
        file_sha256: Some(sent.file_sha256.to_vec()),
        file_length: Some(sent.file_length),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_refused_and_work_the_next_time() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    for status in [401_u16, 404, 410, 500, 503] {
        let fault = lan.fault(once(upload(), Effect::MediaStatus { status }));
        // The client may try again by itself, with fresh hosts.
        let outcome = send(&alice, 1000).await;
        let hit = lan.applied(fault, 1).await.remove(0);
        assert_eq!((hit.number, hit.direction), (ALICE.parse().ok(), Some(Direction::In)));
        let refused = |e: &wagate_sandbox::trace::Event| {
            let detail = e.detail.as_deref().unwrap_or_default();
            e.kind == EventKind::Media && detail.starts_with(&format!("document {status}"))
        };
        lan.traced("refused upload", refused).await;
        if outcome.is_err() {
            send(&alice, 1000).await.expect("the next one");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_are_refused_and_work_the_next_time() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let message = document(&send(&alice, 1000).await.expect("upload"));
    for status in [401_u16, 404, 410, 500] {
        let fault = lan.fault(once(download(), Effect::MediaStatus { status }));
        let outcome = bob.wa().download(&message).await;
        lan.applied(fault, 1).await;
        let got = match outcome {
            Ok(got) => got,
            Err(_) => bob.wa().download(&message).await.expect("the next one"),
        };
        assert!(got == plain(1000), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_short_downloads_are_noticed() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let message = document(&send(&alice, 300_000).await.expect("upload"));
    for effect in [Effect::MediaGarble, Effect::MediaCut { after_bytes: 1000 }] {
        let fault = lan.fault(once(download(), effect.clone()));
        let outcome = bob.wa().download(&message).await;
        lan.applied(fault, 1).await;
        let got = match outcome {
            Ok(got) => got,
            Err(_) => bob.wa().download(&message).await.expect("the next one"),
        };
        assert!(got == plain(300_000), "{effect:?}: nothing wrong is taken for right");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_cut_is_resumed_where_it_stopped() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let size = 6 * 1024 * 1024;
    let fault = lan.fault(once(upload(), Effect::MediaCut { after_bytes: 1 << 20 }));
    let sent = match send(&alice, size).await {
        Ok(sent) => sent,
        Err(_) => send(&alice, size).await.expect("the next one"),
    };
    lan.applied(fault, 1).await;
    let stored = lan.sandbox.network().download_media(&sent.direct_path).await.expect("stored");
    assert!(stored.len() > size);
    assert!(alice.wa().download(&document(&sent)).await.expect("download") == plain(size));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_stored_wrong_is_found_out_by_who_downloads_it() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let fault = lan.fault(once(upload(), Effect::MediaGarble));
    let message = document(&send(&alice, 1000).await.expect("upload"));
    lan.applied(fault, 1).await;
    bob.wa().download(&message).await.expect_err("a wrong file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_file_takes_its_time() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let message = document(&send(&alice, 1000).await.expect("upload"));
    // More than a thousand bytes at one per second: over a quarter of an hour.
    let fault = lan.fault(once(download(), Effect::MediaSlow { bytes_per_second: 1 }));
    let done = AtomicBool::new(false);
    let getting = async {
        let got = alice.wa().download(&message).await.expect("download");
        done.store(true, Ordering::SeqCst);
        got
    };
    let passing = async {
        lan.applied(fault, 1).await;
        assert!(!done.load(Ordering::SeqCst));
        let mut passed = 0;
        while !done.load(Ordering::SeqCst) {
            lan.sandbox.advance(Duration::from_secs(10)).await.expect("advance");
            passed += 10;
            tokio::task::yield_now().await;
        }
        passed
    };
    let (got, passed) = tokio::join!(getting, passing);
    assert!(got == plain(1000) && passed >= 1000, "{passed} s");
}
