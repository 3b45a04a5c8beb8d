//! What a phone was told about what its account has sent.

use sqlx::Row;

use super::Store;
use super::views::Status;

/// How far a message has come with one device of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenBy {
    /// Number of the recipient, digits.
    pub number: String,
    /// Its device; 0 is the phone.
    pub device: u16,
    /// What it has told.
    pub status: Status,
    /// Unix seconds of the first receipt that said so.
    pub time: i64,
    /// How often it said so.
    pub times: i64,
}

/// Receipts of one device for some messages.
pub(in super::super) struct Told<'a> {
    pub(in super::super) ids: &'a [String],
    /// Number of who tells.
    pub(in super::super) peer: &'a str,
    pub(in super::super) device: u16,
    pub(in super::super) status: Status,
    /// Unix seconds.
    pub(in super::super) time: i64,
}

impl Store {
    /// Moves messages that the account sent forward, and keeps who said so.
    pub(in super::super) async fn tell(&self, pn: &str, told: &Told<'_>) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        for id in told.ids {
            let done = sqlx::query(
                "UPDATE messages SET status = MAX(status, ?) WHERE pn = ? AND id = ? AND direction = 'out'",
            )
            .bind(told.status.column())
            .bind(pn)
            .bind(id)
            .execute(&mut *tx)
            .await?;
            if done.rows_affected() == 0 {
                continue;
            }
            sqlx::query(
                "INSERT INTO receipts (pn, id, peer, device, status, time, times) VALUES (?, ?, ?, ?, ?, ?, 1) \
                 ON CONFLICT (pn, id, peer, device, status) DO UPDATE SET times = times + 1",
            )
            .bind(pn)
            .bind(id)
            .bind(told.peer)
            .bind(told.device)
            .bind(told.status.column())
            .bind(told.time)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Everything a phone was told about a message.
    pub(in super::super) async fn seen_by(&self, pn: &str, id: &str) -> anyhow::Result<Vec<SeenBy>> {
        let rows = sqlx::query(
            "SELECT peer, device, status, time, times FROM receipts WHERE pn = ? AND id = ? \
             ORDER BY peer, device, status",
        )
        .bind(pn)
        .bind(id)
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(SeenBy {
                    number: row.try_get("peer")?,
                    device: row.try_get("device")?,
                    status: Status::from_column(row.try_get("status")?),
                    time: row.try_get("time")?,
                    times: row.try_get("times")?,
                })
            })
            .collect()
    }
}
