//! The store in SQL answers as the library's own store in memory does.
//!
//! Where that one differs from what its traits promise, the promise is followed, and the place says so.

mod databases;
mod parity;
mod suite;

use wacore::store::{
    InMemoryBackend,
    traits::{Backend, PendingInboundRow, ProtocolStore, SignalStore},
};

use databases::{Sqlite, postgres, store};

async fn conforms(backend: &dyn Backend) {
    suite::identities(backend).await;
    suite::sessions(backend).await;
    suite::signal_state_of_a_user(backend).await;
    suite::prekeys(backend).await;
    suite::signed_prekeys(backend).await;
    suite::sender_keys(backend).await;
    suite::sync_keys(backend).await;
    suite::versions(backend).await;
    suite::mutation_macs(backend).await;
    suite::sender_key_devices(backend).await;
    suite::lid_mappings(backend).await;
    suite::base_keys(backend).await;
    suite::device_lists(backend).await;
    suite::groups(backend).await;
    suite::tc_tokens(backend).await;
    suite::sent_messages(backend).await;
    suite::pending_inbound(backend).await;
    suite::msg_secrets(backend).await;
    suite::device(backend).await;
}

#[tokio::test]
async fn in_memory() {
    conforms(&InMemoryBackend::new()).await;
}

#[tokio::test]
async fn sqlite() {
    let file = Sqlite::new();
    let db = file.open().await;
    let (one, two) = (store(&db).await, store(&db).await);
    conforms(&one).await;
    suite::is_empty(&two).await;
    conforms(&two).await;
}

#[tokio::test]
async fn postgresql() {
    let server = postgres().await;
    let db = databases::open(&server.database().await).await;
    let (one, two) = (store(&db).await, store(&db).await);
    conforms(&one).await;
    suite::is_empty(&two).await;
    conforms(&two).await;
}

/// What comes again and was never handed on must not be acknowledged as if it had been.
#[tokio::test]
async fn what_nobody_has_is_no_message_that_was_handed_on() {
    let file = Sqlite::new();
    let db = file.open().await;
    let store = store(&db).await;
    store.get_pending_inbound("c", "s", "1").await.expect_err("it got lost");
    store.store_pending_inbound("c", "s", "1", b"hello").await.unwrap();
    store.get_pending_inbound("c", "other", "1").await.expect_err("of somebody else, who chose the same id");
    store.delete_pending_inbound("c", "s", "1").await.unwrap();
    assert_eq!(store.get_pending_inbound("c", "s", "1").await.unwrap(), None, "it was handed on");
    file.alter("UPDATE wa_taken_inbound SET taken_secs = taken_secs - 2 * 86400").await;
    store.delete_expired_pending_inbound(0).await.unwrap();
    assert_eq!(file.count("SELECT COUNT(*) FROM wa_taken_inbound").await, 0, "long ago");
}

/// A ratchet on record without its message would make the message look like one that was handed on before.
#[tokio::test]
async fn a_ratchet_waits_for_the_message_that_moved_it_on() {
    let file = Sqlite::new();
    let db = file.open().await;
    let store = store(&db).await;
    let row = PendingInboundRow { chat: "c", sender: "s", id: "1", message: b"hello" };
    file.alter(
        "CREATE TRIGGER away BEFORE INSERT ON wa_pending_inbound BEGIN SELECT RAISE(FAIL, 'away'); END",
    )
    .await;
    store.store_pending_inbound_batch(&[row]).await.expect_err("the message cannot be written");
    let kept = store.get_pending_inbound("c", "s", "1").await.unwrap();
    assert_eq!(kept.as_deref(), Some(&b"hello"[..]), "should it come again meanwhile");
    store.put_session("s.1", b"moved on").await.expect_err("its message is not on disk");
    store.put_sender_key("c::s", b"moved on").await.expect_err("its message is not on disk");
    assert_eq!(store.get_session("s.1").await.unwrap(), None);

    file.alter("DROP TRIGGER away").await;
    store.put_session("s.1", b"moved on").await.unwrap();
    assert!(store.get_session("s.1").await.unwrap().is_some());
    let rows = file.count("SELECT COUNT(*) FROM wa_pending_inbound").await;
    assert_eq!(rows, 1, "whoever starts after us finds it");
    store.delete_pending_inbound("c", "s", "1").await.unwrap();
    assert_eq!(store.get_pending_inbound("c", "s", "1").await.unwrap(), None);
}
