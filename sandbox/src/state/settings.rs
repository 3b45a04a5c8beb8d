//! Single values: the server's Noise identity, the media secret, the TLS authority.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

impl State {
    /// A value kept from an earlier start.
    pub(crate) async fn setting(&self, key: &'static str) -> Result<Option<Vec<u8>>> {
        let row =
            query("SELECT value FROM settings WHERE key = ?").bind(key).fetch_optional(&self.readers).await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// Keeps a value.
    pub(crate) async fn keep_setting(&self, key: &'static str, value: Vec<u8>) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
                        .bind(key)
                        .bind(value)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
