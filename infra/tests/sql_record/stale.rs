//! Only the owner on record writes a session's store.

use std::{future::Future, pin::Pin};

use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use wagate_domain::{
    ports::{PortError, PortResult, Sessions},
    sessions::SessionKey,
};
use wagate_infra::sql::{
    Database,
    wa::{LidMapping, MessageSecret, PendingInbound, SyncKey, TcToken, WaStore},
};

use crate::sample::{id, stored_session};

type Write<'a> = (&'static str, Pin<Box<dyn Future<Output = PortResult<()>> + Send + 'a>>);

const PLACE: PendingInbound<'static> = PendingInbound { chat: "c", sender: "s", id: "i" };

fn signal_writes(store: &WaStore) -> Vec<Write<'_>> {
    vec![
        ("put_identities", Box::pin(store.put_identities([("a", b"k".as_slice())]))),
        ("delete_identity", Box::pin(store.delete_identity("a"))),
        ("put_sessions", Box::pin(store.put_sessions([("a", b"s".as_slice())]))),
        ("delete_signal_session", Box::pin(store.delete_signal_session("a"))),
        ("put_prekeys", Box::pin(store.put_prekeys([(1, b"p".as_slice())], false))),
        ("mark_prekeys_uploaded", Box::pin(store.mark_prekeys_uploaded(&[1]))),
        ("delete_prekey", Box::pin(store.delete_prekey(1))),
        ("put_signed_prekey", Box::pin(store.put_signed_prekey(1, b"p"))),
        ("delete_signed_prekey", Box::pin(store.delete_signed_prekey(1))),
        ("put_sender_keys", Box::pin(store.put_sender_keys([("g", b"k".as_slice())]))),
        ("delete_sender_key", Box::pin(store.delete_sender_key("g"))),
    ]
}

fn app_sync_writes(store: &WaStore) -> Vec<Write<'_>> {
    vec![
        ("put_sync_key", Box::pin(async move { store.put_sync_key(b"id", &sync_key()).await })),
        ("put_sync_version", Box::pin(store.put_sync_version("regular", b"v"))),
        (
            "put_mutation_macs",
            Box::pin(store.put_mutation_macs("regular", 1, [(b"i".as_slice(), b"v".as_slice())])),
        ),
        ("delete_mutation_macs", Box::pin(store.delete_mutation_macs("regular", [b"i".as_slice()]))),
        ("clear_mutation_macs", Box::pin(store.clear_mutation_macs("regular"))),
    ]
}

fn protocol_writes(store: &WaStore) -> Vec<Write<'_>> {
    vec![
        ("put_sender_key_devices", Box::pin(store.put_sender_key_devices("g", [("d", true)]))),
        ("clear_sender_key_devices", Box::pin(store.clear_sender_key_devices("g"))),
        ("delete_sender_key_devices", Box::pin(store.delete_sender_key_devices(&["d"]))),
        ("clear_all_sender_key_devices", Box::pin(store.clear_all_sender_key_devices())),
        ("put_lid_mappings", Box::pin(async move { store.put_lid_mappings(&[mapping()]).await })),
        ("put_base_key", Box::pin(store.put_base_key("a", "m", b"k"))),
        ("delete_base_key", Box::pin(store.delete_base_key("a", "m"))),
        ("put_device_lists", Box::pin(store.put_device_lists([("u", b"l".as_slice())]))),
        ("delete_device_list", Box::pin(store.delete_device_list("u"))),
        ("put_group", Box::pin(store.put_group("g", b"m"))),
        ("delete_group", Box::pin(store.delete_group("g"))),
        ("put_tc_token", Box::pin(async move { store.put_tc_token("j", &token()).await })),
        ("delete_tc_token", Box::pin(store.delete_tc_token("j"))),
        ("touch_tc_token", Box::pin(store.touch_tc_token("j", 5))),
        ("receive_tc_token", Box::pin(store.receive_tc_token("j", b"t", 5))),
        ("delete_expired_tc_tokens", counted(store.delete_expired_tc_tokens(1, 1))),
    ]
}

