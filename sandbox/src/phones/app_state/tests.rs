//! Patches that the phone makes hold, and each way of damaging one is found.

use wacore_appstate::hash::HashState;
use wacore_appstate::schemas;
use waproto::whatsapp as wa;
use waproto::whatsapp::sync_action_value as action;

use super::super::account::SyncKey;
use super::keys::SyncKeys;
use super::open::{Fault, Macs, Opened, Record, open, value_mac};
use super::patch::{Write, build};

const REGULAR_LOW: &str = "regular_low";

fn keys(count: u8) -> SyncKeys {
    let key = |n: u8| SyncKey { id: [0, 0, 0, 0, 0, n], data: [n; 32], made: 1 };
    SyncKeys::new(key(1), (2..=count).map(key).collect())
}

fn archive(chat: &str, archived: bool) -> Write {
    let archive = action::ArchiveChatAction { archived: Some(archived), ..Default::default() };
    Write {
        schema: &schemas::ARCHIVE,
        index: vec![format!("{chat}@s.whatsapp.net")],
        value: Some(wa::SyncActionValue { archive_chat_action: archive.into(), ..Default::default() }),
    }
}

/// A collection as it grows.
#[derive(Default)]
struct Grown {
    state: HashState,
    records: Vec<Record>,
}

impl Grown {
    fn previous(&self) -> Macs {
        let mac = |record: &Record| {
            (record.index_mac.clone(), value_mac(&record.value).expect("a MAC at the end").to_vec())
        };
        self.records.iter().map(mac).collect()
    }

    fn patch(&self, keys: &SyncKeys, writes: &[Write]) -> wa::SyncdPatch {
        build(keys, REGULAR_LOW, &self.state, writes, &self.records).expect("builds").expect("changes")
    }

    fn open(&self, keys: &SyncKeys, patch: &wa::SyncdPatch) -> Result<Opened, Fault> {
        open(patch, REGULAR_LOW, &self.state, keys, &self.previous())
    }

    fn take(&mut self, keys: &SyncKeys, patch: &wa::SyncdPatch) {
        let opened = self.open(keys, patch).expect("holds");
        assert_eq!(opened.flaws, [""; 0]);
        self.state = opened.state;
        let set = |mac: &Vec<u8>| opened.records.iter().any(|record| record.index_mac == *mac);
        self.records.retain(|record| !opened.removed.contains(&record.index_mac) && !set(&record.index_mac));
        self.records.extend(opened.records);
    }

    fn archived(&self) -> Vec<(String, bool)> {
        let flag = |record: &Record| record.action.archive_chat_action.archived == Some(true);
        self.records.iter().map(|record| (record.index[1].clone(), flag(record))).collect()
    }
}

#[test]
fn patches_follow_each_other_and_overwrite() {
    let (keys, mut grown) = (keys(1), Grown::default());
    for (version, writes) in
        [(1, vec![archive("1", true), archive("2", true)]), (2, vec![archive("1", false)])]
    {
        let patch = grown.patch(&keys, &writes);
        grown.take(&keys, &patch);
        assert_eq!(grown.state.version, version);
    }
    let mut archived = grown.archived();
    archived.sort();
    let expected = [("1@s.whatsapp.net".to_owned(), false), ("2@s.whatsapp.net".to_owned(), true)];
    assert_eq!(archived, expected);
}

#[test]
fn removing_leaves_the_hash_of_what_is_left() {
    let (keys, mut grown) = (keys(1), Grown::default());
    let both = grown.patch(&keys, &[archive("1", true), archive("2", true)]);
    grown.take(&keys, &both);
    let remove = Write { value: None, ..archive("1", true) };
    let removal = grown.patch(&keys, std::slice::from_ref(&remove));
    grown.take(&keys, &removal);
    assert_eq!(grown.archived(), [("2@s.whatsapp.net".to_owned(), true)]);

    let mut rest = HashState::default();
    let value = wa::SyncdValue { blob: Some(grown.records[0].value.clone()) };
    rest.update_hash_from_records(&[wa::SyncdRecord { value: value.into(), ..Default::default() }]);
    assert_eq!(grown.state.hash, rest.hash);

    let nothing = build(&keys, REGULAR_LOW, &grown.state, &[remove], &[]).expect("builds");
    assert!(nothing.is_none(), "there is nothing left to remove");
}

