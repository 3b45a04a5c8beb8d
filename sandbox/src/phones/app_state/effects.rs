//! What app state changes on the phone beside itself: its user's name, and chats that are read,
//! cleared or deleted.

use wacore_binary::Jid;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::address::is_direct;
use super::super::store::Store;
use super::open::Record;
use crate::ports::{PortError, PortResult};

impl Simulated {
    /// Does in the phone's chats what a record says.
    pub(super) async fn follow(&self, phone: &Phone, record: &Record) -> PortResult<()> {
        let action = &record.action;
        if let ([name], Some(given)) = (record.index.as_slice(), &action.push_name_setting.name)
            && name == "setting_pushName"
        {
            return self.take_name(phone, given).await;
        }
        let [name, chat, rest @ ..] = record.index.as_slice() else { return Ok(()) };
        match name.as_str() {
            "contact" if action.contact_action.is_set() => self.keep_contact(phone, chat).await?,
            "markChatAsRead" if action.mark_chat_as_read_action.read == Some(true) => {
                let unread = self.store.unread(phone.pn(), &self.chat_of(chat).await?).await?;
                let ids: Vec<String> = unread.into_iter().map(|message| message.id).collect();
                self.store.mark_read(phone.pn(), &ids).await?;
            }
            "clearChat" => {
                let range = action.clear_chat_action.message_range.last_message_timestamp;
                self.clear(phone, chat, range, action.timestamp).await?;
            }
            "deleteChat" => {
                let range = action.delete_chat_action.message_range.last_message_timestamp;
                self.clear(phone, chat, range, action.timestamp).await?;
            }
            "deleteMessageForMe" => {
                if let [id, ..] = rest {
                    self.store.delete_message(phone.pn(), &self.chat_of(chat).await?, id).await?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Tells the network whom the account has saved; who is not there cannot be let in.
    async fn keep_contact(&self, phone: &Phone, jid: &str) -> PortResult<()> {
        let contact = self.chat_of(jid).await?;
        match self.network()?.save_contact(phone.pn(), &contact).await {
            Err(PortError::NotFound(_)) => Ok(()),
            saved => saved,
        }
    }

    /// Deletes a chat's messages up to the last one named, or up to the time of the action
    /// (in milliseconds).
    async fn clear(&self, phone: &Phone, chat: &str, last: Option<i64>, time: Option<i64>) -> PortResult<()> {
        let until = last.or(time.map(|ms| ms / 1000)).unwrap_or(i64::MAX);
        Ok(self.store.delete_messages(phone.pn(), &self.chat_of(chat).await?, until).await?)
    }

    /// Storage key of a chat named by its JID: the peer's number, else the JID itself.
    pub(in super::super) async fn chat_of(&self, jid: &str) -> PortResult<String> {
        match jid.parse::<Jid>() {
            Ok(jid) if is_direct(&jid) => Ok(self.account_or_stranger(&jid.user).await?.pn),
            _ => Ok(jid.to_owned()),
        }
    }
}

impl Store {
    async fn delete_messages(&self, pn: &str, chat: &str, until: i64) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM messages WHERE pn = ? AND chat = ? AND time <= ? AND direction <> 'peer'")
            .bind(pn)
            .bind(chat)
            .bind(until)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    async fn delete_message(&self, pn: &str, chat: &str, id: &str) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM messages WHERE pn = ? AND chat = ? AND id = ?")
            .bind(pn)
            .bind(chat)
            .bind(id)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}
