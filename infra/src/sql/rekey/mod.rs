//! New keys for what is sealed, while the system runs; and sealing what lay open before there were keys.
//!
//! A session's row names the key that seals its store, and every writer holds that row: once the row names the new key,
//! nothing more is sealed with the old one, and the store's rows are sealed anew in batches that hold the row, too. A
//! webhook's row names the key of its own values. Readers take any key, which each value names. Keys that a row names
//! cannot be deleted (a foreign key sees to it), so whatever is cut short is taken up where it stopped.

mod first;
mod store;
mod webhooks;

pub(super) use first::seal_all;

use sea_orm::{ConnectionTrait, SqlErr, Statement};
use wagate_domain::{WorkspaceId, ports::PortResult};

use super::{
    Database,
    data_keys::{self, Stored, newest, refused},
    error::sql_error,
    rows::parse,
    wa::column,
};

/// Data keys that are wrapped anew in one transaction.
const WRAPPED_AT_ONCE: usize = 200;
/// How often a workspace is gone through before the rest is left for another time: sessions and webhooks that were being
/// made under the old key are found by the next round.
const ROUNDS: usize = 5;

/// How far a rotation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// So many data keys were wrapped by the ring's first key, of this id.
    Wrapped {
        /// Data keys that another key had wrapped.
        keys: u64,
        /// Values of no workspace that another key had sealed.
        values: u64,
        /// The ring's first key.
        by: String,
    },
    /// One workspace's values are sealed with its newest key.
    Workspace {
        /// Which one.
        workspace: WorkspaceId,
        /// Values that were sealed with an older key.
        values: u64,
        /// Older keys that were deleted.
        deleted: u64,
        /// Whether an older key is in use still; another run finds it.
        left: bool,
    },
}

impl Database {
    /// Wraps every data key by the ring's first key, seals what belongs to no workspace with it, then gives each workspace a new data key and seals every value
    /// with it, in bounded batches. Other processes may read and write meanwhile. One that was cut short is taken up by
    /// the next. `tell` is told of each step.
    ///
    /// # Errors
    /// As the database reports them, and when the ring cannot open a data key; what was done stays done.
    pub async fn rotate_keys(&self, tell: &(dyn Fn(Rotated) + Sync)) -> PortResult<()> {
        let keys = self.wrap_keys().await?;
        let values = self.seal_ring_values().await?;
        tell(Rotated::Wrapped { keys, values, by: self.keys().ring().first().to_owned() });
        for workspace in self.workspaces_with_keys().await? {
            tell(self.renew(workspace).await?);
        }
        Ok(())
    }

    async fn wrap_keys(&self) -> PortResult<u64> {
        let ring = self.keys().ring();
        let old = format!("ring_key <> $1 ORDER BY id LIMIT {WRAPPED_AT_ONCE}");
        let mut wrapped = 0;
        loop {
            let tx = self.begin().await?;
            let keys = data_keys::select(&tx, &old, [ring.first().into()]).await?;
            if keys.is_empty() {
                return Ok(wrapped);
            }
            for Stored { id, workspace, wrapped: known } in keys {
                let anew = ring.rewrap(workspace, id, &known).map_err(refused)?;
                let update = Statement::from_sql_and_values(
                    tx.get_database_backend(),
                    "UPDATE data_keys SET ring_key = $1, wrapped = $2 WHERE id = $3 AND ring_key = $4",
                    [anew.ring_key.into(), anew.bytes.into(), id.to_string().into(), known.ring_key.into()],
                );
                wrapped += tx.execute_raw(update).await.map_err(sql_error)?.rows_affected();
            }
            tx.commit().await.map_err(sql_error)?;
        }
    }

    async fn workspaces_with_keys(&self) -> PortResult<Vec<WorkspaceId>> {
        let sql = "SELECT DISTINCT workspace_id FROM data_keys ORDER BY workspace_id";
        let select = Statement::from_string(self.read().get_database_backend(), sql);
        let rows = self.read().query_all_raw(select).await.map_err(sql_error)?;
        rows.iter().map(|row| parse("workspace id", &column::<String>(row, "workspace_id")?)).collect()
    }

    /// Gives a workspace a new data key, unless it has one whose predecessors are in use still.
    async fn renew(&self, workspace: WorkspaceId) -> PortResult<Rotated> {
        let Some(number) = self.next_key(workspace).await? else {
            return Ok(Rotated::Workspace { workspace, values: 0, deleted: 0, left: false });
        };
        let (mut values, mut deleted) = (0, None);
        let mut all = true;
        for _ in 0..ROUNDS {
            values += self.renew_sessions(workspace, all).await? + self.renew_webhooks(workspace).await?;
            all = false;
            deleted = self.delete_older(workspace, number).await?;
            if deleted.is_some() {
                break;
            }
        }
        let left = deleted.is_none();
        Ok(Rotated::Workspace { workspace, values, deleted: deleted.unwrap_or_default(), left })
    }

    /// Number of the key that a workspace's values are to be sealed with.
    async fn next_key(&self, workspace: WorkspaceId) -> PortResult<Option<i64>> {
        let tx = self.begin().await?;
        let Some((last, _)) = newest(&tx, workspace).await? else { return Ok(None) };
        let known = data_keys::select(&tx, "workspace_id = $1", [workspace.to_string().into()]).await?;
        let next = if known.len() > 1 { last } else { last + 1 };
        if next > last {
            self.keys().add(&tx, workspace, next).await?;
        }
        tx.commit().await.map_err(sql_error)?;
        Ok(Some(next))
    }

    /// Deletes the keys before a number; `None` when one is in use.
    async fn delete_older(&self, workspace: WorkspaceId, number: i64) -> PortResult<Option<u64>> {
        let tx = self.begin().await?;
        let delete = Statement::from_sql_and_values(
            tx.get_database_backend(),
            "DELETE FROM data_keys WHERE workspace_id = $1 AND number < $2",
            [workspace.to_string().into(), number.into()],
        );
        match tx.execute_raw(delete).await {
            Ok(done) => {
                tx.commit().await.map_err(sql_error)?;
                Ok(Some(done.rows_affected()))
            }
            Err(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))) => {
                Ok(None)
            }
            Err(error) => Err(sql_error(error)),
        }
    }
}
