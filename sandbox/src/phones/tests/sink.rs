//! Phones that take messages without opening them.

use std::sync::atomic::Ordering;

use serde_json::json;

use super::lan::World;
use crate::phones::{SettingsChange, SinkCounts, Status};
use crate::ports::{Network, Phones};

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";
const GROUP: &str = "120363000000000001@g.us";

async fn world(dir: &std::path::Path, sample: u32) -> World {
    let world = World::open(dir).await;
    world.phones.ensure(ADA, None).await.expect("ada");
    let change: SettingsChange =
        serde_json::from_value(json!({ "sink": true, "sample": sample })).expect("settings");
    world.phones.register(BEN, None, change).await.expect("ben");
    world
}

#[tokio::test]
async fn an_unopened_message_is_counted_once_and_costs_no_row() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path(), 0).await;
    for n in 0..20 {
        let sent = world.text(ADA, BEN, &n.to_string()).await;
        assert_eq!(sent.status, Status::Delivered);
    }
    for copy in world.lan.to(BEN, 0).into_iter().take(5) {
        world.phones.deliver(BEN, copy).await.expect("delivered again");
    }
    let counts = SinkCounts { received: 20, duplicates: 5, ..SinkCounts::default() };
    assert_eq!(world.phones.sink_counts(), counts);
    assert!(world.inbox(BEN).await.is_empty());
    let bundle = world.lan.take_bundle(&wacore_binary::Jid::pn(BEN)).await.expect("bundle");
    assert!(bundle.one_time.is_none(), "no key is made for a session that is never opened");

    let lan = world.lan.clone();
    world.phones.stop().await;
    drop(world);
    let world = World::with_lan(dir.path(), lan).await;
    assert_eq!(world.phones.sink_counts(), counts, "counts survive a stop");
    world.phones.reset_sink().await.expect("reset");
    assert_eq!(world.phones.sink_counts(), SinkCounts::default());
}

#[tokio::test]
async fn samples_are_opened_and_checked() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path(), 4).await;
    for n in 0..60 {
        world.text(ADA, BEN, &n.to_string()).await;
    }
    let opened = world.inbox(BEN).await;
    let counts = world.phones.sink_counts();
    assert!(!opened.is_empty() && opened.len() < 60, "{} of 60", opened.len());
    assert!(opened.iter().all(|message| !message.undecryptable && message.duplicates == 0));
    assert_eq!((counts.received, counts.opened, counts.failed), (60, opened.len() as u64, 0));

    // each of the next is damaged until one that is a sample was asked for again
    world.lan.damage.store(1000, Ordering::SeqCst);
    for n in 0..60 {
        world.text(ADA, BEN, &n.to_string()).await;
    }
    assert!(world.phones.sink_counts().failed > 0);
}

#[tokio::test]
async fn samples_of_a_group_can_be_opened_too() {
    let dir = tempfile::tempdir().expect("dir");
    let world = world(dir.path(), 4).await;
    world.lan.group(GROUP, true, &[ADA, BEN]);
    for n in 0..40 {
        world.text(ADA, GROUP, &n.to_string()).await;
    }
    let counts = world.phones.sink_counts();
    assert_eq!((counts.received, counts.failed), (40, 0));
    assert!(counts.opened > 1, "the one with the key, and samples: {counts:?}");
    assert_eq!(world.inbox(BEN).await.len() as u64, counts.opened);
}

#[tokio::test]
async fn a_long_chat_stays_within_what_a_ratchet_can_skip() {
    let dir = tempfile::tempdir().expect("dir");
    // by id none would be opened
    let world = world(dir.path(), u32::MAX).await;
    for n in 0..2500 {
        world.text(ADA, BEN, &n.to_string()).await;
    }
    let change: SettingsChange = serde_json::from_value(json!({ "sink": false })).expect("settings");
    world.phones.change(BEN, change).await.expect("changed");
    let last = world.text(ADA, BEN, "last").await;
    let shown = world.shown(BEN, &last.id).await;
    assert_eq!((shown.text.as_deref(), shown.retries), (Some("last"), 0));
    assert_eq!(world.phones.sink_counts().failed, 0);
}
