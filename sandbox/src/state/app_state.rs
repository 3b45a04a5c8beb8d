//! App-state collections: versioned lists of opaque patches.

use anyhow::Result;
use bytes::Bytes;
use sqlx::{Row, query};

use super::State;

/// Outcome of appending a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// Stored under this version.
    Stored(u64),
    /// The base was not the current version, which is this one.
    Conflict(u64),
}

impl State {
    /// Appends a patch made on top of version `base`.
    pub(crate) async fn append_patch(
        &self,
        pn: u64,
        collection: String,
        base: u64,
        patch: Bytes,
    ) -> Result<Appended> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    let current: i64 = query(
                        "SELECT coalesce(max(version), 0) FROM app_state WHERE pn = ? AND collection = ?",
                    )
                    .bind(pn.cast_signed())
                    .bind(&collection)
                    .fetch_one(&mut *connection)
                    .await?
                    .get(0);
                    let current = current.cast_unsigned();
                    if current != base {
                        return Ok(Appended::Conflict(current));
                    }
                    query("INSERT INTO app_state (pn, collection, version, patch) VALUES (?, ?, ?, ?)")
                        .bind(pn.cast_signed())
                        .bind(&collection)
                        .bind((current + 1).cast_signed())
                        .bind(&patch[..])
                        .execute(connection)
                        .await?;
                    Ok(Appended::Stored(current + 1))
                })
            })
            .await
    }

    /// Drops all collections of an account: its phone has lost the keys to them.
    pub(crate) async fn clear_app_state(&self, pn: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("DELETE FROM app_state WHERE pn = ?")
                        .bind(pn.cast_signed())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Current version (0 when empty) and at most `limit` patches after `after`, in order.
    pub(crate) async fn patches(
        &self,
        pn: u64,
        collection: &str,
        after: u64,
        limit: i64,
    ) -> Result<(u64, Vec<(u64, Bytes)>)> {
        let current: i64 =
            query("SELECT coalesce(max(version), 0) FROM app_state WHERE pn = ? AND collection = ?")
                .bind(pn.cast_signed())
                .bind(collection)
                .fetch_one(&self.readers)
                .await?
                .get(0);
        let rows = query(
            "SELECT version, patch FROM app_state WHERE pn = ? AND collection = ? AND version > ? AND version <= ? \
             ORDER BY version LIMIT ?",
        )
        .bind(pn.cast_signed())
        .bind(collection)
        .bind(after.cast_signed())
        .bind(current)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let patches = rows
            .iter()
            .map(|row| (row.get::<i64, _>(0).cast_unsigned(), Bytes::from(row.get::<Vec<u8>, _>(1))))
            .collect();
        Ok((current.cast_unsigned(), patches))
    }
}
