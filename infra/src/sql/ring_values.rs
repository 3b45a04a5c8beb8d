//! Secrets that belong to no workspace: keys that sign tokens, secrets of authenticators, links in mails. Each lies sealed by
//! the ring itself, as text.

use sea_orm::{ConnectionTrait, Statement};
use wagate_domain::ports::PortResult;

use super::{Database, data_keys::refused, error::sql_error, wa::column};
use crate::seal::Ring;

/// Rows that are sealed anew in one transaction.
const AT_ONCE: usize = 200;

/// A column that the ring seals.
#[derive(Debug, Clone, Copy)]
pub(super) struct RingColumn {
    table: &'static str,
    /// The column that tells rows apart.
    key: &'static str,
    column: &'static str,
}

/// The seed of a key that signs access tokens.
pub(super) const SIGNING_KEY: RingColumn =
    RingColumn { table: "signing_keys", key: "kid", column: "private" };
/// The secret of an authenticator.
pub(super) const AUTHENTICATOR: RingColumn =
    RingColumn { table: "second_factors", key: "user_id", column: "secret" };
/// What a mail says.
pub(super) const LETTER: RingColumn = RingColumn { table: "outbox", key: "id", column: "letter" };

const ALL: [RingColumn; 3] = [SIGNING_KEY, AUTHENTICATOR, LETTER];

impl RingColumn {
    fn place(self, row: &str) -> String {
        format!("{} {} {row}", self.table, self.column)
    }

    /// Seals the value of a row.
    pub(super) fn seal(self, ring: &Ring, row: &str, plain: &str) -> String {
        ring.seal(&self.place(row), plain)
    }

    /// The value of a row.
    pub(super) fn open(self, ring: &Ring, row: &str, sealed: &str) -> PortResult<String> {
        ring.open(&self.place(row), sealed).map_err(refused)
    }
}

impl Database {
    /// Seals with the ring's first key what another one sealed; how many values that were.
    pub(super) async fn seal_ring_values(&self) -> PortResult<u64> {
        let mut sealed = 0;
        for column in ALL {
            while let Some(count) = self.seal_some(column).await? {
                sealed += count;
            }
        }
        Ok(sealed)
    }

    /// Seals some values of a column anew; `None` when there is none left. What changes meanwhile is found next time.
    async fn seal_some(&self, of: RingColumn) -> PortResult<Option<u64>> {
        let ring = self.keys().ring();
        let RingColumn { table, key, column: name } = of;
        let first = format!("{}:", ring.first());
        let tx = self.begin().await?;
        let old = Statement::from_sql_and_values(
            tx.get_database_backend(),
            format!(
                "SELECT {key} AS k, {name} AS v FROM {table}
                 WHERE {name} IS NOT NULL AND substr({name}, 1, {}) <> $1 LIMIT {AT_ONCE}",
                first.len()
            ),
            [first.into()],
        );
        let rows = tx.query_all_raw(old).await.map_err(sql_error)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut count = 0;
        for row in rows {
            let (id, known): (String, String) = (column(&row, "k")?, column(&row, "v")?);
            let anew = of.seal(ring, &id, &of.open(ring, &id, &known)?);
            let update = Statement::from_sql_and_values(
                tx.get_database_backend(),
                format!("UPDATE {table} SET {name} = $1 WHERE {key} = $2 AND {name} = $3"),
                [anew.into(), id.into(), known.into()],
            );
            count += tx.execute_raw(update).await.map_err(sql_error)?.rows_affected();
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(Some(count))
    }
}