fn other_writes(store: &WaStore) -> Vec<Write<'_>> {
    vec![
        ("put_sent_message", Box::pin(store.put_sent_message("c", "m", b"p"))),
        ("take_sent_message", Box::pin(async move { store.take_sent_message("c", "m").await.map(drop) })),
        ("delete_expired_sent_messages", counted(store.delete_expired_sent_messages(1))),
        ("put_pending_inbound", Box::pin(store.put_pending_inbound([(PLACE, b"m".as_slice())]))),
        ("take_pending_inbound", Box::pin(store.take_pending_inbound([PLACE]))),
        ("delete_expired_pending_inbound", counted(store.delete_expired_pending_inbound(1))),
        ("put_message_secrets", Box::pin(async move { store.put_message_secrets(&[secret()]).await })),
        ("delete_expired_message_secrets", counted(store.delete_expired_message_secrets(1))),
        ("put_device", Box::pin(store.put_device(b"d"))),
        ("put_device_if_absent", Box::pin(store.put_device_if_absent(b"d"))),
        ("clear", Box::pin(store.clear())),
    ]
}

fn counted<'a>(
    write: impl Future<Output = PortResult<u32>> + Send + 'a,
) -> Pin<Box<dyn Future<Output = PortResult<()>> + Send + 'a>> {
    Box::pin(async move { write.await.map(drop) })
}

fn all_writes(store: &WaStore) -> impl Iterator<Item = Write<'_>> {
    [signal_writes(store), app_sync_writes(store), protocol_writes(store), other_writes(store)]
        .into_iter()
        .flatten()
}

pub(crate) async fn every_write_is_refused(db: &Database) {
    let key = stored_session(db).await;
    let first = WaStore::new(db.clone(), key, 0);
    for (name, write) in all_writes(&first) {
        write.await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    fill(&first).await;
    db.raise_epoch(key.id, 0, id()).await.unwrap().expect("a new owner");
    let stranger = SessionKey { workspace: id(), id: key.id };
    for store in [first, WaStore::new(db.clone(), key, 2), WaStore::new(db.clone(), stranger, 1)] {
        for (name, write) in all_writes(&store) {
            let written = write.await;
            assert!(matches!(written, Err(PortError::Stale)), "{name}: {written:?}");
        }
    }
    // nothing was changed by the refused
    let owner = WaStore::new(db.clone(), key, 1);
    assert_eq!(owner.signal_session("a").await.unwrap().as_deref(), Some(b"s".as_slice()));
    assert_eq!(owner.device().await.unwrap().as_deref(), Some(b"d".as_slice()));
    assert_eq!(owner.take_sent_message("c", "m").await.unwrap().as_deref(), Some(b"p".as_slice()));
    assert_eq!(owner.take_sent_message("c", "m").await.unwrap(), None);
    owner.clear().await.unwrap();
    assert_eq!(owner.signal_session("a").await.unwrap(), None);
    assert_eq!(owner.device().await.unwrap(), None);
}

async fn fill(store: &WaStore) {
    store.put_sessions([("a", b"s".as_slice())]).await.unwrap();
    store.put_sent_message("c", "m", b"p").await.unwrap();
    store.put_device(b"d").await.unwrap();
}

pub(crate) async fn a_deleted_session_takes_its_store_along(db: &Database) {
    let (key, other) = (stored_session(db).await, stored_session(db).await);
    let (gone, kept) = (WaStore::new(db.clone(), key, 0), WaStore::new(db.clone(), other, 0));
    for store in [&gone, &kept] {
        fill(store).await;
    }
    assert!(Sessions::delete(db, key.workspace, key.id).await.unwrap());
    for (name, write) in all_writes(&gone) {
        let written = write.await;
        assert!(matches!(written, Err(PortError::Stale)), "{name}: {written:?}");
    }
    assert_eq!(gone.device().await.unwrap(), None);
    assert_eq!(gone.signal_session("a").await.unwrap(), None);
    assert!(kept.device().await.unwrap().is_some(), "another session's store stays");
}

/// However writes of an old owner and a change of owner race: what was accepted was accepted before
/// the change, and the new owner sees it.
pub(crate) async fn nothing_is_written_after_a_change_of_owner(db: &Database) {
    let key = stored_session(db).await;
    let old = WaStore::new(db.clone(), key, 0);
    let writer = tokio::spawn(async move {
        let mut accepted = 0_u32;
        loop {
            match old.put_sessions([("a", accepted.to_be_bytes().as_slice())]).await {
                Ok(()) => accepted += 1,
                Err(PortError::Stale) => return accepted,
                Err(error) => panic!("{error}"),
            }
        }
    });
    let new = WaStore::new(db.clone(), key, 1);
    while new.signal_session("a").await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    db.raise_epoch(key.id, 0, id()).await.unwrap().expect("the session taken over");
    let seen = new.signal_session("a").await.unwrap();
    let accepted = writer.await.unwrap();
    let last = (accepted - 1).to_be_bytes();
    assert_eq!(seen.as_deref(), Some(last.as_slice()), "nothing is written after the change");
}

/// On PostgreSQL, where two transactions can run at once: a write that meets an uncommitted change of
/// owner waits for its outcome.
pub(crate) async fn a_write_waits_for_a_change_that_is_being_made(db: &Database, url: &str) {
    let key = stored_session(db).await;
    let other = sea_orm::Database::connect(url).await.expect("a connection");
    let change = other.begin().await.expect("a transaction");
    let raise = format!("UPDATE sessions SET epoch = epoch + 1 WHERE id = '{}'", key.id);
    change.execute_unprepared(&raise).await.expect("a raised epoch");

    let old = WaStore::new(db.clone(), key, 0);
    let write = tokio::spawn(async move { old.put_device(b"d").await });
    let waiting =
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let waiting = Statement::from_string(other.get_database_backend(), waiting);
    while !write.is_finished() && other.query_one_raw(waiting.clone()).await.expect("an answer").is_none() {
        tokio::task::yield_now().await;
    }
    change.commit().await.expect("a committed change");
    let written = write.await.unwrap();
    assert!(matches!(written, Err(PortError::Stale)), "{written:?}");
    other.close().await.expect("a closed connection");
}

fn sync_key() -> SyncKey {
    SyncKey { data: b"k".to_vec(), fingerprint: b"f".to_vec(), timestamp: 1 }
}

fn mapping() -> LidMapping {
    LidMapping {
        lid: "1".to_owned(),
        phone: "2".to_owned(),
        created_secs: 1,
        updated_secs: 1,
        source: "usync".to_owned(),
    }
}

fn token() -> TcToken {
    TcToken { token: b"t".to_vec(), token_secs: 1, sender_secs: None }
}

const fn secret() -> MessageSecret<'static> {
    MessageSecret { chat: "c", sender: "s", id: "i", secret: &[7; 32], expires_secs: 0, parent_secs: 0 }
}

