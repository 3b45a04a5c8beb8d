//! App state: sync keys, versions of collections, MACs of mutations.

use std::collections::HashMap;

use async_trait::async_trait;
use wacore::{
    appstate::{hash::HashState, processor::AppStateMutationMAC},
    store::{
        error::Result,
        traits::{AppStateSyncKey, AppSyncStore},
    },
};
use wagate_infra::sql::wa::SyncKey;

use super::{SqlBackend, failed, from_record, to_record};

#[async_trait]
impl AppSyncStore for SqlBackend {
    async fn get_sync_key(&self, key_id: &[u8]) -> Result<Option<AppStateSyncKey>> {
        let key = self.store.sync_key(key_id).await.map_err(failed)?;
        Ok(key.map(|key| AppStateSyncKey {
            key_data: key.data,
            fingerprint: key.fingerprint,
            timestamp: key.timestamp,
        }))
    }

    async fn set_sync_key(&self, key_id: &[u8], key: AppStateSyncKey) -> Result<()> {
        let key = SyncKey { data: key.key_data, fingerprint: key.fingerprint, timestamp: key.timestamp };
        self.store.put_sync_key(key_id, &key).await.map_err(failed)
    }

    async fn get_version(&self, name: &str) -> Result<HashState> {
        match self.store.sync_version(name).await.map_err(failed)? {
            Some(record) => from_record(&record),
            None => Ok(HashState::default()),
        }
    }

    async fn set_version(&self, name: &str, state: HashState) -> Result<()> {
        self.store.put_sync_version(name, &to_record(&state)?).await.map_err(failed)
    }

    async fn put_mutation_macs(
        &self,
        name: &str,
        version: u64,
        mutations: &[AppStateMutationMAC],
    ) -> Result<()> {
        let macs = mutations.iter().map(|mac| (mac.index_mac.as_slice(), mac.value_mac.as_slice()));
        self.store.put_mutation_macs(name, version, macs).await.map_err(failed)
    }

    async fn get_mutation_mac(&self, name: &str, index_mac: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.store.mutation_macs(name, [index_mac]).await.map_err(failed)?.remove(index_mac))
    }

    async fn get_mutation_macs(
        &self,
        name: &str,
        index_macs: &[[u8; 32]],
    ) -> Result<HashMap<[u8; 32], Vec<u8>>> {
        let indexes = index_macs.iter().map(<[u8; 32]>::as_slice);
        let found = self.store.mutation_macs(name, indexes).await.map_err(failed)?;
        let sized = |(index, value): (Vec<u8>, Vec<u8>)| Some((index.try_into().ok()?, value));
        Ok(found.into_iter().filter_map(sized).collect())
    }

    async fn delete_mutation_macs(&self, name: &str, index_macs: &[Vec<u8>]) -> Result<()> {
        self.store.delete_mutation_macs(name, index_macs.iter().map(Vec::as_slice)).await.map_err(failed)
    }

    async fn clear_mutation_macs(&self, name: &str) -> Result<()> {
        self.store.clear_mutation_macs(name).await.map_err(failed)
    }

    async fn get_latest_sync_key_id(&self) -> Result<Option<Vec<u8>>> {
        self.store.latest_sync_key().await.map_err(failed)
    }
}
