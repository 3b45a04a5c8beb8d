//! Sync keys: the phone makes them, shares them with its companions and replaces them.

use std::collections::HashMap;
use std::sync::Arc;

use buffa::MessageField;
use sqlx::Row;
use wacore_appstate::{AppStateError, ExpandedAppStateKeys, expand_app_state_keys};
use waproto::whatsapp as wa;
use waproto::whatsapp::message::protocol_message::Type as ProtocolType;

use super::super::account::{Phone, SyncKey};
use super::super::outbound::{Peer, protocol_message};
use super::super::store::Store;
use super::super::{Simulated, address::DeviceAddress};
use crate::ports::{Companion, PortResult};

/// All keys of a phone, the oldest first.
pub(in super::super) struct SyncKeys {
    keys: Vec<SyncKey>,
    expanded: HashMap<Vec<u8>, Arc<ExpandedAppStateKeys>>,
}

impl SyncKeys {
    /// The first key and those made after it, in order.
    pub(super) fn new(first: SyncKey, later: Vec<SyncKey>) -> Self {
        let keys: Vec<_> = std::iter::once(first).chain(later).collect();
        let expand = |key: &SyncKey| (key.id.to_vec(), Arc::new(expand_app_state_keys(&key.data)));
        Self { expanded: keys.iter().map(expand).collect(), keys }
    }

    /// Ids, the oldest first. Clients write with the key that was shared last, so a share keeps
    /// this order.
    pub(in super::super) fn ids(&self) -> Vec<Vec<u8>> {
        self.keys.iter().map(|key| key.id.to_vec()).collect()
    }

    /// The key that patches are made with.
    pub(super) fn current(&self) -> Option<&SyncKey> {
        self.keys.last()
    }

    pub(super) fn expanded(&self, id: &[u8]) -> Result<Arc<ExpandedAppStateKeys>, AppStateError> {
        self.expanded.get(id).cloned().ok_or(AppStateError::KeyNotFound)
    }

    fn find(&self, id: &[u8]) -> Option<&SyncKey> {
        self.keys.iter().find(|key| key.id == *id)
    }
}

/// The id after this one: two bytes of device (the phone is 0), four of epoch.
fn next_id(id: [u8; 6]) -> [u8; 6] {
    let [d0, d1, epoch @ ..] = id;
    let [e0, e1, e2, e3] = u32::from_be_bytes(epoch).wrapping_add(1).to_be_bytes();
    [d0, d1, e0, e1, e2, e3]
}

impl Store {
    /// The phone's keys.
    pub(in super::super) async fn sync_keys(&self, phone: &Phone) -> anyhow::Result<SyncKeys> {
        let rows = sqlx::query("SELECT id, data, made FROM app_state_keys WHERE pn = ? ORDER BY id")
            .bind(phone.pn())
            .fetch_all(&self.read)
            .await?;
        let later = rows.iter().map(|row| {
            let (id, data): (&[u8], &[u8]) = (row.try_get("id")?, row.try_get("data")?);
            Ok(SyncKey { id: id.try_into()?, data: data.try_into()?, made: row.try_get("made")? })
        });
        Ok(SyncKeys::new(phone.keys.sync.clone(), later.collect::<anyhow::Result<_>>()?))
    }

    /// Makes a key after all others; `now` in unix seconds.
    async fn add_sync_key(&self, phone: &Phone, now: i64) -> anyhow::Result<SyncKey> {
        let mut tx = self.begin().await?;
        let newest = sqlx::query("SELECT max(id) AS id FROM app_state_keys WHERE pn = ?")
            .bind(phone.pn())
            .fetch_one(&mut *tx)
            .await?;
        let newest: Option<&[u8]> = newest.try_get("id")?;
        let newest = newest.map_or(Ok(phone.keys.sync.id), <[u8; 6]>::try_from)?;
        let key = SyncKey { id: next_id(newest), data: rand::random(), made: now };
        sqlx::query("INSERT INTO app_state_keys (pn, id, data, made) VALUES (?, ?, ?, ?)")
            .bind(phone.pn())
            .bind(&key.id[..])
            .bind(&key.data[..])
            .bind(key.made)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(key)
    }
}

impl Simulated {
    /// Makes a new key and shares it with every companion; the phone's next patches use it. A
    /// companion that is not introduced yet gets it with the others.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn rotate_app_state_key(&self, pn: &str) -> PortResult<Vec<u8>> {
        let phone = self.phone(pn).await?;
        let key = self.store.add_sync_key(&phone, self.now()).await?;
        for companion in self.network()?.companions(phone.pn()).await? {
            let device = DeviceAddress::new(phone.pn(), companion.device);
            if self.store.has_session(&phone, &device).await? {
                self.share_keys(&phone, companion.device, &[key.id.to_vec()]).await?;
            }
        }
        Ok(key.id.to_vec())
    }

    /// Ids of the phone's keys, the oldest first; the last is in use.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone.
    pub async fn app_state_keys(&self, pn: &str) -> PortResult<Vec<Vec<u8>>> {
        let phone = self.phone(pn).await?;
        Ok(self.store.sync_keys(&phone).await?.ids())
    }

    /// Sends a companion the keys it wants; unknown ones go without data.
    pub(in super::super) async fn share_keys(
        &self,
        phone: &Phone,
        device: u16,
        wanted: &[Vec<u8>],
    ) -> PortResult<()> {
        let companions = self.network()?.companions(phone.pn()).await?;
        let keys = self.store.sync_keys(phone).await?;
        let message = key_share(phone, &keys, &companions, wanted);
        self.send_peer(phone, Peer { device, bundle: None, message }).await
    }
}

/// `APP_STATE_SYNC_KEY_SHARE` of the wanted keys.
pub(in super::super) fn key_share(
    phone: &Phone,
    keys: &SyncKeys,
    companions: &[Companion],
    wanted: &[Vec<u8>],
) -> wa::Message {
    use wa::message::{AppStateSyncKey, AppStateSyncKeyData, AppStateSyncKeyFingerprint, AppStateSyncKeyId};
    let fingerprint = AppStateSyncKeyFingerprint {
        raw_id: Some(phone.info.adv_raw_id),
        current_index: companions.iter().map(|companion| companion.key_index).max(),
        // the phone itself has index 0
        device_indexes: std::iter::once(0)
            .chain(companions.iter().map(|companion| companion.key_index))
            .collect(),
    };
    let data = |key: &SyncKey| AppStateSyncKeyData {
        key_data: Some(key.data.to_vec()),
        fingerprint: MessageField::some(fingerprint.clone()),
        timestamp: Some(key.made * 1000),
    };
    let share = |id: &Vec<u8>| AppStateSyncKey {
        key_id: MessageField::some(AppStateSyncKeyId { key_id: Some(id.clone()) }),
        key_data: keys.find(id).map(data).into(),
    };
    protocol_message(wa::message::ProtocolMessage {
        r#type: Some(ProtocolType::APP_STATE_SYNC_KEY_SHARE),
        app_state_sync_key_share: MessageField::some(wa::message::AppStateSyncKeyShare {
            keys: wanted.iter().map(share).collect(),
        }),
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_count_up_over_the_byte_border() {
        assert_eq!(next_id([0, 0, 0, 0, 0, 1]), [0, 0, 0, 0, 0, 2]);
        assert_eq!(next_id([0, 0, 0, 1, 0xff, 0xff]), [0, 0, 0, 2, 0, 0]);
    }
}
