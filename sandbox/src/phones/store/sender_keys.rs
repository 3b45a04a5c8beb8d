//! Sender keys of groups, and who has this phone's own.

use std::collections::HashSet;

use sqlx::Row;

use super::super::account::Phone;
use super::super::signal::Scratch;
use super::{Store, Tx};

/// How the holders of a phone's own sender key change with one message.
pub(in super::super) struct Holders {
    /// JID of the group.
    pub(in super::super) chat: String,
    /// The key is new: nobody has it yet.
    pub(in super::super) anew: bool,
    /// Signal addresses that get it with this message.
    pub(in super::super) added: Vec<String>,
}

impl Store {
    pub(in super::super) async fn load_sender_key(
        &self,
        phone: &Phone,
        name: &str,
        scratch: &mut Scratch,
    ) -> anyhow::Result<()> {
        let row = sqlx::query("SELECT record FROM sender_keys WHERE pn = ? AND name = ?")
            .bind(phone.pn())
            .bind(name)
            .fetch_optional(&self.read)
            .await?;
        if let Some(row) = row {
            scratch.put_sender_key(name.to_owned(), row.try_get("record")?)?;
        }
        Ok(())
    }

    /// Signal addresses of the devices that have the phone's own sender key of a group.
    pub(in super::super) async fn sender_key_holders(
        &self,
        pn: &str,
        chat: &str,
    ) -> anyhow::Result<HashSet<String>> {
        let rows = sqlx::query("SELECT address FROM sender_key_holders WHERE pn = ? AND chat = ?")
            .bind(pn)
            .bind(chat)
            .fetch_all(&self.read)
            .await?;
        Ok(rows.iter().map(|row| row.try_get("address")).collect::<Result<_, _>>()?)
    }

    /// A device could not open a group message: it gets the key again with the next one.
    pub(in super::super) async fn forget_holder(
        &self,
        pn: &str,
        chat: &str,
        address: &str,
    ) -> anyhow::Result<()> {
        sqlx::query("DELETE FROM sender_key_holders WHERE pn = ? AND chat = ? AND address = ?")
            .bind(pn)
            .bind(chat)
            .bind(address)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

impl Holders {
    /// Stores the change in the transaction of the message.
    pub(in super::super) async fn store(&self, tx: &mut Tx, pn: &str) -> anyhow::Result<()> {
        if self.anew {
            sqlx::query("DELETE FROM sender_key_holders WHERE pn = ? AND chat = ?")
                .bind(pn)
                .bind(&self.chat)
                .execute(&mut **tx)
                .await?;
        }
        for address in &self.added {
            sqlx::query("INSERT OR IGNORE INTO sender_key_holders (pn, chat, address) VALUES (?, ?, ?)")
                .bind(pn)
                .bind(&self.chat)
                .bind(address)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}
