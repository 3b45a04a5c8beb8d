//! Whatever the library does in whatever order: both stores answer the same.

use std::sync::Arc;

use bytes::Bytes;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;
use wacore::{
    appstate::{hash::HashState, processor::AppStateMutationMAC},
    store::{
        InMemoryBackend,
        traits::{
            AppStateSyncKey, Backend, DeviceInfo, DeviceListRecord, LidPnMappingEntry, MsgSecretEntry,
            PendingInboundKey, PendingInboundRow, TcTokenEntry,
        },
    },
};
use wagate_infra::sql::Database;

use crate::databases::{self, Sqlite, postgres, store};

/// A call, with names and values out of a few, so that calls meet.
#[derive(Debug, Clone)]
enum Call {
    Identities(Vec<(u8, u8)>),
    DeleteIdentity(u8),
    Sessions(Vec<(u8, u8)>),
    DeleteSession(u8),
    Prekeys(Vec<(u8, u8)>, bool),
    MarkPrekeys(Vec<u8>),
    RemovePrekey(u8),
    SignedPrekey(u8, u8),
    RemoveSignedPrekey(u8),
    SenderKeys(Vec<(u8, u8)>),
    DeleteSenderKey(u8),
    SyncKey(u8, u8),
    Version(u8, u8),
    Macs(u8, Vec<(u8, u8)>),
    DeleteMacs(u8, Vec<u8>),
    ClearMacs(u8),
    SenderKeyDevices(u8, Vec<(u8, bool)>),
    ClearSenderKeyDevices(u8),
    DeleteSenderKeyDevices(Vec<u8>),
    ClearAllSenderKeyDevices,
    LidMappings(Vec<(u8, u8)>),
    BaseKey(u8, u8),
    DeleteBaseKey(u8),
    DeviceLists(Vec<(u8, u8)>),
    DeleteDevices(u8),
    Group(u8, u8),
    DeleteGroup(u8),
    PutToken(u8, u8, Option<u8>),
    DeleteToken(u8),
    TouchToken(u8, u8),
    ReceiveToken(u8, u8),
    ExpireTokens(u8, u8),
    Sent(u8, u8),
    TakeSent(u8),
    ExpireSent(bool),
    Pending(Vec<(u8, u8)>),
    DeletePending(Vec<u8>),
    ExpirePending(bool),
    Secrets(Vec<(u8, u8, u8)>),
    ExpireSecrets(u8),
}

fn call() -> impl Strategy<Value = Call> {
    let n = || 0..4_u8;
    let few = || vec(n(), 0..4);
    let pairs = || vec((n(), any::<u8>()), 0..4);
    let signal = prop_oneof![
        pairs().prop_map(Call::Identities),
        n().prop_map(Call::DeleteIdentity),
        pairs().prop_map(Call::Sessions),
        n().prop_map(Call::DeleteSession),
        (pairs(), any::<bool>()).prop_map(|(keys, uploaded)| Call::Prekeys(keys, uploaded)),
        few().prop_map(Call::MarkPrekeys),
        n().prop_map(Call::RemovePrekey),
        (n(), any::<u8>()).prop_map(|(id, record)| Call::SignedPrekey(id, record)),
        n().prop_map(Call::RemoveSignedPrekey),
        pairs().prop_map(Call::SenderKeys),
        n().prop_map(Call::DeleteSenderKey),
    ];
    let app_sync = prop_oneof![
        (n(), any::<u8>()).prop_map(|(id, data)| Call::SyncKey(id, data)),
        (n(), any::<u8>()).prop_map(|(name, version)| Call::Version(name, version)),
        (n(), pairs()).prop_map(|(name, macs)| Call::Macs(name, macs)),
        (n(), few()).prop_map(|(name, indexes)| Call::DeleteMacs(name, indexes)),
        n().prop_map(Call::ClearMacs),
    ];
    let protocol = prop_oneof![
        (n(), vec((n(), any::<bool>()), 0..4))
            .prop_map(|(group, devices)| Call::SenderKeyDevices(group, devices)),
        n().prop_map(Call::ClearSenderKeyDevices),
        few().prop_map(Call::DeleteSenderKeyDevices),
        Just(Call::ClearAllSenderKeyDevices),
        vec((n(), n()), 0..4).prop_map(Call::LidMappings),
        (n(), any::<u8>()).prop_map(|(address, key)| Call::BaseKey(address, key)),
        n().prop_map(Call::DeleteBaseKey),
        pairs().prop_map(Call::DeviceLists),
        n().prop_map(Call::DeleteDevices),
        (n(), any::<u8>()).prop_map(|(group, blob)| Call::Group(group, blob)),
        n().prop_map(Call::DeleteGroup),
    ];
    let tokens = prop_oneof![
        (n(), n(), prop::option::of(n())).prop_map(|(jid, at, sender)| Call::PutToken(jid, at, sender)),
        n().prop_map(Call::DeleteToken),
        (n(), n()).prop_map(|(jid, at)| Call::TouchToken(jid, at)),
        (n(), n()).prop_map(|(jid, at)| Call::ReceiveToken(jid, at)),
        (n(), n()).prop_map(|(token, sender)| Call::ExpireTokens(token, sender)),
    ];
    let messages = prop_oneof![
        (n(), any::<u8>()).prop_map(|(id, payload)| Call::Sent(id, payload)),
        n().prop_map(Call::TakeSent),
        any::<bool>().prop_map(Call::ExpireSent),
        pairs().prop_map(Call::Pending),
        few().prop_map(Call::DeletePending),
        any::<bool>().prop_map(Call::ExpirePending),
        vec((n(), n(), n()), 0..4).prop_map(Call::Secrets),
        n().prop_map(Call::ExpireSecrets),
    ];
    prop_oneof![3 => signal, 2 => app_sync, 3 => protocol, 2 => tokens, 3 => messages]
}

