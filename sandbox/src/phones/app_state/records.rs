//! Collections and their records in the phone's file.

use buffa::Message as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use waproto::whatsapp as wa;

use super::super::store::{Store, Tx};
use super::open::{Macs, Opened, Record, value_mac};
use wacore_appstate::hash::HashState;

/// Where a phone stands with a collection.
#[derive(Debug, Clone, Default)]
pub(super) struct Position {
    pub(super) state: HashState,
    /// Version of the newest snapshot, 0 for none.
    pub(super) snapshot: u64,
}

const POSITION: &str =
    "SELECT version, hash, diverged, snapshot FROM app_state_collections WHERE pn = ? AND collection = ?";

impl Store {
    /// Where a collection stands.
    pub(super) async fn position(&self, pn: &str, collection: &str) -> anyhow::Result<Position> {
        position(&mut *self.read.acquire().await?, pn, collection).await
    }

    /// All records of a collection, in the order in which they were last set.
    pub(super) async fn records(&self, pn: &str, collection: &str) -> anyhow::Result<Vec<Record>> {
        records(&mut *self.read.acquire().await?, pn, collection).await
    }

    /// Where a collection stands, with all its records.
    pub(super) async fn whole(&self, pn: &str, collection: &str) -> anyhow::Result<(HashState, Vec<Record>)> {
        let mut read = self.read.begin().await?;
        let records = records(&mut read, pn, collection).await?;
        Ok((position(&mut read, pn, collection).await?.state, records))
    }

    /// Where a collection stands, with the records of some indexes: more than one per index when it
    /// was written under several keys.
    pub(super) async fn standing(
        &self,
        pn: &str,
        collection: &str,
        indexes: &[Vec<String>],
    ) -> anyhow::Result<(HashState, Vec<Record>)> {
        let mut read = self.read.begin().await?;
        let mut known = Vec::new();
        for index in indexes {
            let rows = sqlx::query(
                "SELECT * FROM app_state_records WHERE pn = ? AND collection = ? AND idx = ? ORDER BY version",
            )
            .bind(pn)
            .bind(collection)
            .bind(serde_json::to_string(index)?)
            .fetch_all(&mut *read)
            .await?;
            for row in &rows {
                known.push(record(row)?);
            }
        }
        Ok((position(&mut read, pn, collection).await?.state, known))
    }

    /// Notes the version of a snapshot.
    pub(super) async fn snapshot_made(&self, pn: &str, collection: &str, version: u64) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE app_state_collections SET snapshot = max(snapshot, ?) WHERE pn = ? AND collection = ?",
        )
        .bind(version.cast_signed())
        .bind(pn)
        .bind(collection)
        .execute(&self.write)
        .await?;
        Ok(())
    }
}

async fn records(
    connection: &mut SqliteConnection,
    pn: &str,
    collection: &str,
) -> anyhow::Result<Vec<Record>> {
    let rows = sqlx::query(
        "SELECT * FROM app_state_records WHERE pn = ? AND collection = ? ORDER BY version, index_mac",
    )
    .bind(pn)
    .bind(collection)
    .fetch_all(connection)
    .await?;
    rows.iter().map(record).collect()
}

/// Where a collection stands; at its beginning when nothing is known of it.
pub(super) async fn position(
    connection: &mut SqliteConnection,
    pn: &str,
    collection: &str,
) -> anyhow::Result<Position> {
    let row = sqlx::query(POSITION).bind(pn).bind(collection).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(Position::default()) };
    let hash: &[u8] = row.try_get("hash")?;
    Ok(Position {
        state: HashState {
            version: row.try_get::<i64, _>("version")?.cast_unsigned(),
            hash: hash.try_into()?,
            mac_mismatch_fatal: row.try_get("diverged")?,
            ..HashState::default()
        },
        snapshot: row.try_get::<i64, _>("snapshot")?.cast_unsigned(),
    })
}

/// Value MACs of the records with these index MACs.
pub(super) async fn previous(
    connection: &mut SqliteConnection,
    pn: &str,
    collection: &str,
    index_macs: impl IntoIterator<Item = &[u8]>,
) -> anyhow::Result<Macs> {
    let mut macs = Macs::new();
    for index_mac in index_macs {
        let row = sqlx::query(
            "SELECT value FROM app_state_records WHERE pn = ? AND collection = ? AND index_mac = ?",
        )
        .bind(pn)
        .bind(collection)
        .bind(index_mac)
        .fetch_optional(&mut *connection)
        .await?;
        let value: Option<&[u8]> = row.as_ref().map(|row| row.try_get("value")).transpose()?;
        if let Some(mac) = value.and_then(value_mac) {
            macs.insert(index_mac.to_vec(), mac.to_vec());
        }
    }
    Ok(macs)
}

/// Stores what a patch changes.
pub(super) async fn save(tx: &mut Tx, pn: &str, collection: &str, opened: &Opened) -> anyhow::Result<()> {
    for index_mac in &opened.removed {
        sqlx::query("DELETE FROM app_state_records WHERE pn = ? AND collection = ? AND index_mac = ?")
            .bind(pn)
            .bind(collection)
            .bind(index_mac)
            .execute(&mut **tx)
            .await?;
    }
    for record in &opened.records {
        sqlx::query("INSERT OR REPLACE INTO app_state_records VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(pn)
            .bind(collection)
            .bind(&record.index_mac)
            .bind(&record.value)
            .bind(&record.key_id)
            .bind(record.version.cast_signed())
            .bind(serde_json::to_string(&record.index)?)
            .bind(record.action.encode_to_vec())
            .execute(&mut **tx)
            .await?;
    }
    move_to(tx, pn, collection, &opened.state).await
}

/// Moves a collection to a state.
pub(super) async fn move_to(
    tx: &mut Tx,
    pn: &str,
    collection: &str,
    state: &HashState,
) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO app_state_collections (pn, collection, version, hash, diverged) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (pn, collection) DO UPDATE SET version = excluded.version, hash = excluded.hash, \
         diverged = excluded.diverged",
    )
    .bind(pn)
    .bind(collection)
    .bind(state.version.cast_signed())
    .bind(&state.hash[..])
    .bind(state.mac_mismatch_fatal)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn record(row: &SqliteRow) -> anyhow::Result<Record> {
    Ok(Record {
        index_mac: row.try_get("index_mac")?,
        value: row.try_get("value")?,
        key_id: row.try_get("key_id")?,
        version: row.try_get::<i64, _>("version")?.cast_unsigned(),
        index: serde_json::from_str(row.try_get("idx")?)?,
        action: wa::SyncActionValue::decode_from_slice(row.try_get("action")?)?,
    })
}
