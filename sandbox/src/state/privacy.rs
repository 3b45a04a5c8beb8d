//! Privacy settings of accounts, with the contacts they leave out.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS privacy (
    pn INTEGER NOT NULL,
    category TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (pn, category)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS privacy_exceptions (
    pn INTEGER NOT NULL,
    category TEXT NOT NULL,
    peer INTEGER NOT NULL,
    PRIMARY KEY (pn, category, peer)
) WITHOUT ROWID;
";

/// One setting as an account chose it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PrivacyRow {
    pub(crate) value: String,
    /// Contacts left out by `contact_blacklist`.
    pub(crate) except: BTreeSet<u64>,
}

impl State {
    /// The settings an account has changed, by category.
    pub(crate) async fn load_privacy(&self, pn: u64) -> Result<BTreeMap<String, PrivacyRow>> {
        let mut settings: BTreeMap<String, PrivacyRow> = BTreeMap::new();
        let rows = query("SELECT category, value FROM privacy WHERE pn = ?")
            .bind(pn.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        for row in rows {
            settings.entry(row.get(0)).or_default().value = row.get(1);
        }
        let rows = query("SELECT category, peer FROM privacy_exceptions WHERE pn = ?")
            .bind(pn.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        for row in rows {
            if let Some(setting) = settings.get_mut(row.get::<&str, _>(0)) {
                setting.except.insert(row.get::<i64, _>(1).cast_unsigned());
            }
        }
        Ok(settings)
    }

    /// Writes one setting.
    pub(crate) async fn save_privacy(
        &self,
        pn: u64,
        category: &'static str,
        setting: PrivacyRow,
    ) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT OR REPLACE INTO privacy (pn, category, value) VALUES (?, ?, ?)")
                        .bind(pn.cast_signed())
                        .bind(category)
                        .bind(setting.value)
                        .execute(&mut *connection)
                        .await?;
                    query("DELETE FROM privacy_exceptions WHERE pn = ? AND category = ?")
                        .bind(pn.cast_signed())
                        .bind(category)
                        .execute(&mut *connection)
                        .await?;
                    for peer in setting.except {
                        query("INSERT INTO privacy_exceptions (pn, category, peer) VALUES (?, ?, ?)")
                            .bind(pn.cast_signed())
                            .bind(category)
                            .bind(peer.cast_signed())
                            .execute(&mut *connection)
                            .await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
