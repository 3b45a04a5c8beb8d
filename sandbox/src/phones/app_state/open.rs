//! Opening a patch: every MAC is checked before anything of it counts.

use std::collections::HashMap;

use wacore_appstate::hash::HashState;
use wacore_appstate::processor::PatchProcessingResult;
use wacore_appstate::schemas;
use wacore_appstate::{AppStateError, Mutation, process_patch};
use waproto::whatsapp as wa;
use waproto::whatsapp::syncd_mutation::SyncdOperation;

use super::keys::SyncKeys;

/// Bytes of the MAC at the end of a value.
const MAC: usize = 32;

/// Value MAC by index MAC.
pub(super) type Macs = HashMap<Vec<u8>, Vec<u8>>;

/// A record as it came, opened.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) index_mac: Vec<u8>,
    /// IV, ciphertext and value MAC.
    pub(super) value: Vec<u8>,
    pub(super) key_id: Vec<u8>,
    /// Version of the patch that set it.
    pub(super) version: u64,
    pub(super) index: Vec<String>,
    pub(super) action: wa::SyncActionValue,
}

/// A patch that holds.
pub(super) struct Opened {
    /// Where the collection stands with it.
    pub(super) state: HashState,
    /// Set by it.
    pub(super) records: Vec<Record>,
    /// Index MACs of the records that it removes.
    pub(super) removed: Vec<Vec<u8>>,
    /// Weaknesses that do not keep it from counting.
    pub(super) flaws: Vec<String>,
}

/// Why a patch does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("it carries no {0}")]
    Unsigned(&'static str),
    /// A MAC, the version, a key or the content is wrong.
    #[error("{0}")]
    Damaged(String),
}

/// Checks and opens a patch on top of `state`. `previous` holds the value MACs of the records that
/// it touches.
pub(super) fn open(
    patch: &wa::SyncdPatch,
    collection: &str,
    state: &HashState,
    keys: &SyncKeys,
    previous: &Macs,
) -> Result<Opened, Fault> {
    // the library lets patches through that carry none of these
    for (what, missing) in [
        ("key id", patch.key_id.as_option().is_none_or(|id| id.id.is_none())),
        ("patch MAC", patch.patch_mac.is_none()),
        ("snapshot MAC", patch.snapshot_mac.is_none()),
    ] {
        if missing {
            return Err(Fault::Unsigned(what));
        }
    }
    let mut state = state.clone();
    let diverged = state.mac_mismatch_fatal;
    let done = process_patch(
        patch,
        &mut state,
        |id| keys.expanded(id),
        |index| Ok(previous.get(index).cloned()),
        true,
        collection,
    )
    .map_err(|error: AppStateError| Fault::Damaged(error.to_string()))?;
    let mut flaws = Vec::new();
    if state.mac_mismatch_fatal && !diverged {
        flaws.push("the snapshot MAC is not that of the collection".to_owned());
    }
    flaws.extend(done.mutations.iter().filter_map(|mutation| misplaced(mutation, collection)));
    Ok(Opened { records: records(patch, &done), removed: done.removed_index_macs, state, flaws })
}

/// What a patch sets, in order. The library opens mutations one for one.
fn records(patch: &wa::SyncdPatch, done: &PatchProcessingResult) -> Vec<Record> {
    let raw = patch.mutations.iter().filter_map(|mutation| mutation.record.as_option());
    raw.zip(&done.mutations)
        .filter(|(_, mutation)| mutation.operation == SyncdOperation::SET)
        .filter_map(|(raw, mutation)| {
            Some(Record {
                index_mac: raw.index.as_option()?.blob.clone()?,
                value: raw.value.as_option()?.blob.clone()?,
                key_id: raw.key_id.as_option()?.id.clone()?,
                version: done.state.version,
                index: mutation.index.clone(),
                action: mutation.action_value.clone().unwrap_or_default(),
            })
        })
        .collect()
}

/// A known action in a collection where no client looks for it.
fn misplaced(mutation: &Mutation, collection: &str) -> Option<String> {
    let name = mutation.index.first()?;
    let schema = schemas::ALL.iter().find(|schema| schema.name == name)?;
    let right = schema.collection.as_str();
    (right != collection).then(|| format!("{name} belongs in {right}"))
}

/// The MAC at the end of a value.
pub(super) fn value_mac(value: &[u8]) -> Option<&[u8]> {
    value.last_chunk::<MAC>().map(|mac| &mac[..])
}
