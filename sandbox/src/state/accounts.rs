//! Network side of accounts: counters, names, contacts.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

/// An account as stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountRow {
    /// Profile text.
    pub(crate) about: Option<String>,
    /// Highest device id ever given.
    pub(crate) last_device: u16,
    /// Highest ADV key index ever given.
    pub(crate) last_key_index: u32,
    /// Unix time of the last change to the device list.
    pub(crate) list_changed: u64,
}

impl State {
    /// Loads an account's own values; defaults when it is new here.
    pub(crate) async fn load_account(&self, pn: u64) -> Result<AccountRow> {
        let row = query("SELECT about, last_device, last_key_index, list_changed FROM accounts WHERE pn = ?")
            .bind(pn.cast_signed())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map_or_else(AccountRow::default, |row| AccountRow {
            about: row.get(0),
            last_device: row.get(1),
            last_key_index: row.get(2),
            list_changed: row.get::<i64, _>(3).cast_unsigned(),
        }))
    }

    /// Accounts that `pn` has exchanged messages with.
    pub(crate) async fn contacts(&self, pn: u64) -> Result<Vec<u64>> {
        let rows = query("SELECT peer FROM contacts WHERE pn = ?")
            .bind(pn.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(|row| row.get::<i64, _>(0).cast_unsigned()).collect())
    }

    /// Writes an account's own values.
    pub(crate) async fn save_account(&self, pn: u64, account: AccountRow) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query(
                        "INSERT INTO accounts (pn, about, last_device, last_key_index, list_changed) \
                         VALUES (?, ?, ?, ?, ?) ON CONFLICT (pn) DO UPDATE SET about = excluded.about, last_device = excluded.last_device, \
                         last_key_index = excluded.last_key_index, list_changed = excluded.list_changed",
                    )
                    .bind(pn.cast_signed())
                    .bind(account.about)
                    .bind(account.last_device)
                    .bind(account.last_key_index)
                    .bind(account.list_changed.cast_signed())
                    .execute(connection)
                    .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Remembers that two accounts have written to each other.
    pub(crate) async fn save_contact(&self, a: u64, b: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT OR IGNORE INTO contacts (pn, peer) VALUES (?1, ?2), (?2, ?1)")
                        .bind(a.cast_signed())
                        .bind(b.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