fn address(n: u8) -> Arc<str> {
    // two users, each with two devices
    format!("{}{}@lid", n / 2, if n.is_multiple_of(2) { "" } else { ":3" }).into()
}

fn records(pairs: &[(u8, u8)]) -> Vec<(Arc<str>, Bytes)> {
    pairs.iter().map(|(n, value)| (address(*n), Bytes::from(vec![*value]))).collect()
}

fn name(n: u8) -> String {
    format!("n{n}")
}

fn far(future: bool) -> i64 {
    if future { 99_999_999_999 } else { 0 }
}

/// Makes a call; returns what it answered. `tick` rises with every call.
async fn make(store: &dyn Backend, call: &Call, tick: i64) -> String {
    match call {
        Call::Identities(..)
        | Call::DeleteIdentity(..)
        | Call::Sessions(..)
        | Call::DeleteSession(..)
        | Call::Prekeys(..)
        | Call::MarkPrekeys(..)
        | Call::RemovePrekey(..)
        | Call::SignedPrekey(..)
        | Call::RemoveSignedPrekey(..)
        | Call::SenderKeys(..)
        | Call::DeleteSenderKey(..) => signal(store, call).await,
        Call::SyncKey(..)
        | Call::Version(..)
        | Call::Macs(..)
        | Call::DeleteMacs(..)
        | Call::ClearMacs(..) => app_sync(store, call).await,
        Call::PutToken(..)
        | Call::DeleteToken(..)
        | Call::TouchToken(..)
        | Call::ReceiveToken(..)
        | Call::ExpireTokens(..) => tokens(store, call).await,
        Call::Sent(..)
        | Call::TakeSent(..)
        | Call::ExpireSent(..)
        | Call::Pending(..)
        | Call::DeletePending(..)
        | Call::ExpirePending(..)
        | Call::Secrets(..)
        | Call::ExpireSecrets(..) => messages(store, call).await,
        _ => protocol(store, call, tick).await,
    }
}

