//! What one does with chats.

use serde_json::Value;
use wacore_binary::{Jid, JidExt};
use whatsapp_rust::Client;

use super::super::{Ours, refusal};
use super::failed;
use crate::Change;
use crate::client::Refusal;

impl Ours {
    pub(super) async fn change(
        &self,
        client: &Client,
        chat: &Jid,
        change: &Change,
    ) -> Result<Value, Refusal> {
        let chats = client.chat_actions();
        match change {
            Change::Archived { on: true } => chats.archive_chat(chat, None).await,
            Change::Archived { on: false } => chats.unarchive_chat(chat, None).await,
            Change::Pinned { on: true } => chats.pin_chat(chat).await,
            Change::Pinned { on: false } => chats.unpin_chat(chat).await,
            Change::Muted { on: true } => chats.mute_chat(chat).await,
            Change::Muted { on: false } => chats.unmute_chat(chat).await,
            Change::Read { on } => chats.mark_chat_as_read(chat, *on, None).await,
            Change::Deleted => chats.delete_chat(chat, true, None).await,
            Change::Cleared => chats.clear_chat(chat, true, false, None).await,
            Change::Starred { id, on } => {
                let kept = self.memory.find(id)?;
                let author = kept.chat.is_group().then_some(&kept.sender);
                if *on {
                    chats.star_message(chat, author, id, kept.from_me).await
                } else {
                    chats.unstar_message(chat, author, id, kept.from_me).await
                }
            }
            Change::Forgotten { id } => {
                let kept = self.memory.find(id)?;
                let author = kept.chat.is_group().then_some(&kept.sender);
                chats.delete_message_for_me(chat, author, id, kept.from_me, false, None).await
            }
            Change::Contact { name } => {
                if chat.is_lid() {
                    return Err(refusal("contacts are saved by number"));
                }
                chats.save_contact(chat, Some(name.clone()), Some(name.clone()), true).await
            }
        }
        .map_err(failed)?;
        Ok(Value::Null)
    }
}
