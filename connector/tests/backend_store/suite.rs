//! What the library may expect of its store.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use wacore::{
    appstate::{hash::HashState, processor::AppStateMutationMAC},
    store::{
        Device,
        traits::{
            AppStateSyncKey, Backend, DeviceInfo, DeviceListRecord, LidPnMappingEntry, MsgSecretEntry,
            PendingInboundKey, PendingInboundRow, TcTokenEntry,
        },
    },
};

type Store<'a> = &'a dyn Backend;

/// Later than anything the clock says.
const FAR: i64 = 99_999_999_999;

fn named<T: Clone>(entries: &[(&str, T)]) -> Vec<(Arc<str>, T)> {
    entries.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect()
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(crate) async fn is_empty(store: Store<'_>) {
    assert!(!store.exists().await.unwrap());
    assert!(!store.has_signal_state_for_user("62811").await.unwrap());
    assert_eq!(store.get_max_prekey_id().await.unwrap(), 0);
    assert_eq!(store.get_latest_sync_key_id().await.unwrap(), None);
    assert!(store.load_all_signed_prekeys().await.unwrap().is_empty());
    assert!(store.get_all_lid_mappings().await.unwrap().is_empty());
    assert!(store.get_all_tc_token_jids().await.unwrap().is_empty());
    assert_eq!(store.delete_expired_sent_messages(FAR).await.unwrap(), 0);
    assert_eq!(store.delete_expired_pending_inbound(FAR).await.unwrap(), 0);
    assert_eq!(store.delete_expired_msg_secrets(FAR).await.unwrap(), 0);
}

pub(crate) async fn identities(store: Store<'_>) {
    assert_eq!(store.load_identity("1@lid").await.unwrap(), None);
    store.put_identity("1@lid", [1; 32]).await.unwrap();
    store
        .put_identities_batch(&named(&[("1@lid", [2; 32]), ("2@lid", [3; 32]), ("1@lid", [4; 32])]))
        .await
        .unwrap();
    store.put_identities_batch(&[]).await.unwrap();
    assert_eq!(store.load_identity("1@lid").await.unwrap(), Some([4; 32]), "the last of one address");
    store.delete_identity("1@lid").await.unwrap();
    store.delete_identity("1@lid").await.unwrap();
    assert_eq!(store.load_identity("1@lid").await.unwrap(), None);
    assert_eq!(store.load_identity("2@lid").await.unwrap(), Some([3; 32]));
}

pub(crate) async fn sessions(store: Store<'_>) {
    assert!(!store.has_session("s1:2@lid").await.unwrap());
    store.put_session("s1:2@lid", b"one").await.unwrap();
    let many: Vec<(Arc<str>, Bytes)> =
        (0..3_000).map(|n| (format!("many:{n}@lid").into(), bytes(&n.to_string()))).collect();
    store.put_sessions_batch(&many).await.unwrap();
    store.put_sessions_batch(&named(&[("s1:2@lid", bytes("two")), ("s3@lid", bytes(""))])).await.unwrap();
    assert_eq!(store.get_session("s1:2@lid").await.unwrap(), Some(bytes("two")));
    assert_eq!(store.get_session("s3@lid").await.unwrap(), Some(Bytes::new()), "empty is not absent");
    assert_eq!(store.get_session("many:2999@lid").await.unwrap(), Some(bytes("2999")));
    assert!(store.has_session("s3@lid").await.unwrap());
    store.delete_session("s3@lid").await.unwrap();
    assert!(!store.has_session("s3@lid").await.unwrap());
}

pub(crate) async fn signal_state_of_a_user(store: Store<'_>) {
    store.put_session("700@lid", b"x").await.unwrap();
    store.put_session("701:5@lid", b"x").await.unwrap();
    store.put_identity("702:1@s.whatsapp.net", [1; 32]).await.unwrap();
    for (user, expected) in [
        ("700", true),
        ("701", true),
        ("702", true),
        ("70", false),
        ("7000", false),
        ("", false),
        ("%", false),
    ] {
        assert_eq!(store.has_signal_state_for_user(user).await.unwrap(), expected, "{user}");
    }
}

pub(crate) async fn prekeys(store: Store<'_>) {
    store.store_prekey(7, b"seven", false).await.unwrap();
    store
        .store_prekeys_batch(&[(9, bytes("nine")), (8, bytes("eight")), (9, bytes("neuf"))], false)
        .await
        .unwrap();
    store.store_prekeys_batch(&[], true).await.unwrap();
    assert_eq!(store.get_max_prekey_id().await.unwrap(), 9);
    assert_eq!(store.load_prekey(9).await.unwrap(), Some(bytes("neuf")));
    let found = store.load_prekeys_batch(&[9, 1, 7]).await.unwrap();
    assert_eq!(found, [(9, bytes("neuf")), (7, bytes("seven"))], "what exists, in the order asked");
    store.remove_prekey(9).await.unwrap();
    store.mark_prekeys_uploaded(&[7, 8, 9]).await.unwrap();
    store.mark_prekeys_uploaded(&[]).await.unwrap();
    assert_eq!(store.load_prekey(9).await.unwrap(), None, "a used key is not brought back");
    assert_eq!(store.load_prekey(8).await.unwrap(), Some(bytes("eight")));
    assert_eq!(store.get_max_prekey_id().await.unwrap(), 8);
    store.store_prekey(u32::MAX, b"max", true).await.unwrap();
    assert_eq!(store.get_max_prekey_id().await.unwrap(), u32::MAX);
}

pub(crate) async fn signed_prekeys(store: Store<'_>) {
    store.store_signed_prekey(1, b"a").await.unwrap();
    store.store_signed_prekey(2, b"b").await.unwrap();
    store.store_signed_prekey(1, b"c").await.unwrap();
    let mut all = store.load_all_signed_prekeys().await.unwrap();
    all.sort();
    assert_eq!(all, [(1, b"c".to_vec()), (2, b"b".to_vec())]);
    store.remove_signed_prekey(1).await.unwrap();
    assert_eq!(store.load_signed_prekey(1).await.unwrap(), None);
    assert_eq!(store.load_signed_prekey(2).await.unwrap(), Some(b"b".to_vec()));
}

pub(crate) async fn sender_keys(store: Store<'_>) {
    store.put_sender_key("g::a", b"1").await.unwrap();
    store.put_sender_keys_batch(&named(&[("g::a", bytes("2")), ("g::b", bytes("3"))])).await.unwrap();
    assert_eq!(store.get_sender_key("g::a").await.unwrap(), Some(b"2".to_vec()));
    store.delete_sender_key("g::a").await.unwrap();
    assert_eq!(store.get_sender_key("g::a").await.unwrap(), None);
    assert_eq!(store.get_sender_key("g::b").await.unwrap(), Some(b"3".to_vec()));
}

pub(crate) async fn sync_keys(store: Store<'_>) {
    let key = |n: u8| AppStateSyncKey { key_data: vec![n], fingerprint: vec![n, n], timestamp: n.into() };
    store.set_sync_key(b"\0\x01", key(1)).await.unwrap();
    store.set_sync_key(b"\0\x02", key(2)).await.unwrap();
    assert_eq!(store.get_latest_sync_key_id().await.unwrap(), Some(b"\0\x02".to_vec()));
    store.set_sync_key(b"\0\x01", key(3)).await.unwrap();
    assert_eq!(store.get_latest_sync_key_id().await.unwrap(), Some(b"\0\x01".to_vec()), "stored last");
    let found = store.get_sync_key(b"\0\x01").await.unwrap().unwrap();
    assert_eq!((found.key_data, found.fingerprint, found.timestamp), (vec![3], vec![3, 3], 3));
    assert!(store.get_sync_key(b"\0").await.unwrap().is_none());
}

pub(crate) async fn versions(store: Store<'_>) {
    let fresh = store.get_version("regular").await.unwrap();
    assert_eq!((fresh.version, fresh.hash, fresh.mac_mismatch_fatal), (0, [0; 128], false));
    let state = HashState {
        version: u64::MAX,
        hash: [9; 128],
        index_value_map: HashMap::from([("i".to_owned(), vec![1, 2])]),
        mac_mismatch_fatal: true,
    };
    store.set_version("regular", state.clone()).await.unwrap();
    let found = store.get_version("regular").await.unwrap();
    assert_eq!((found.version, found.hash, found.mac_mismatch_fatal), (u64::MAX, [9; 128], true));
    assert_eq!(found.index_value_map, state.index_value_map);
    assert_eq!(store.get_version("critical").await.unwrap().version, 0);
}

pub(crate) async fn mutation_macs(store: Store<'_>) {
    let mac =
        |index: u8, value: u8| AppStateMutationMAC { index_mac: vec![index; 32], value_mac: vec![value] };
    store.put_mutation_macs("regular", 1, &[mac(1, 1), mac(2, 2), mac(1, 3)]).await.unwrap();
    store.put_mutation_macs("critical", 1, &[mac(1, 7)]).await.unwrap();
    store.put_mutation_macs("regular", 2, &[]).await.unwrap();
    assert_eq!(store.get_mutation_mac("regular", &[1; 32]).await.unwrap(), Some(vec![3]));
    let found = store.get_mutation_macs("regular", &[[1; 32], [2; 32], [3; 32]]).await.unwrap();
    assert_eq!(found, HashMap::from([([1; 32], vec![3]), ([2; 32], vec![2])]));
    assert!(store.get_mutation_macs("regular", &[]).await.unwrap().is_empty());
    store.delete_mutation_macs("regular", &[vec![1; 32], vec![8; 32]]).await.unwrap();
    assert_eq!(store.get_mutation_mac("regular", &[1; 32]).await.unwrap(), None);
    store.clear_mutation_macs("regular").await.unwrap();
    assert_eq!(store.get_mutation_mac("regular", &[2; 32]).await.unwrap(), None);
    assert_eq!(store.get_mutation_mac("critical", &[1; 32]).await.unwrap(), Some(vec![7]));
}

pub(crate) async fn sender_key_devices(store: Store<'_>) {
    let list = async |group: &str| {
        let mut found = store.get_sender_key_devices(group).await.unwrap();
        found.sort();
        found
    };
    let owned = |entries: &[(&str, bool)]| -> Vec<(String, bool)> {
        entries.iter().map(|(device, has)| ((*device).to_owned(), *has)).collect()
    };
    store.set_sender_key_status("g1", &[("a", true), ("b", true), ("a", false)]).await.unwrap();
    store.set_sender_key_status("g2", &[("a", true), ("c", true)]).await.unwrap();
    store.set_sender_key_status("g2", &[]).await.unwrap();
    assert_eq!(list("g1").await, owned(&[("a", false), ("b", true)]));
    store.delete_sender_key_device_rows(&["a", "nobody"]).await.unwrap();
    store.delete_sender_key_device_rows(&[]).await.unwrap();
    assert_eq!((list("g1").await, list("g2").await), (owned(&[("b", true)]), owned(&[("c", true)])));
    store.clear_sender_key_devices("g1").await.unwrap();
    assert_eq!((list("g1").await, list("g2").await), (owned(&[]), owned(&[("c", true)])));
    store.clear_all_sender_key_devices().await.unwrap();
    assert_eq!(list("g2").await, owned(&[]));
}

pub(crate) async fn lid_mappings(store: Store<'_>) {
    let entry = |lid: &str, phone: &str, at: i64| LidPnMappingEntry {
        lid: lid.to_owned(),
        phone_number: phone.to_owned(),
        created_at: at,
        updated_at: at,
        learning_source: "usync".to_owned(),
    };
    let lid_of = async |phone: &str| store.get_pn_mapping(phone).await.unwrap().map(|found| found.lid);
    store.put_lid_mapping(&entry("L1", "P1", 1)).await.unwrap();
    store
        .put_lid_mappings(&[entry("L2", "P1", 2), entry("L3", "P3", 2), entry("L4", "P1", 2)])
        .await
        .unwrap();
    store.put_lid_mappings(&[]).await.unwrap();
    assert_eq!(lid_of("P1").await.as_deref(), Some("L4"), "confirmed last, then stored last");
    store.put_lid_mapping(&entry("L1", "P1", 9)).await.unwrap();
    assert_eq!(lid_of("P1").await.as_deref(), Some("L1"), "confirmed again");
    store.put_lid_mapping(&entry("L3", "P4", 10)).await.unwrap();
    assert_eq!(
        (lid_of("P3").await, lid_of("P4").await.as_deref()),
        (None, Some("L3")),
        "moved to another number"
    );
    let found = store.get_lid_mapping("L3").await.unwrap().unwrap();
    assert_eq!(
        (found.phone_number.as_str(), found.updated_at, found.learning_source.as_str()),
        ("P4", 10, "usync")
    );
    assert!(store.get_lid_mapping("L9").await.unwrap().is_none());
    let mut all: Vec<_> =
        store.get_all_lid_mappings().await.unwrap().into_iter().map(|found| found.lid).collect();
    all.sort();
    assert_eq!(all, ["L1", "L2", "L3", "L4"]);
}

pub(crate) async fn base_keys(store: Store<'_>) {
    store.save_base_key("a@lid", "m", b"k").await.unwrap();
    assert!(store.has_same_base_key("a@lid", "m", b"k").await.unwrap());
    assert!(!store.has_same_base_key("a@lid", "m", b"K").await.unwrap());
    assert!(!store.has_same_base_key("a@lid", "n", b"k").await.unwrap());
    store.delete_base_key("a@lid", "m").await.unwrap();
    assert!(!store.has_same_base_key("a@lid", "m", b"k").await.unwrap());
}

pub(crate) async fn device_lists(store: Store<'_>) {
    let list = |user: &str, phash: &str| DeviceListRecord {
        user: user.to_owned(),
        devices: vec![DeviceInfo::new(0, None), DeviceInfo::new(3, Some(1)).with_hosting(true)],
        timestamp: 5,
        phash: Some(phash.to_owned()),
        raw_id: Some(u32::MAX),
    };
    store.update_device_list(list("u1", "x")).await.unwrap();
    store.update_device_lists(vec![list("u1", "y"), list("u2", "z"), list("u1", "w")]).await.unwrap();
    let found = store.get_devices("u1").await.unwrap().unwrap();
    assert_eq!((found.phash.as_deref(), found.raw_id, found.timestamp), (Some("w"), Some(u32::MAX), 5));
    assert_eq!((found.devices.len(), found.devices[1].is_hosted), (2, true));
    store.delete_devices("u1").await.unwrap();
    assert!(store.get_devices("u1").await.unwrap().is_none());
    assert!(store.get_devices("u2").await.unwrap().is_some());
}

pub(crate) async fn groups(store: Store<'_>) {
    assert_eq!(store.get_group_metadata("g@g.us").await.unwrap(), None);
    store.put_group_metadata("g@g.us", b"1").await.unwrap();
    store.put_group_metadata("g@g.us", b"2").await.unwrap();
    assert_eq!(store.get_group_metadata("g@g.us").await.unwrap(), Some(b"2".to_vec()));
    store.delete_group_metadata("g@g.us").await.unwrap();
    assert_eq!(store.get_group_metadata("g@g.us").await.unwrap(), None);
}

pub(crate) async fn tc_tokens(store: Store<'_>) {
    let get = async |jid: &str| {
        let found = store.get_tc_token(jid).await.unwrap();
        found.map(|found| (found.token, found.token_timestamp, found.sender_timestamp))
    };
    store.touch_tc_token_sender_timestamp("a@lid", 50).await.unwrap();
    assert_eq!(get("a@lid").await, Some((vec![], 50, Some(50))), "a place-holder");
    store.store_received_tc_token("a@lid", b"t1", 10).await.unwrap();
    assert_eq!(get("a@lid").await, Some((b"t1".to_vec(), 10, Some(50))), "a place-holder never blocks");
    store.store_received_tc_token("a@lid", b"t0", 9).await.unwrap();
    store.touch_tc_token_sender_timestamp("a@lid", 40).await.unwrap();
    assert_eq!(get("a@lid").await, Some((b"t1".to_vec(), 10, Some(50))), "forward only");
    store.store_received_tc_token("a@lid", b"t2", 10).await.unwrap();
    store.touch_tc_token_sender_timestamp("a@lid", 60).await.unwrap();
    assert_eq!(get("a@lid").await, Some((b"t2".to_vec(), 10, Some(60))));

    store.store_received_tc_token("b@lid", b"b", 20).await.unwrap();
    assert_eq!(get("b@lid").await, Some((b"b".to_vec(), 20, None)));
    let entry = TcTokenEntry { token: b"c".to_vec(), token_timestamp: 1, sender_timestamp: None };
    store.put_tc_token("b@lid", &entry).await.unwrap();
    store.put_tc_token("c@lid", &entry).await.unwrap();
    store.touch_tc_token_sender_timestamp("d@lid", 15).await.unwrap();
    let mut jids = store.get_all_tc_token_jids().await.unwrap();
    jids.sort();
    assert_eq!(jids, ["a@lid", "b@lid", "c@lid", "d@lid"]);
    store.delete_tc_token("b@lid").await.unwrap();
    assert_eq!(store.delete_expired_tc_tokens(11, 61).await.unwrap(), 3);
    assert!(store.get_all_tc_token_jids().await.unwrap().is_empty());
    store.touch_tc_token_sender_timestamp("d@lid", 15).await.unwrap();
    assert_eq!(store.delete_expired_tc_tokens(100, 15).await.unwrap(), 0, "our side is live");
    assert_eq!(store.delete_expired_tc_tokens(0, 16).await.unwrap(), 1, "a place-holder is no token");
}

pub(crate) async fn sent_messages(store: Store<'_>) {
    store.store_sent_message("c", "m1", b"1").await.unwrap();
    store.store_sent_message("c", "m1", b"2").await.unwrap();
    store.store_sent_message("c", "m2", b"3").await.unwrap();
    assert_eq!(store.take_sent_message("c", "m1").await.unwrap(), Some(b"2".to_vec()));
    assert_eq!(store.take_sent_message("c", "m1").await.unwrap(), None, "taken once");
    assert_eq!(store.delete_expired_sent_messages(0).await.unwrap(), 0);
    assert_eq!(store.delete_expired_sent_messages(FAR).await.unwrap(), 1);
    assert_eq!(store.take_sent_message("c", "m2").await.unwrap(), None);
}

pub(crate) async fn pending_inbound(store: Store<'_>) {
    let row = |sender: &'static str, message: &'static [u8]| PendingInboundRow {
        chat: "c",
        sender,
        id: "i",
        message,
    };
    store.store_pending_inbound("c", "s1", "i", b"1").await.unwrap();
    store.store_pending_inbound_batch(&[row("s2", b"2"), row("s1", b"3"), row("s2", b"4")]).await.unwrap();
    store.store_pending_inbound_batch(&[]).await.unwrap();
    assert_eq!(store.get_pending_inbound("c", "s1", "i").await.unwrap(), Some(b"3".to_vec()));
    assert_eq!(
        store.get_pending_inbound("c", "s1", "i").await.unwrap(),
        Some(b"3".to_vec()),
        "reading keeps it"
    );
    store.delete_pending_inbound("c", "s1", "i").await.unwrap();
    assert_eq!(store.get_pending_inbound("c", "s1", "i").await.unwrap(), None);
    assert_eq!(store.get_pending_inbound("c", "s2", "i").await.unwrap(), Some(b"4".to_vec()));
    // ids are chosen by peers, so they may be anything
    store.store_pending_inbound("c", "s", "nul\0", b"5").await.unwrap();
    store.store_pending_inbound("c", "s", "nul\u{1}0", b"6").await.unwrap();
    assert_eq!(store.get_pending_inbound("c", "s", "nul\0").await.unwrap(), Some(b"5".to_vec()));

    let ids: Vec<String> = (0..1_200).map(|n| format!("batch {n}")).collect();
    let rows: Vec<_> = ids
        .iter()
        .map(|id| PendingInboundRow { chat: "c", sender: "s", id, message: id.as_bytes() })
        .collect();
    store.store_pending_inbound_batch(&rows).await.unwrap();
    let keys: Vec<_> =
        ids.iter().skip(1).map(|id| PendingInboundKey { chat: "c", sender: "s", id }).collect();
    store.delete_pending_inbound_batch(&keys).await.unwrap();
    store.delete_pending_inbound_batch(&[]).await.unwrap();
    assert_eq!(store.delete_expired_pending_inbound(0).await.unwrap(), 0);
    assert_eq!(store.delete_expired_pending_inbound(FAR).await.unwrap(), 4);
}

pub(crate) async fn msg_secrets(store: Store<'_>) {
    let entry = |id: &str, secret: u8, expires_at: i64, message_ts: i64| MsgSecretEntry {
        chat: "c@g.us".into(),
        sender: "s@lid".into(),
        msg_id: id.into(),
        secret: [secret; 32],
        expires_at,
        message_ts,
    };
    let get = async |id: &str| store.get_msg_secret_with_ts("c@g.us", "s@lid", id).await.unwrap();
    let first = vec![entry("a", 1, 100, 5), entry("b", 2, 100, 0), entry("a", 3, 50, 9), entry("c", 4, 0, 0)];
    assert_eq!(store.put_msg_secrets(first).await.unwrap(), 4);
    assert_eq!(store.put_msg_secrets(vec![]).await.unwrap(), 0);
    assert_eq!(get("a").await, Some((vec![3; 32], 9)));
    store
        .put_msg_secrets(vec![entry("a", 5, 60, 7), entry("b", 6, 0, 3), entry("c", 7, 10, 0)])
        .await
        .unwrap();
    assert_eq!(get("a").await, Some((vec![5; 32], 9)), "a known time is never clobbered");
    assert_eq!(get("b").await, Some((vec![6; 32], 3)));
    store.put_msg_secret("c@g.us", "s@lid", "d", &[8; 32]).await.unwrap();
    assert_eq!(store.get_msg_secret("c@g.us", "s@lid", "d").await.unwrap(), Some(vec![8; 32]));
    assert_eq!(store.get_msg_secret("c@g.us", "other", "d").await.unwrap(), None);
    assert_eq!(store.delete_expired_msg_secrets(99).await.unwrap(), 0, "a window never shrinks");
    assert_eq!(store.delete_expired_msg_secrets(100).await.unwrap(), 1, "at or before");
    assert_eq!((get("a").await, get("c").await.is_some()), (None, true), "never is never");
    assert_eq!(store.delete_expired_msg_secrets(FAR).await.unwrap(), 0);
}

pub(crate) async fn device(store: Store<'_>) {
    assert!(!store.exists().await.unwrap());
    assert!(store.load().await.unwrap().is_none());
    store.create().await.unwrap();
    assert!(store.exists().await.unwrap());
    let made = store.load().await.unwrap().unwrap();
    store.create().await.unwrap();
    let kept = store.load().await.unwrap().unwrap();
    assert_eq!(kept.registration_id, made.registration_id, "one that exists is kept");

    let mut device = Device::new();
    device.pn = Some("6281234567890:4@s.whatsapp.net".parse().unwrap());
    device.lid = Some("123456789:4@lid".parse().unwrap());
    device.push_name = "Shop\0🙂".to_owned();
    device.next_pre_key_id = 813;
    device.edge_routing_info = Some(vec![0, 255]);
    device.login_counter = 3;
    store.save(&device).await.unwrap();
    let found = store.load().await.unwrap().unwrap();
    assert_eq!(serde_json::to_value(&found).unwrap(), serde_json::to_value(&device).unwrap());
}