async fn signal(store: &dyn Backend, call: &Call) -> String {
    let done = match call {
        Call::Identities(pairs) => {
            let keys: Vec<_> = pairs.iter().map(|(n, value)| (address(*n), [*value; 32])).collect();
            store.put_identities_batch(&keys).await
        }
        Call::DeleteIdentity(n) => store.delete_identity(&address(*n)).await,
        Call::Sessions(pairs) => store.put_sessions_batch(&records(pairs)).await,
        Call::DeleteSession(n) => store.delete_session(&address(*n)).await,
        Call::Prekeys(pairs, uploaded) => {
            let keys: Vec<_> =
                pairs.iter().map(|(n, value)| (u32::from(*n), Bytes::from(vec![*value]))).collect();
            store.store_prekeys_batch(&keys, *uploaded).await
        }
        Call::MarkPrekeys(ids) => {
            store.mark_prekeys_uploaded(&ids.iter().map(|id| u32::from(*id)).collect::<Vec<_>>()).await
        }
        Call::RemovePrekey(n) => store.remove_prekey(u32::from(*n)).await,
        Call::SignedPrekey(n, value) => store.store_signed_prekey(u32::from(*n), &[*value]).await,
        Call::RemoveSignedPrekey(n) => store.remove_signed_prekey(u32::from(*n)).await,
        Call::SenderKeys(pairs) => store.put_sender_keys_batch(&records(pairs)).await,
        Call::DeleteSenderKey(n) => store.delete_sender_key(&address(*n)).await,
        _ => unreachable!("another group's call"),
    };
    format!("{done:?}")
}

async fn app_sync(store: &dyn Backend, call: &Call) -> String {
    let done = match call {
        Call::SyncKey(n, value) => {
            let key =
                AppStateSyncKey { key_data: vec![*value], fingerprint: vec![], timestamp: i64::from(*value) };
            store.set_sync_key(&[*n], key).await
        }
        Call::Version(n, value) => {
            let state = HashState { version: u64::from(*value), hash: [*value; 128], ..HashState::default() };
            store.set_version(&name(*n), state).await
        }
        Call::Macs(n, pairs) => {
            let macs: Vec<_> = pairs
                .iter()
                .map(|(index, value)| AppStateMutationMAC {
                    index_mac: vec![*index; 32],
                    value_mac: vec![*value],
                })
                .collect();
            store.put_mutation_macs(&name(*n), 1, &macs).await
        }
        Call::DeleteMacs(n, indexes) => {
            let indexes: Vec<_> = indexes.iter().map(|index| vec![*index; 32]).collect();
            store.delete_mutation_macs(&name(*n), &indexes).await
        }
        Call::ClearMacs(n) => store.clear_mutation_macs(&name(*n)).await,
        _ => unreachable!("another group's call"),
    };
    format!("{done:?}")
}

async fn protocol(store: &dyn Backend, call: &Call, tick: i64) -> String {
    let done = match call {
        Call::SenderKeyDevices(group, devices) => {
            let devices: Vec<_> = devices.iter().map(|(device, has)| (name(*device), *has)).collect();
            let devices: Vec<_> = devices.iter().map(|(device, has)| (device.as_str(), *has)).collect();
            store.set_sender_key_status(&name(*group), &devices).await
        }
        Call::ClearSenderKeyDevices(group) => store.clear_sender_key_devices(&name(*group)).await,
        Call::DeleteSenderKeyDevices(devices) => {
            let devices: Vec<_> = devices.iter().map(|device| name(*device)).collect();
            store.delete_sender_key_device_rows(&devices.iter().map(String::as_str).collect::<Vec<_>>()).await
        }
        Call::ClearAllSenderKeyDevices => store.clear_all_sender_key_devices().await,
        Call::LidMappings(pairs) => store.put_lid_mappings(&mappings(pairs, tick)).await,
        Call::BaseKey(n, value) => store.save_base_key(&address(*n), "m", &[*value]).await,
        Call::DeleteBaseKey(n) => store.delete_base_key(&address(*n), "m").await,
        Call::DeviceLists(pairs) => {
            let list = |(user, phash): &(u8, u8)| DeviceListRecord {
                user: name(*user),
                devices: vec![DeviceInfo::new(u32::from(*phash), None)],
                timestamp: tick,
                phash: Some(name(*phash)),
                raw_id: None,
            };
            store.update_device_lists(pairs.iter().map(list).collect()).await
        }
        Call::DeleteDevices(n) => store.delete_devices(&name(*n)).await,
        Call::Group(n, value) => store.put_group_metadata(&name(*n), &[*value]).await,
        Call::DeleteGroup(n) => store.delete_group_metadata(&name(*n)).await,
        _ => unreachable!("another group's call"),
    };
    format!("{done:?}")
}

