//! One-time pre-keys of companions: each is handed out once.

use anyhow::Result;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, query};

use super::State;
use super::entry::DeviceKey;
use super::queue::pieces;

/// Id and public key.
pub(crate) type OneTimeKey = (u32, [u8; 32]);

impl State {
    /// Adds keys; an id that is stored already keeps its key.
    pub(crate) async fn add_pre_keys(&self, device: DeviceKey, keys: Vec<OneTimeKey>) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    for piece in pieces(&keys) {
                        let mut insert = QueryBuilder::<Sqlite>::new(
                            "INSERT OR IGNORE INTO pre_keys (pn, device, id, key) ",
                        );
                        insert.push_values(piece, |mut row, (id, key)| {
                            row.push_bind(device.pn.cast_signed())
                                .push_bind(device.device)
                                .push_bind(*id)
                                .push_bind(&key[..]);
                        });
                        insert.build().execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Takes the key with the lowest id; the number says how many are left.
    pub(crate) async fn take_pre_key(&self, device: DeviceKey) -> Result<(Option<OneTimeKey>, u32)> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let taken = query(
                        "DELETE FROM pre_keys WHERE pn = ?1 AND device = ?2 AND id = \
                         (SELECT min(id) FROM pre_keys WHERE pn = ?1 AND device = ?2) RETURNING id, key",
                    )
                    .bind(device.pn.cast_signed())
                    .bind(device.device)
                    .fetch_optional(&mut *connection)
                    .await?;
                    let left = query("SELECT count(*) FROM pre_keys WHERE pn = ? AND device = ?")
                        .bind(device.pn.cast_signed())
                        .bind(device.device)
                        .fetch_one(connection)
                        .await?
                        .get(0);
                    Ok((taken.as_ref().and_then(key), left))
                })
            })
            .await
    }

    /// Drops all keys of a device.
    pub(crate) async fn drop_pre_keys(&self, device: DeviceKey) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("DELETE FROM pre_keys WHERE pn = ? AND device = ?")
                        .bind(device.pn.cast_signed())
                        .bind(device.device)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// How many keys a device has left.
    pub(crate) async fn count_pre_keys(&self, device: DeviceKey) -> Result<u32> {
        let row = query("SELECT count(*) FROM pre_keys WHERE pn = ? AND device = ?")
            .bind(device.pn.cast_signed())
            .bind(device.device)
            .fetch_one(&self.readers)
            .await?;
        Ok(row.get(0))
    }

    /// All keys of a device, by id.
    pub(crate) async fn list_pre_keys(&self, device: DeviceKey) -> Result<Vec<OneTimeKey>> {
        let rows = query("SELECT id, key FROM pre_keys WHERE pn = ? AND device = ? ORDER BY id")
            .bind(device.pn.cast_signed())
            .bind(device.device)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().filter_map(key).collect())
    }
}

fn key(row: &SqliteRow) -> Option<OneTimeKey> {
    Some((row.get(0), row.get::<&[u8], _>(1).try_into().ok()?))
}
