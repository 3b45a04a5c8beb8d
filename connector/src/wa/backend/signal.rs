//! Signal: identities, sessions, pre-keys and sender keys.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use wacore::store::{error::Result, traits::SignalStore};

use super::{SqlBackend, failed, patiently, unreadable};

#[async_trait]
impl SignalStore for SqlBackend {
    async fn put_identity(&self, address: &str, key: [u8; 32]) -> Result<()> {
        self.store.put_identities([(address, key.as_slice())]).await.map_err(failed)
    }

    async fn put_identities_batch(&self, identities: &[(Arc<str>, [u8; 32])]) -> Result<()> {
        let keys = identities.iter().map(|(address, key)| (&**address, key.as_slice()));
        self.store.put_identities(keys).await.map_err(failed)
    }

    async fn load_identity(&self, address: &str) -> Result<Option<[u8; 32]>> {
        let key = patiently(|| self.store.identity(address)).await?;
        key.map(|key| key.as_slice().try_into().map_err(unreadable)).transpose()
    }

    async fn delete_identity(&self, address: &str) -> Result<()> {
        self.store.delete_identity(address).await.map_err(failed)
    }

    async fn get_session(&self, address: &str) -> Result<Option<Bytes>> {
        Ok(patiently(|| self.store.signal_session(address)).await?.map(Bytes::from))
    }

    async fn put_session(&self, address: &str, session: &[u8]) -> Result<()> {
        self.decrypted.settle(&self.store).await.map_err(failed)?;
        self.store.put_sessions([(address, session)]).await.map_err(failed)
    }

    async fn put_sessions_batch(&self, sessions: &[(Arc<str>, Bytes)]) -> Result<()> {
        self.decrypted.settle(&self.store).await.map_err(failed)?;
        self.store.put_sessions(borrowed(sessions)).await.map_err(failed)
    }

    async fn delete_session(&self, address: &str) -> Result<()> {
        self.store.delete_signal_session(address).await.map_err(failed)
    }

    async fn has_session(&self, address: &str) -> Result<bool> {
        patiently(|| self.store.has_signal_session(address)).await
    }

    async fn has_signal_state_for_user(&self, user: &str) -> Result<bool> {
        patiently(|| self.store.has_signal_state(user)).await
    }

    async fn store_prekey(&self, id: u32, record: &[u8], uploaded: bool) -> Result<()> {
        self.store.put_prekeys([(id, record)], uploaded).await.map_err(failed)
    }

    async fn store_prekeys_batch(&self, keys: &[(u32, Bytes)], uploaded: bool) -> Result<()> {
        let keys = keys.iter().map(|(id, record)| (*id, &**record));
        self.store.put_prekeys(keys, uploaded).await.map_err(failed)
    }

    async fn load_prekey(&self, id: u32) -> Result<Option<Bytes>> {
        Ok(self.load_prekeys_batch(&[id]).await?.into_iter().next().map(|(_, record)| record))
    }

    async fn load_prekeys_batch(&self, ids: &[u32]) -> Result<Vec<(u32, Bytes)>> {
        let found = patiently(|| self.store.prekeys(ids)).await?;
        let found: HashMap<u32, Bytes> = found.into_iter().map(|(id, record)| (id, record.into())).collect();
        Ok(ids.iter().filter_map(|id| Some((*id, found.get(id)?.clone()))).collect())
    }

    async fn mark_prekeys_uploaded(&self, ids: &[u32]) -> Result<()> {
        self.store.mark_prekeys_uploaded(ids).await.map_err(failed)
    }

    async fn remove_prekey(&self, id: u32) -> Result<()> {
        self.store.delete_prekey(id).await.map_err(failed)
    }

    async fn get_max_prekey_id(&self) -> Result<u32> {
        self.store.max_prekey_id().await.map_err(failed)
    }

    async fn store_signed_prekey(&self, id: u32, record: &[u8]) -> Result<()> {
        self.store.put_signed_prekey(id, record).await.map_err(failed)
    }

    async fn load_signed_prekey(&self, id: u32) -> Result<Option<Vec<u8>>> {
        patiently(|| self.store.signed_prekey(id)).await
    }

    async fn load_all_signed_prekeys(&self) -> Result<Vec<(u32, Vec<u8>)>> {
        self.store.signed_prekeys().await.map_err(failed)
    }

    async fn remove_signed_prekey(&self, id: u32) -> Result<()> {
        self.store.delete_signed_prekey(id).await.map_err(failed)
    }

    async fn put_sender_key(&self, address: &str, record: &[u8]) -> Result<()> {
        self.decrypted.settle(&self.store).await.map_err(failed)?;
        self.store.put_sender_keys([(address, record)]).await.map_err(failed)
    }

    async fn put_sender_keys_batch(&self, sender_keys: &[(Arc<str>, Bytes)]) -> Result<()> {
        self.decrypted.settle(&self.store).await.map_err(failed)?;
        self.store.put_sender_keys(borrowed(sender_keys)).await.map_err(failed)
    }

    async fn get_sender_key(&self, address: &str) -> Result<Option<Vec<u8>>> {
        patiently(|| self.store.sender_key(address)).await
    }

    async fn delete_sender_key(&self, address: &str) -> Result<()> {
        self.store.delete_sender_key(address).await.map_err(failed)
    }
}

fn borrowed(records: &[(Arc<str>, Bytes)]) -> impl Iterator<Item = (&str, &[u8])> {
    records.iter().map(|(address, record)| (&**address, &**record))
}