/// Each confirmed later than the one before, so that "last" means one thing only.
fn mappings(pairs: &[(u8, u8)], tick: i64) -> Vec<LidPnMappingEntry> {
    let mapping = |((lid, phone), n): (&(u8, u8), i64)| LidPnMappingEntry {
        lid: name(*lid),
        phone_number: name(*phone),
        created_at: tick,
        updated_at: tick * 10 + n,
        learning_source: "usync".to_owned(),
    };
    pairs.iter().zip(0..).map(mapping).collect()
}

async fn tokens(store: &dyn Backend, call: &Call) -> String {
    match call {
        Call::PutToken(n, at, sender) => {
            let entry = TcTokenEntry {
                token: vec![*n; usize::from(*at % 2)],
                token_timestamp: i64::from(*at),
                sender_timestamp: sender.map(i64::from),
            };
            format!("{:?}", store.put_tc_token(&name(*n), &entry).await)
        }
        Call::DeleteToken(n) => format!("{:?}", store.delete_tc_token(&name(*n)).await),
        Call::TouchToken(n, at) => {
            format!("{:?}", store.touch_tc_token_sender_timestamp(&name(*n), i64::from(*at)).await)
        }
        Call::ReceiveToken(n, at) => {
            format!("{:?}", store.store_received_tc_token(&name(*n), &[*at], i64::from(*at)).await)
        }
        Call::ExpireTokens(token, sender) => {
            format!("{:?}", store.delete_expired_tc_tokens(i64::from(*token), i64::from(*sender)).await)
        }
        _ => unreachable!("another group's call"),
    }
}

async fn messages(store: &dyn Backend, call: &Call) -> String {
    match call {
        Call::Sent(n, value) => format!("{:?}", store.store_sent_message("c", &name(*n), &[*value]).await),
        Call::TakeSent(n) => format!("{:?}", store.take_sent_message("c", &name(*n)).await),
        Call::ExpireSent(future) => format!("{:?}", store.delete_expired_sent_messages(far(*future)).await),
        Call::Pending(pairs) => {
            let rows: Vec<_> = pairs.iter().map(|(n, value)| (name(*n), [*value])).collect();
            let rows: Vec<_> = rows
                .iter()
                .map(|(id, message)| PendingInboundRow { chat: "c", sender: "s", id, message })
                .collect();
            format!("{:?}", store.store_pending_inbound_batch(&rows).await)
        }
        Call::DeletePending(ids) => {
            let ids: Vec<_> = ids.iter().map(|id| name(*id)).collect();
            let keys: Vec<_> =
                ids.iter().map(|id| PendingInboundKey { chat: "c", sender: "s", id }).collect();
            format!("{:?}", store.delete_pending_inbound_batch(&keys).await)
        }
        Call::ExpirePending(future) => {
            format!("{:?}", store.delete_expired_pending_inbound(far(*future)).await)
        }
        Call::Secrets(entries) => {
            let entry = |(id, expires, written): &(u8, u8, u8)| MsgSecretEntry {
                chat: "c".into(),
                sender: "s".into(),
                msg_id: name(*id).into(),
                secret: [*expires + *written; 32],
                expires_at: i64::from(*expires),
                message_ts: i64::from(*written),
            };
            format!("{:?}", store.put_msg_secrets(entries.iter().map(entry).collect()).await)
        }
        Call::ExpireSecrets(cutoff) => {
            format!("{:?}", store.delete_expired_msg_secrets(i64::from(*cutoff)).await)
        }
        _ => unreachable!("another group's call"),
    }
}

