//! Options of accounts, as JSON: nothing searches in them.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;
use crate::options::AccountOptions;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS options (pn INTEGER PRIMARY KEY, options TEXT NOT NULL);
";

impl State {
    /// An account's options; the defaults when none were set.
    pub(crate) async fn load_options(&self, pn: u64) -> Result<AccountOptions> {
        let row = query("SELECT options FROM options WHERE pn = ?")
            .bind(pn.cast_signed())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| serde_json::from_str(row.get(0))).transpose()?.unwrap_or_default())
    }

    /// Writes an account's options.
    pub(crate) async fn save_options(&self, pn: u64, options: &AccountOptions) -> Result<()> {
        let options = serde_json::to_string(options)?;
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT OR REPLACE INTO options (pn, options) VALUES (?, ?)")
                        .bind(pn.cast_signed())
                        .bind(options)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
