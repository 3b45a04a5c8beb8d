//! The store in SQL answers as the library's own store in memory does.
//!
//! Where that one differs from what its traits promise, the promise is followed, and the place says so.

mod databases;
mod parity;
mod suite;

use wacore::store::{InMemoryBackend, traits::Backend};

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
