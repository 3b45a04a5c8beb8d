//! The phone as a writer of app state: keys for companions, the push-name patch.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use rand::RngExt;
use rand::rngs::StdRng;
use wacore_appstate::hash::{HashState, generate_patch_mac};
use wacore_appstate::{
    AppStateError, ExpandedAppStateKeys, encode_record, expand_app_state_keys, process_patch,
};
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;
use waproto::whatsapp::syncd_mutation::SyncdOperation;

use super::super::Simulated;
use super::super::account::{Phone, SyncKey};
use super::super::outbound::Peer;
use crate::ports::{Companion, PortResult};

/// Collection, index and schema version of the push name.
pub(super) const PUSH_NAME_COLLECTION: &str = "critical_block";
const PUSH_NAME_INDEX: &str = "setting_pushName";
const PUSH_NAME_VERSION: i32 = 1;

/// Attempts against other writers of the same collection.
const PUSH_ATTEMPTS: u32 = 3;

/// A collection replayed from its patches.
pub(in super::super) struct Replay {
    state: HashState,
    /// Value MAC by index MAC.
    values: HashMap<Vec<u8>, Vec<u8>>,
    push_name: Option<String>,
}

impl Replay {
    fn empty() -> Self {
        Self { state: HashState::default(), values: HashMap::new(), push_name: None }
    }

    /// Applies a patch, checking its MACs.
    fn apply(
        &mut self,
        keys: &Arc<ExpandedAppStateKeys>,
        collection: &str,
        patch: &[u8],
    ) -> anyhow::Result<()> {
        let patch = waproto::codec::syncd_patch_decode(patch)?;
        let values = &self.values;
        let done = process_patch(
            &patch,
            &mut self.state,
            |_| Ok::<_, AppStateError>(keys.clone()),
            |index| Ok(values.get(index).cloned()),
            true,
            collection,
        )?;
        for mutation in &done.mutations {
            if let Some(name) = mutation
                .action_value
                .as_ref()
                .and_then(|value| value.push_name_setting.as_option()?.name.clone())
            {
                self.push_name = Some(name);
            }
        }
        for added in done.added_macs {
            self.values.insert(added.index_mac, added.value_mac);
        }
        for removed in done.removed_index_macs {
            self.values.remove(&removed);
        }
        Ok(())
    }
}

/// The patch that sets the push name on top of a replayed collection.
fn push_name_patch(
    key: &SyncKey,
    keys: &ExpandedAppStateKeys,
    replay: &Replay,
    name: &str,
    now: i64,
) -> wa::SyncdPatch {
    let mut rng: StdRng = rand::make_rng();
    let value = wa::SyncActionValue {
        timestamp: Some(now * 1000),
        push_name_setting: buffa::MessageField::some(wa::sync_action_value::PushNameSetting {
            name: Some(name.to_owned()),
        }),
        ..Default::default()
    };
    let index = serde_json::json!([PUSH_NAME_INDEX]).to_string();
    let (mutation, _) = encode_record(
        SyncdOperation::SET,
        index.as_bytes(),
        &value,
        keys,
        &key.id,
        &rng.random(),
        PUSH_NAME_VERSION,
    );
    let version = replay.state.version + 1;
    let mut patch = wa::SyncdPatch {
        version: buffa::MessageField::some(wa::SyncdVersion { version: Some(version) }),
        key_id: buffa::MessageField::some(wa::KeyId { id: Some(key.id.to_vec()) }),
        device_index: Some(0),
        mutations: vec![mutation],
        ..Default::default()
    };
    let mut after = replay.state.clone();
    after.version = version;
    // the closure cannot fail, so neither can the update
    let (_, _updated) = after.update_hash(&patch.mutations, |index, _| Ok(replay.values.get(index).cloned()));
    patch.snapshot_mac = Some(after.generate_snapshot_mac(PUSH_NAME_COLLECTION, &keys.snapshot_mac));
    patch.patch_mac = Some(generate_patch_mac(&patch, PUSH_NAME_COLLECTION, &keys.patch_mac, version));
    patch
}

impl Simulated {
    /// Makes sure that `critical_block` names the phone's user, by the present name when `renamed`.
    pub(in super::super) async fn publish_push_name(&self, phone: &Phone, renamed: bool) -> PortResult<()> {
        let network = self.network()?;
        let keys = Arc::new(expand_app_state_keys(&phone.keys.sync.data));
        for attempt in 1.. {
            let (_, patches) = network.app_state(phone.pn(), PUSH_NAME_COLLECTION, 0).await?;
            let mut replay = Replay::empty();
            for patch in &patches {
                replay.apply(&keys, PUSH_NAME_COLLECTION, patch)?;
            }
            if replay.push_name.as_ref().is_some_and(|known| !renamed || *known == phone.push_name()) {
                break;
            }
            let patch = push_name_patch(&phone.keys.sync, &keys, &replay, &phone.push_name(), self.now());
            let patch = Bytes::from(waproto::codec::syncd_patch_to_vec(&patch));
            let base = replay.state.version;
            match network.push_app_state(phone.pn(), PUSH_NAME_COLLECTION, base, patch).await {
                Ok(_) => break,
                Err(error) if attempt >= PUSH_ATTEMPTS => return Err(error),
                Err(error) => tracing::debug!(pn = phone.pn(), %error, "app-state push lost a race"),
            }
        }
        Ok(())
    }

    /// Answers a companion's request for app-state keys; unknown ones go without data.
    pub(in super::super) async fn share_keys(
        &self,
        phone: &Phone,
        device: u16,
        wanted: &[Vec<u8>],
    ) -> PortResult<()> {
        let companions = self.network()?.companions(phone.pn()).await?;
        let message = key_share(phone, &companions, wanted);
        self.send_peer(phone, Peer { device, bundle: None, message }).await
    }
}

/// `APP_STATE_SYNC_KEY_SHARE` of the phone's key, for the ids asked for.
pub(super) fn key_share(phone: &Phone, companions: &[Companion], wanted: &[Vec<u8>]) -> wa::Message {
    use wa::message::{
        AppStateSyncKey, AppStateSyncKeyData, AppStateSyncKeyFingerprint, AppStateSyncKeyId,
        AppStateSyncKeyShare,
    };
    let sync = &phone.keys.sync;
    let keys = wanted
        .iter()
        .map(|id| AppStateSyncKey {
            key_id: buffa::MessageField::some(AppStateSyncKeyId { key_id: Some(id.clone()) }),
            key_data: if *id == sync.id {
                buffa::MessageField::some(AppStateSyncKeyData {
                    key_data: Some(sync.data.to_vec()),
                    fingerprint: buffa::MessageField::some(AppStateSyncKeyFingerprint {
                        raw_id: Some(phone.info.adv_raw_id),
                        current_index: companions.iter().map(|companion| companion.key_index).max(),
                        // the phone itself has index 0
                        device_indexes: std::iter::once(0)
                            .chain(companions.iter().map(|companion| companion.key_index))
                            .collect(),
                    }),
                    timestamp: Some(sync.made * 1000),
                })
            } else {
                buffa::MessageField::none()
            },
        })
        .collect();
    protocol_message(wa::message::ProtocolMessage {
        r#type: Some(ProtocolType::APP_STATE_SYNC_KEY_SHARE),
        app_state_sync_key_share: buffa::MessageField::some(AppStateSyncKeyShare { keys }),
        ..Default::default()
    })
}

/// A message that carries nothing but protocol traffic.
pub(super) fn protocol_message(protocol: wa::message::ProtocolMessage) -> wa::Message {
    wa::Message { protocol_message: buffa::MessageField::some(protocol), ..Default::default() }
}