#[test]
fn a_new_key_replaces_what_stood_under_the_old_one() {
    let (old, new, mut grown) = (keys(1), keys(2), Grown::default());
    let first = grown.patch(&old, &[archive("1", true)]);
    grown.take(&old, &first);
    let second = grown.patch(&new, &[archive("1", false)]);
    assert_eq!(second.mutations.len(), 2, "a removal and a record");
    assert!(matches!(grown.open(&old, &second), Err(Fault::Damaged(_))), "the old keys cannot open it");
    grown.take(&new, &second);
    assert_eq!(grown.archived(), [("1@s.whatsapp.net".to_owned(), false)]);
    assert_eq!(grown.records[0].key_id, [0, 0, 0, 0, 0, 2]);
}

/// Flips a bit of what is there.
fn spoil(bytes: Option<&mut Vec<u8>>, at: usize) {
    bytes.expect("bytes")[at] ^= 1;
}

#[test]
fn every_damage_is_found() {
    type Damage = fn(&mut wa::SyncdPatch);
    let table: [(&str, Damage); 10] = [
        ("patch MAC", |patch| spoil(patch.patch_mac.as_mut(), 3)),
        ("no patch MAC", |patch| patch.patch_mac = None),
        ("no snapshot MAC", |patch| patch.snapshot_mac = None),
        ("snapshot MAC under a patch MAC", |patch| spoil(patch.snapshot_mac.as_mut(), 3)),
        ("no key id", |patch| patch.key_id = Default::default()),
        ("unknown key", |patch| spoil(patch.key_id.get_or_insert_default().id.as_mut(), 5)),
        ("version", |patch| patch.version.get_or_insert_default().version = Some(9)),
        ("value", |patch| spoil(record(patch).value.get_or_insert_default().blob.as_mut(), 20)),
        ("value MAC", |patch| {
            let blob = record(patch).value.get_or_insert_default().blob.as_mut().expect("blob");
            *blob.last_mut().expect("bytes") ^= 1;
        }),
        ("index MAC", |patch| spoil(record(patch).index.get_or_insert_default().blob.as_mut(), 0)),
    ];
    let (keys, mut grown) = (keys(1), Grown::default());
    let first = grown.patch(&keys, &[archive("1", true)]);
    grown.take(&keys, &first);
    for (what, damage) in table {
        let mut patch = grown.patch(&keys, &[archive("2", true)]);
        damage(&mut patch);
        assert!(grown.open(&keys, &patch).is_err(), "{what}");
    }
}

fn record(patch: &mut wa::SyncdPatch) -> &mut wa::SyncdRecord {
    patch.mutations[0].record.get_or_insert_default()
}

#[test]
fn a_patch_on_another_state_is_flawed_once() {
    let (keys, mut grown, mut other) = (keys(1), Grown::default(), Grown::default());
    for grown in [&mut grown, &mut other] {
        let patch = grown.patch(&keys, &[archive("1", true)]);
        grown.take(&keys, &patch);
    }
    // the same version, other ciphertexts: authentic, but not of this collection
    let foreign = other.patch(&keys, &[archive("2", true)]);
    let opened = grown.open(&keys, &foreign).expect("authentic");
    assert_eq!(opened.flaws.len(), 1, "{:?}", opened.flaws);
    assert!(opened.state.mac_mismatch_fatal);
    assert_eq!(opened.records.len(), 1);
}

#[test]
fn a_known_action_in_the_wrong_collection_is_flawed() {
    let (keys, grown) = (keys(1), Grown::default());
    let writes = [archive("1", true)];
    let patch = build(&keys, "regular", &grown.state, &writes, &[]).expect("builds").expect("changes");
    let opened = open(&patch, "regular", &grown.state, &keys, &Macs::new()).expect("holds");
    assert_eq!(opened.flaws, ["archive belongs in regular_low"]);
}
