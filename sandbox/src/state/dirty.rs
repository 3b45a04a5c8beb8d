//! Dirty bits: what a device has to fetch anew, until it says that it has.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;
use super::entry::DeviceKey;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS dirty (
    pn INTEGER NOT NULL,
    device INTEGER NOT NULL,
    kind TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (pn, device, kind)
) WITHOUT ROWID;
";

impl State {
    /// Marks something as stale for a device, since a unix time.
    pub(crate) async fn mark_dirty(&self, device: DeviceKey, kind: &'static str, since: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT OR REPLACE INTO dirty (pn, device, kind, since) VALUES (?, ?, ?, ?)")
                        .bind(device.pn.cast_signed())
                        .bind(device.device)
                        .bind(kind)
                        .bind(since.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// What is stale for a device, and since when.
    pub(crate) async fn dirty(&self, device: DeviceKey) -> Result<Vec<(String, u64)>> {
        let rows = query("SELECT kind, since FROM dirty WHERE pn = ? AND device = ?")
            .bind(device.pn.cast_signed())
            .bind(device.device)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get::<i64, _>(1).cast_unsigned())).collect())
    }

    /// A device has fetched it.
    pub(crate) async fn clean(&self, device: DeviceKey, kind: String) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("DELETE FROM dirty WHERE pn = ? AND device = ? AND kind = ?")
                        .bind(device.pn.cast_signed())
                        .bind(device.device)
                        .bind(kind)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