/// Writes of many sessions at the same time are made together; each gets its own answer.
pub(crate) async fn of_writes_made_together_the_stale_are_refused(db: &Database) {
    let mut stores = Vec::new();
    for n in 0..100_u64 {
        let session = stored_session(db).await;
        // every third writer has an epoch that nobody has given
        stores.push((n % 3 == 0, WaStore::new(db.clone(), session, u64::from(n % 3 == 0))));
    }
    let writes = stores.iter().map(|(is_stale, store)| async move {
        let first = store.put_identities([("a", b"1".as_slice())]).await;
        let both = futures::future::join(
            store.put_identities([("a", b"2".as_slice())]),
            store.put_sent_message("c", "m", b"p"),
        );
        let (second, third) = both.await;
        for answer in [first, second, third] {
            assert_eq!(matches!(answer, Err(PortError::Stale)), *is_stale, "{answer:?}");
            assert_eq!(answer.is_ok(), !is_stale);
        }
        let kept = store.identity("a").await.unwrap();
        assert_eq!(kept.as_deref(), (!is_stale).then_some(b"2".as_slice()));
        assert_eq!(store.take_sent_message("c", "m").await.ok().flatten().is_some(), !is_stale);
    });
    futures::future::join_all(writes).await;
}

/// What one session writes is made in its order, however much is made together.
pub(crate) async fn of_writes_made_together_the_last_counts(db: &Database) {
    let session = stored_session(db).await;
    let store = WaStore::new(db.clone(), session, 0);
    for round in 0..20_u8 {
        let writes = (0..16_u8).map(|n| {
            let store = store.clone();
            async move {
                if n == 7 {
                    store.delete_signal_session("a").await.unwrap();
                } else {
                    store.put_sessions([("a", [round, n].as_slice()), ("b", &[round, n])]).await.unwrap();
                }
            }
        });
        // polled in their order, so left in their order
        futures::future::join_all(writes).await;
        for address in ["a", "b"] {
            let kept = store.signal_session(address).await.unwrap();
            assert_eq!(kept.as_deref(), Some([round, 15].as_slice()), "{address}");
        }
    }
}
