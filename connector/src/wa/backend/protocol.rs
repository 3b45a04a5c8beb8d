//! Sender-key tracking, LID mappings, device lists, groups, privacy tokens, messages on their way.

use async_trait::async_trait;
use wacore::store::{
    error::{Result, StoreError},
    traits::{
        DeviceListRecord, LidPnMappingEntry, PendingInboundKey, PendingInboundRow, ProtocolStore,
        TcTokenEntry,
    },
};
use wagate_infra::sql::wa::{LidMapping, PendingInbound, TcToken};

use super::{SqlBackend, failed, from_record, patiently, to_record};

#[async_trait]
impl ProtocolStore for SqlBackend {
    async fn get_sender_key_devices(&self, group_jid: &str) -> Result<Vec<(String, bool)>> {
        self.store.sender_key_devices(group_jid).await.map_err(failed)
    }

    async fn set_sender_key_status(&self, group_jid: &str, entries: &[(&str, bool)]) -> Result<()> {
        self.store.put_sender_key_devices(group_jid, entries.iter().copied()).await.map_err(failed)
    }

    async fn clear_sender_key_devices(&self, group_jid: &str) -> Result<()> {
        self.store.clear_sender_key_devices(group_jid).await.map_err(failed)
    }

    async fn delete_sender_key_device_rows(&self, device_jids: &[&str]) -> Result<()> {
        self.store.delete_sender_key_devices(device_jids).await.map_err(failed)
    }

    async fn clear_all_sender_key_devices(&self) -> Result<()> {
        self.store.clear_all_sender_key_devices().await.map_err(failed)
    }

    async fn get_lid_mapping(&self, lid: &str) -> Result<Option<LidPnMappingEntry>> {
        Ok(patiently(|| self.store.lid_mapping(lid)).await?.map(to_entry))
    }

    async fn get_pn_mapping(&self, phone: &str) -> Result<Option<LidPnMappingEntry>> {
        Ok(patiently(|| self.store.phone_mapping(phone)).await?.map(to_entry))
    }

    async fn put_lid_mapping(&self, entry: &LidPnMappingEntry) -> Result<()> {
        self.store.put_lid_mappings(&[from_entry(entry)]).await.map_err(failed)
    }

    async fn put_lid_mappings(&self, entries: &[LidPnMappingEntry]) -> Result<()> {
        let mappings: Vec<LidMapping> = entries.iter().map(from_entry).collect();
        self.store.put_lid_mappings(&mappings).await.map_err(failed)
    }

    async fn get_all_lid_mappings(&self) -> Result<Vec<LidPnMappingEntry>> {
        Ok(self.store.lid_mappings().await.map_err(failed)?.into_iter().map(to_entry).collect())
    }

    async fn save_base_key(&self, address: &str, message_id: &str, base_key: &[u8]) -> Result<()> {
        self.store.put_base_key(address, message_id, base_key).await.map_err(failed)
    }

    async fn has_same_base_key(
        &self,
        address: &str,
        message_id: &str,
        current_base_key: &[u8],
    ) -> Result<bool> {
        let kept = self.store.base_key(address, message_id).await.map_err(failed)?;
        Ok(kept.is_some_and(|kept| kept == current_base_key))
    }

    async fn delete_base_key(&self, address: &str, message_id: &str) -> Result<()> {
        self.store.delete_base_key(address, message_id).await.map_err(failed)
    }

    async fn update_device_list(&self, record: DeviceListRecord) -> Result<()> {
        self.update_device_lists(vec![record]).await
    }

    async fn update_device_lists(&self, records: Vec<DeviceListRecord>) -> Result<()> {
        let lists: Vec<(String, Vec<u8>)> = records
            .into_iter()
            .map(|record| Ok((record.user.clone(), to_record(&record)?)))
            .collect::<Result<_>>()?;
        let lists = lists.iter().map(|(person, record)| (person.as_str(), record.as_slice()));
        self.store.put_device_lists(lists).await.map_err(failed)
    }

    async fn get_devices(&self, user: &str) -> Result<Option<DeviceListRecord>> {
        let record = self.store.device_list(user).await.map_err(failed)?;
        record.as_deref().map(from_record).transpose()
    }

    async fn delete_devices(&self, user: &str) -> Result<()> {
        self.store.delete_device_list(user).await.map_err(failed)
    }

    async fn get_group_metadata(&self, group_jid: &str) -> Result<Option<Vec<u8>>> {
        self.store.group(group_jid).await.map_err(failed)
    }

    async fn put_group_metadata(&self, group_jid: &str, blob: &[u8]) -> Result<()> {
        self.store.put_group(group_jid, blob).await.map_err(failed)
    }

    async fn delete_group_metadata(&self, group_jid: &str) -> Result<()> {
        self.store.delete_group(group_jid).await.map_err(failed)
    }

    async fn get_tc_token(&self, jid: &str) -> Result<Option<TcTokenEntry>> {
        let token = self.store.tc_token(jid).await.map_err(failed)?;
        Ok(token.map(|token| TcTokenEntry {
            token: token.token,
            token_timestamp: token.token_secs,
            sender_timestamp: token.sender_secs,
        }))
    }

