//! What survives a restart: everything.

use crate::client::Client;
use crate::raw::Raw;
use crate::{Lan, eventually};

const ALICE: &str = "4915500000001";
const BOB: &str = "4915500000002";

#[tokio::test(flavor = "multi_thread")]
async fn linked_clients_queues_and_sessions_survive() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let one = alice.say(BOB, "one").await;
    bob.text("one").await;
    alice.receipt_from(1, &one, "Delivered").await;
    bob.say(ALICE, "two").await;
    alice.text("two").await;
    let store = bob.leave().await;
    alice.say(BOB, "waiting").await;
    let (_, path) = lan.sandbox.network().upload_media("image", "kept".into()).await.expect("store");

    let lan = lan.restart().await;
    eventually("reconnection", || async { (lan.sandbox.online() == 1).then_some(()) }).await;
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    bob.text("waiting").await;
    let id = bob.say(ALICE, "three").await;
    alice.text("three").await;
    bob.receipt_from(1, &id, "Delivered").await;
    let phones = lan.sandbox.phones();
    let shown = eventually("message on the phone", || async { phones.message(ALICE, &id).await.ok() }).await;
    assert_eq!(shown.text.as_deref(), Some("three"));
    let kept = lan.sandbox.network().download_media(&path).await.expect("media");
    assert_eq!(kept, "kept");
    let companions = lan.sandbox.network().companions(BOB).await.expect("companions");
    assert_eq!(companions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_keeps_its_noise_key() {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let before = Raw::login(&lan.sandbox, &keys, false).await.server;
    let lan = lan.restart().await;
    let after = Raw::login(&lan.sandbox, &keys, false).await.server;
    assert_eq!(before, after, "clients cache it");
}
