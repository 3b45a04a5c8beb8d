//! Secrets of messages.

use async_trait::async_trait;
use wacore::store::{
    error::Result,
    traits::{MsgSecretEntry, MsgSecretStore},
};
use wagate_infra::sql::wa::MessageSecret;

use super::{SqlBackend, failed, patiently};

#[async_trait]
impl MsgSecretStore for SqlBackend {
    async fn put_msg_secrets(&self, entries: Vec<MsgSecretEntry>) -> Result<usize> {
        let secrets: Vec<MessageSecret<'_>> = entries
            .iter()
            .map(|entry| MessageSecret {
                chat: &entry.chat,
                sender: &entry.sender,
                id: &entry.msg_id,
                secret: &entry.secret,
                expires_secs: entry.expires_at,
                parent_secs: entry.message_ts,
            })
            .collect();
        self.store.put_message_secrets(&secrets).await.map_err(failed)?;
        Ok(secrets.len())
    }

    async fn get_msg_secret(&self, chat: &str, sender: &str, msg_id: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.get_msg_secret_with_ts(chat, sender, msg_id).await?.map(|(secret, _)| secret))
    }

    async fn get_msg_secret_with_ts(
        &self,
        chat: &str,
        sender: &str,
        msg_id: &str,
    ) -> Result<Option<(Vec<u8>, i64)>> {
        patiently(|| self.store.message_secret(chat, sender, msg_id)).await
    }

    async fn delete_expired_msg_secrets(&self, cutoff_timestamp: i64) -> Result<u32> {
        self.store.delete_expired_message_secrets(cutoff_timestamp).await.map_err(failed)
    }
}
