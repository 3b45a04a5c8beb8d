//! Snapshots: a collection as one object, for companions that start from nothing.

use buffa::{Message as _, MessageField};
use bytes::Bytes;
use wacore::download::MediaType;
use wacore::upload::encrypt_media;
use wacore_appstate::hash::HashState;
use waproto::whatsapp as wa;

use super::super::Simulated;
use super::super::account::Phone;
use super::keys::SyncKeys;
use super::open::Record;
use crate::ports::{PortError, PortResult};

/// Versions after which a collection gets a new snapshot.
const EVERY: u64 = 200;

impl Simulated {
    /// Makes a snapshot of a collection now; answers its version.
    ///
    /// # Errors
    /// `NotFound` when there is no such phone, `Refused` when the phone does not hold what other
    /// devices hold, or when the collection is empty.
    pub async fn snapshot_app_state(&self, pn: &str, collection: &str) -> PortResult<u64> {
        let phone = self.phone(pn).await?;
        self.sync_collection(&phone, collection).await?;
        self.make_snapshot(&phone, collection).await
    }

    /// Makes a snapshot when the last one is far behind.
    pub(super) async fn snapshot_when_due(&self, phone: &Phone, collection: &str) -> PortResult<()> {
        let position = self.store.position(phone.pn(), collection).await?;
        let due = position.state.version >= position.snapshot + EVERY;
        if due && !position.state.mac_mismatch_fatal {
            self.make_snapshot(phone, collection).await?;
        }
        Ok(())
    }

    async fn make_snapshot(&self, phone: &Phone, collection: &str) -> PortResult<u64> {
        let (state, records) = self.store.whole(phone.pn(), collection).await?;
        if state.mac_mismatch_fatal || state.version == 0 {
            return Err(PortError::Refused(format!("{collection} is empty or damaged")));
        }
        let keys = self.store.sync_keys(phone).await?;
        let plain = snapshot(&keys, collection, &state, records)?.encode_to_vec();
        let mut sealed = encrypt_media(&plain, MediaType::AppState)?;
        let body = Bytes::from(std::mem::take(&mut sealed.data_to_upload));
        let network = self.network()?;
        let (_, direct_path) = network.upload_media(MediaType::AppState.mms_type(), body).await?;
        let reference = wa::ExternalBlobReference {
            media_key: Some(sealed.media_key.to_vec()),
            direct_path: Some(direct_path),
            file_size_bytes: Some(plain.len() as u64),
            file_sha256: Some(sealed.file_sha256.to_vec()),
            file_enc_sha256: Some(sealed.file_enc_sha256.to_vec()),
            ..Default::default()
        };
        let reference = reference.encode_to_vec().into();
        network.save_snapshot(phone.pn(), collection, state.version, reference).await?;
        self.store.snapshot_made(phone.pn(), collection, state.version).await?;
        Ok(state.version)
    }
}

/// A collection with the MAC over all of it, made with the key in use.
fn snapshot(
    keys: &SyncKeys,
    collection: &str,
    state: &HashState,
    records: Vec<Record>,
) -> anyhow::Result<wa::SyncdSnapshot> {
    let key = keys.current().ok_or_else(|| anyhow::anyhow!("the phone has no sync key"))?;
    let mac = state.generate_snapshot_mac(collection, &keys.expanded(&key.id)?.snapshot_mac);
    let records = records.into_iter().map(|record| wa::SyncdRecord {
        index: MessageField::some(wa::SyncdIndex { blob: Some(record.index_mac) }),
        value: MessageField::some(wa::SyncdValue { blob: Some(record.value) }),
        key_id: MessageField::some(wa::KeyId { id: Some(record.key_id) }),
    });
    Ok(wa::SyncdSnapshot {
        version: MessageField::some(wa::SyncdVersion { version: Some(state.version) }),
        records: records.collect(),
        mac: Some(mac),
        key_id: MessageField::some(wa::KeyId { id: Some(key.id.to_vec()) }),
    })
}