    async fn put_tc_token(&self, jid: &str, entry: &TcTokenEntry) -> Result<()> {
        let token = TcToken {
            token: entry.token.clone(),
            token_secs: entry.token_timestamp,
            sender_secs: entry.sender_timestamp,
        };
        self.store.put_tc_token(jid, &token).await.map_err(failed)
    }

    async fn delete_tc_token(&self, jid: &str) -> Result<()> {
        self.store.delete_tc_token(jid).await.map_err(failed)
    }

    async fn get_all_tc_token_jids(&self) -> Result<Vec<String>> {
        self.store.tc_token_jids().await.map_err(failed)
    }

    async fn delete_expired_tc_tokens(&self, token_cutoff: i64, sender_cutoff: i64) -> Result<u32> {
        self.store.delete_expired_tc_tokens(token_cutoff, sender_cutoff).await.map_err(failed)
    }

    async fn touch_tc_token_sender_timestamp(&self, jid: &str, sender_timestamp: i64) -> Result<()> {
        self.store.touch_tc_token(jid, sender_timestamp).await.map_err(failed)
    }

    async fn store_received_tc_token(&self, jid: &str, token: &[u8], token_timestamp: i64) -> Result<()> {
        self.store.receive_tc_token(jid, token, token_timestamp).await.map_err(failed)
    }

    async fn store_sent_message(&self, chat_jid: &str, message_id: &str, payload: &[u8]) -> Result<()> {
        let (store, chat, id) = (self.store.clone(), chat_jid.to_owned(), message_id.to_owned());
        let payload = payload.to_vec();
        self.sent
            .keep(message_id, async move { store.put_sent_message(&chat, &id, &payload).await.map(drop) });
        Ok(())
    }

    async fn take_sent_message(&self, chat_jid: &str, message_id: &str) -> Result<Option<Vec<u8>>> {
        self.sent.kept(message_id).await;
        self.store.take_sent_message(chat_jid, message_id).await.map_err(failed)
    }

    async fn delete_expired_sent_messages(&self, cutoff_timestamp: i64) -> Result<u32> {
        self.sent.all_kept().await;
        self.store.delete_expired_sent_messages(cutoff_timestamp).await.map_err(failed)
    }

    async fn store_pending_inbound(&self, chat: &str, sender: &str, id: &str, message: &[u8]) -> Result<()> {
        self.store_pending_inbound_batch(&[PendingInboundRow { chat, sender, id, message }]).await
    }

    async fn get_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<Option<Vec<u8>>> {
        let place = PendingInbound { chat, sender, id };
        // asked first: whoever is at work writes the message down before it is not any more
        let is_at_work = self.order.is_at_work(id);
        let found = match self.decrypted.get(place) {
            Some(message) => Some(message),
            None => patiently(|| self.store.pending_inbound(place)).await?,
        };
        match found {
            Some(_) => self.replays.add(id),
            // an acknowledgement would be of a message that nobody has yet
            None if is_at_work => {
                self.order.ask_again();
                return Err(StoreError::Connection("the message is still at work".into()));
            }
            None if !patiently(|| self.store.is_taken(place)).await? => {
                self.lost.add(place);
                return Err(StoreError::Connection("the message got lost, and is asked for again".into()));
            }
            None => {}
        }
        Ok(found)
    }

    async fn delete_pending_inbound(&self, chat: &str, sender: &str, id: &str) -> Result<()> {
        self.delete_pending_inbound_batch(&[PendingInboundKey { chat, sender, id }]).await
    }

    async fn delete_expired_pending_inbound(&self, cutoff_timestamp: i64) -> Result<u32> {
        self.store.delete_expired_pending_inbound(cutoff_timestamp).await.map_err(failed)
    }

    async fn store_pending_inbound_batch(&self, rows: &[PendingInboundRow<'_>]) -> Result<()> {
        self.ratchets.turn();
        let messages: Vec<_> = rows
            .iter()
            .map(|row| (PendingInbound { chat: row.chat, sender: row.sender, id: row.id }, row.message))
            .collect();
        self.decrypted.store(&self.store, &messages).await.map_err(failed)
    }

    async fn delete_pending_inbound_batch(&self, keys: &[PendingInboundKey<'_>]) -> Result<()> {
        let places = keys.iter().map(|key| PendingInbound { chat: key.chat, sender: key.sender, id: key.id });
        places.clone().for_each(|place| self.decrypted.forget(place));
        self.store.take_pending_inbound(places).await.map_err(failed)
    }
}

fn to_entry(mapping: LidMapping) -> LidPnMappingEntry {
    LidPnMappingEntry {
        lid: mapping.lid,
        phone_number: mapping.phone,
        created_at: mapping.created_secs,
        updated_at: mapping.updated_secs,
        learning_source: mapping.source,
    }
}

fn from_entry(entry: &LidPnMappingEntry) -> LidMapping {
    LidMapping {
        lid: entry.lid.clone(),
        phone: entry.phone_number.clone(),
        created_secs: entry.created_at,
        updated_secs: entry.updated_at,
        source: entry.learning_source.clone(),
    }
}
