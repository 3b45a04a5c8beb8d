//! Another phone number for an account: every row about it moves.

use anyhow::Result;
use sqlx::{QueryBuilder, Row, Sqlite, query};

use super::State;

/// Columns that hold the number of an account; every part names them so.
const COLUMNS: &str = "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
                       WHERE t.type = 'table' AND c.name IN ('pn', 'peer', 'issuer', 'holder')";

impl State {
    /// Gives what is stored of one account to another number, which has nothing yet.
    pub(crate) async fn renumber(&self, old: u64, new: u64) -> Result<()> {
        self.journal
            .run(move |connection| {
                Box::pin(async move {
                    for row in query(COLUMNS).fetch_all(&mut *connection).await? {
                        let (table, column): (String, String) = (row.get(0), row.get(1));
                        let mut update =
                            QueryBuilder::<Sqlite>::new(format!("UPDATE OR REPLACE {table} SET {column} = "));
                        update.push_bind(new.cast_signed());
                        update.push(format!(" WHERE {column} = ")).push_bind(old.cast_signed());
                        update.build().execute(&mut *connection).await?;
                    }
                    query("UPDATE OR REPLACE pictures SET owner = ? WHERE owner = ?")
                        .bind(new.to_string())
                        .bind(old.to_string())
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
