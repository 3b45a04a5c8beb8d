//! A large file must not need much memory. In a program of its own, so that nothing else is measured.
#![cfg(all(feature = "sandbox", target_os = "linux"))]

#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "connector/rig/mod.rs"]
mod rig;
#[expect(dead_code, reason = "shared with the other tests, which use all of it")]
#[path = "connector/wire.rs"]
mod wire;

use bytes::Bytes;
use futures::StreamExt;
use wagate_domain::{
    MediaId,
    media::{Media, MediaState},
    messages::{Body, MediaKind, Status},
    ports::{MediaIndex, Objects},
};
use wagate_sandbox::phones::SettingsChange;

use rig::Rig;

const MIB: usize = 1024 * 1024;
/// Size of the file.
const FILE: usize = 100 * MIB;
/// What its sending may add to the peak of the process: connector, object store and simulated network together.
const ALLOWED: usize = 32 * MIB;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes_leave_in_a_few() {
    let rig = Rig::start().await;
    // a phone that acknowledges without opening, so that only the way out is measured
    let sink = SettingsChange { sink: Some(true), ..SettingsChange::default() };
    rig.sandbox.phones().register("6281234567890", None, sink).await.expect("phone");
    let connector = rig.connector();
    let session = rig.linked("4915111111111").await;
    let media = Media {
        id: rig.env.new_id::<MediaId>(),
        workspace: rig.caller().workspace,
        session: None,
        message: None,
        staged_with: None,
        state: MediaState::Ready,
        mime: "application/zip".to_owned(),
        size: FILE as u64,
        sha256: None,
        file_name: Some("large.zip".to_owned()),
        locator: None,
        created_at: rig.env.now(),
    };
    let chunk = Bytes::from(vec![7; 64 * 1024]);
    let stream = futures::stream::repeat(Ok(chunk)).take(FILE / (64 * 1024)).boxed();
    rig.objects.put(&media.object_key(), &media.mime, stream, u64::MAX).await.expect("stored");
    MediaIndex::insert(&rig.db, &media).await.expect("indexed");
    // the first send makes keys and connections; only what the file adds is of interest
    let warm = rig.send_text(session, "6281234567890", "hello").await;
    rig.status(session, warm.id, Status::Sent).await;

    reset_peak();
    let before = resident();
    let body = Body::Media { kind: MediaKind::Document, media: media.id, caption: None, file_name: None };
    let sent = rig.send(session, "6281234567890", body).await;
    rig.status(session, sent.id, Status::Sent).await;
    let added = peak().saturating_sub(before);
    assert!(added <= ALLOWED, "sending {} MiB added {} MiB", FILE / MIB, added / MIB);
    connector.shutdown().await;
    rig.stop().await;
}

/// Makes the kernel forget the peak so far (proc(5), `clear_refs`).
fn reset_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("clear_refs");
}

fn resident() -> usize {
    field("VmRSS:")
}

fn peak() -> usize {
    field("VmHWM:")
}

/// A field of `/proc/self/status` in bytes.
fn field(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with(name)).expect("the field");
    let kib: usize = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
    kib * 1024
}