/// Everything that can be asked, in one order.
async fn everything(store: &dyn Backend) -> Vec<String> {
    let mut seen = Vec::new();
    let mut note = |what: &str, answer: String| seen.push(format!("{what}: {answer}"));
    for n in 0..4 {
        let (at, called) = (address(n), name(n));
        note("identity", format!("{:?}", store.load_identity(&at).await));
        note("session", format!("{:?} {:?}", store.get_session(&at).await, store.has_session(&at).await));
        note("state", format!("{:?}", store.has_signal_state_for_user(&n.to_string()).await));
        note("signed prekey", format!("{:?}", store.load_signed_prekey(u32::from(n)).await));
        note("prekey", format!("{:?}", store.load_prekey(u32::from(n)).await));
        note("sender key", format!("{:?}", store.get_sender_key(&at).await));
        note("sync key", format!("{:?}", store.get_sync_key(&[n]).await));
        let version = store.get_version(&called).await.unwrap();
        note("version", format!("{} {:?}", version.version, version.hash));
        let macs = store.get_mutation_macs(&called, &[[0; 32], [1; 32], [2; 32], [3; 32]]).await.unwrap();
        let mut macs: Vec<_> = macs.into_iter().collect();
        macs.sort();
        note("macs", format!("{macs:?} {:?}", store.get_mutation_mac(&called, &[n; 32]).await));
        let mut devices = store.get_sender_key_devices(&called).await.unwrap();
        devices.sort();
        note("sender key devices", format!("{devices:?}"));
        note("lid", format!("{:?}", store.get_lid_mapping(&called).await));
        note("base key", format!("{:?}", store.has_same_base_key(&at, "m", &[n]).await));
        note("devices", format!("{:?}", store.get_devices(&called).await));
        note("group", format!("{:?}", store.get_group_metadata(&called).await));
        note("token", format!("{:?}", store.get_tc_token(&called).await));
        // for what was never handed on, ours says that it got lost
        let pending = store.get_pending_inbound("c", "s", &called).await;
        note("pending", format!("{:?}", pending.ok().flatten()));
        note("secret", format!("{:?}", store.get_msg_secret_with_ts("c", "s", &called).await));
    }
    note("prekeys", format!("{:?}", store.load_prekeys_batch(&[3, 0, 2]).await));
    note("max prekey", format!("{:?}", store.get_max_prekey_id().await));
    note("latest sync key", format!("{:?}", store.get_latest_sync_key_id().await));
    let mut signed = store.load_all_signed_prekeys().await.unwrap();
    signed.sort();
    note("signed prekeys", format!("{signed:?}"));
    let mut jids = store.get_all_tc_token_jids().await.unwrap();
    jids.sort();
    note("tokens", format!("{jids:?}"));
    note("mappings", format!("{:?}", all_mappings(store).await));
    seen
}

async fn all_mappings(store: &dyn Backend) -> Vec<(String, String, i64)> {
    let all = store.get_all_lid_mappings().await.unwrap();
    let mut all: Vec<_> = all.into_iter().map(|one| (one.lid, one.phone_number, one.updated_at)).collect();
    all.sort();
    all
}

/// The most recent LID of a number. The store in memory forgets the other LIDs of a number when one of
/// them moves away, so what the trait promises is told from the list of all mappings.
async fn check_numbers(store: &dyn Backend) -> Result<(), TestCaseError> {
    let all = all_mappings(store).await;
    for phone in (0..4).map(name) {
        let expected =
            all.iter().filter(|one| one.1 == phone).max_by_key(|one| one.2).map(|one| one.0.clone());
        let found = store.get_pn_mapping(&phone).await.unwrap().map(|found| found.lid);
        prop_assert_eq!(found, expected, "the LID of {}", phone);
    }
    Ok(())
}

async fn check(db: &Database, calls: &[Call]) -> Result<(), TestCaseError> {
    let (ours, theirs) = (store(db).await, InMemoryBackend::new());
    for (call, tick) in calls.iter().zip(1..) {
        prop_assert_eq!(make(&ours, call, tick).await, make(&theirs, call, tick).await, "{:?}", call);
    }
    for (our, their) in everything(&ours).await.into_iter().zip(everything(&theirs).await) {
        prop_assert_eq!(our, their);
    }
    check_numbers(&ours).await
}

fn run(runtime: &Runtime, db: &Database, cases: u32) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome =
        TestRunner::new(config).run(&vec(call(), 1..60), |calls| runtime.block_on(check(db, &calls)));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_calls_on_sqlite() {
    let runtime = Runtime::new().unwrap();
    let file = Sqlite::new();
    let db = runtime.block_on(file.open());
    run(&runtime, &db, 150);
}

#[test]
fn any_calls_on_postgresql() {
    let runtime = Runtime::new().unwrap();
    let (server, db) = runtime.block_on(async {
        let server = postgres().await;
        let db = databases::open(&server.database().await).await;
        (server, db)
    });
    run(&runtime, &db, 40);
    runtime.block_on(db.close()).unwrap();
    drop(server);
}
