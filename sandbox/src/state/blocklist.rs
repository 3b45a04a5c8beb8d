//! Who an account has blocked.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

impl State {
    /// Accounts blocked by `pn`.
    pub(crate) async fn blocked(&self, pn: u64) -> Result<Vec<u64>> {
        let rows = query("SELECT peer FROM blocklist WHERE pn = ? ORDER BY peer")
            .bind(pn.cast_signed())
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(|row| row.get::<i64, _>(0).cast_unsigned()).collect())
    }

    /// Blocks or unblocks.
    pub(crate) async fn set_blocked(&self, pn: u64, peer: u64, blocked: bool) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let sql = if blocked {
                        "INSERT OR IGNORE INTO blocklist (pn, peer) VALUES (?, ?)"
                    } else {
                        "DELETE FROM blocklist WHERE pn = ? AND peer = ?"
                    };
                    query(sql).bind(pn.cast_signed()).bind(peer.cast_signed()).execute(connection).await?;
                    Ok(())
                })
            })
            .await
    }
}
