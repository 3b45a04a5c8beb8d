//! Making a patch on top of what the phone knows.

use rand::RngExt;
use rand::rngs::StdRng;
use wacore_appstate::encode_record;
use wacore_appstate::hash::{HashState, generate_patch_mac};
use wacore_appstate::schemas::Schema;
use waproto::whatsapp as wa;
use waproto::whatsapp::syncd_mutation::SyncdOperation;

use super::keys::SyncKeys;
use super::open::{Macs, Record, value_mac};

/// One thing that a patch sets or removes.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) schema: &'static Schema,
    /// The index behind the action's name.
    pub(super) index: Vec<String>,
    /// `None` removes the record.
    pub(super) value: Option<wa::SyncActionValue>,
}

impl Write {
    /// The whole index.
    pub(super) fn full_index(&self) -> Vec<String> {
        std::iter::once(self.schema.name.to_owned()).chain(self.index.iter().cloned()).collect()
    }
}

/// Makes the patch that follows `state`; `None` when nothing changes. `known` holds the records that the indexes of `writes`
/// have now; those under an older key are removed, since a new key gives an index a new MAC.
pub(super) fn build(
    keys: &SyncKeys,
    collection: &str,
    state: &HashState,
    writes: &[Write],
    known: &[Record],
) -> anyhow::Result<Option<wa::SyncdPatch>> {
    let key = keys.current().ok_or_else(|| anyhow::anyhow!("the phone has no sync key"))?;
    let own = keys.expanded(&key.id)?;
    let mut mutations = Vec::new();
    for write in writes {
        let index = write.full_index();
        let schema = i32::try_from(write.schema.version)?;
        let stands = known.iter().filter(|record| record.index == index);
        for old in stands.filter(|record| write.value.is_none() || record.key_id != key.id) {
            mutations.push(mutation(
                SyncdOperation::REMOVE,
                &index,
                &old.action,
                (keys, &old.key_id),
                schema,
            )?);
        }
        if let Some(value) = &write.value {
            mutations.push(mutation(SyncdOperation::SET, &index, value, (keys, &key.id), schema)?);
        }
    }
    if mutations.is_empty() {
        return Ok(None);
    }
    let version = state.version + 1;
    let previous: Macs = known
        .iter()
        .filter_map(|record| Some((record.index_mac.clone(), value_mac(&record.value)?.to_vec())))
        .collect();
    let mut after = HashState { version, ..state.clone() };
    let (_, updated) = after.update_hash(&mutations, |index, _| Ok(previous.get(index).cloned()));
    updated?;
    let mut patch = wa::SyncdPatch {
        version: buffa::MessageField::some(wa::SyncdVersion { version: Some(version) }),
        key_id: buffa::MessageField::some(wa::KeyId { id: Some(key.id.to_vec()) }),
        device_index: Some(0),
        snapshot_mac: Some(after.generate_snapshot_mac(collection, &own.snapshot_mac)),
        mutations,
        ..Default::default()
    };
    patch.patch_mac = Some(generate_patch_mac(&patch, collection, &own.patch_mac, version));
    Ok(Some(patch))
}

fn mutation(
    operation: SyncdOperation,
    index: &[String],
    value: &wa::SyncActionValue,
    (keys, key_id): (&SyncKeys, &[u8]),
    schema: i32,
) -> anyhow::Result<wa::SyncdMutation> {
    let mut rng: StdRng = rand::make_rng();
    let (index, expanded) = (serde_json::to_vec(index)?, keys.expanded(key_id)?);
    Ok(encode_record(operation, &index, value, &expanded, key_id, &rng.random(), schema).0)
}
