//! What accounts may not do for a time.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

/// Table of restrictions; `what` is JSON.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS restrictions (
    pn INTEGER NOT NULL,
    kind TEXT NOT NULL,
    begins INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (pn, kind)
) WITHOUT ROWID;
";

/// A restriction as stored; times in unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RestrictionRow {
    pub(crate) pn: u64,
    pub(crate) kind: &'static str,
    pub(crate) begins: u64,
    pub(crate) ends: u64,
    pub(crate) what: String,
}

impl State {
    /// Account, begin, end and content of every restriction.
    pub(crate) async fn restrictions(&self) -> Result<Vec<(u64, u64, u64, String)>> {
        let rows = query("SELECT pn, begins, ends, what FROM restrictions").fetch_all(&self.readers).await?;
        let number = |row: &sqlx::sqlite::SqliteRow, column: usize| row.get::<i64, _>(column).cast_unsigned();
        Ok(rows.iter().map(|row| (number(row, 0), number(row, 1), number(row, 2), row.get(3))).collect())
    }

    /// Writes a restriction; an account has one of each kind.
    pub(crate) async fn save_restriction(&self, row: RestrictionRow) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("INSERT OR REPLACE INTO restrictions (pn, kind, begins, ends, what) VALUES (?, ?, ?, ?, ?)")
                        .bind(row.pn.cast_signed())
                        .bind(row.kind)
                        .bind(row.begins.cast_signed())
                        .bind(row.ends.cast_signed())
                        .bind(row.what)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Removes a restriction.
    pub(crate) async fn drop_restriction(&self, pn: u64, kind: &'static str) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    query("DELETE FROM restrictions WHERE pn = ? AND kind = ?")
                        .bind(pn.cast_signed())
                        .bind(kind)
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
