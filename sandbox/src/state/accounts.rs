//! Network side of accounts: counters and contacts.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

/// An account as stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct AccountRow {
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
        let row = query("SELECT last_device, last_key_index, list_changed FROM accounts WHERE pn = ?")
            .bind(pn.cast_signed())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map_or_else(AccountRow::default, |row| AccountRow {
            last_device: row.get(0),
            last_key_index: row.get(1),
            list_changed: row.get::<i64, _>(2).cast_unsigned(),
        }))
    }

    /// Accounts that `pn` has written to or saved, and accounts that have written to or saved `pn`.
    pub(crate) async fn contacts(&self, pn: u64) -> Result<(Vec<u64>, Vec<u64>)> {
        let mut both = (Vec::new(), Vec::new());
        for (sql, list) in [
            ("SELECT peer FROM contacts WHERE pn = ?", &mut both.0),
            ("SELECT pn FROM contacts WHERE peer = ?", &mut both.1),
        ] {
            let rows = query(sql).bind(pn.cast_signed()).fetch_all(&self.readers).await?;
            list.extend(rows.iter().map(|row| row.get::<i64, _>(0).cast_unsigned()));
        }
        Ok(both)
    }

    /// Writes an account's own values.
    pub(crate) async fn save_account(&self, pn: u64, account: AccountRow) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query(
                        "INSERT INTO accounts (pn, last_device, last_key_index, list_changed) \
                         VALUES (?, ?, ?, ?) ON CONFLICT (pn) DO UPDATE SET last_device = excluded.last_device, \
                         last_key_index = excluded.last_key_index, list_changed = excluded.list_changed",
                    )
                    .bind(pn.cast_signed())
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

    /// Remembers that `pn` has written to or saved `peer`.
    pub(crate) async fn save_contact(&self, pn: u64, peer: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT OR IGNORE INTO contacts (pn, peer) VALUES (?, ?)")
                        .bind(pn.cast_signed())
                        .bind(peer.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
