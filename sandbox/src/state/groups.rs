//! Groups: one row each, read and written whole.

use anyhow::Result;
use sqlx::{Row, query};

use super::State;

pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS group_records (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
";

impl State {
    /// Every stored group, as JSON.
    pub(crate) async fn load_groups(&self) -> Result<Vec<String>> {
        let rows = query("SELECT body FROM group_records ORDER BY id").fetch_all(&self.readers).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Writes groups together, and removes those without a body.
    pub(crate) async fn save_groups(&self, groups: Vec<(u64, Option<String>)>) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    for (id, body) in groups {
                        let statement = match &body {
                            Some(_) => query("INSERT OR REPLACE INTO group_records (id, body) VALUES (?, ?)"),
                            None => query("DELETE FROM group_records WHERE id = ?"),
                        };
                        let statement = statement.bind(id.cast_signed());
                        let statement = match body {
                            Some(body) => statement.bind(body),
                            None => statement,
                        };
                        statement.execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
