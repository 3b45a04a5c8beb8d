//! Data keys: on record as the ring wrapped them, in memory ready for use.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, Value};
use wagate_domain::{
    WorkspaceId,
    ports::{PortError, PortResult},
};

use super::{
    error::{internal, sql_error, unavailable},
    rows::parse,
    wa::column,
};
use crate::seal::{DataKey, DataKeyId, Place, Ring, RingError, Wrapped};

/// Most keys that are kept ready.
const READY: usize = 20_000;

/// A key that nothing can be opened without is missing.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}; what is on record was sealed with another ring: put that key back into encryption.keys \
     (or encryption.key_file), see docs/encryption.md"
)]
struct WrongRing(RingError);

/// A row was read before its key was replaced, and the key is gone.
#[derive(Debug, thiserror::Error)]
#[error(
    "the data key {0} is not on record; what it sealed was sealed anew a moment ago, or the key was lost"
)]
struct Gone(DataKeyId);

/// The data keys of all workspaces.
///
/// A key that was remembered and never came on record does no harm: what seals is chosen by the record alone.
pub(super) struct DataKeys {
    ring: Ring,
    ready: Mutex<HashMap<(WorkspaceId, DataKeyId), Arc<DataKey>>>,
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeys").field("ring", &self.ring).finish_non_exhaustive()
    }
}

/// A data key as it is on record.
pub(super) struct Stored {
    pub(super) id: DataKeyId,
    pub(super) workspace: WorkspaceId,
    pub(super) wrapped: Wrapped,
}

/// Columns of [`Stored`].
const COLUMNS: &str = "id, workspace_id, ring_key, wrapped";

impl DataKeys {
    pub(super) fn new(ring: Ring) -> Self {
        Self { ring, ready: Mutex::default() }
    }

    pub(super) const fn ring(&self) -> &Ring {
        &self.ring
    }

    /// A key of a workspace.
    pub(super) async fn get(
        &self,
        on: &impl ConnectionTrait,
        workspace: WorkspaceId,
        id: DataKeyId,
    ) -> PortResult<Arc<DataKey>> {
        if let Some(key) = self.ready().get(&(workspace, id)) {
            return Ok(Arc::clone(key));
        }
        let filter = "workspace_id = $1 AND id = $2";
        let found = select(on, filter, [workspace.to_string().into(), id.to_string().into()]).await?;
        let stored = found.into_iter().next().ok_or_else(|| unavailable(Gone(id)))?;
        self.remember(&stored)
    }

    /// The key that a workspace's values are sealed with; made when it has none.
    pub(super) async fn current(
        &self,
        tx: &DatabaseTransaction,
        workspace: WorkspaceId,
    ) -> PortResult<Arc<DataKey>> {
        let stored = match newest(tx, workspace).await? {
            Some((_, stored)) => stored,
            None => self.add(tx, workspace, 1).await?,
        };
        let known = self.ready().get(&(workspace, stored.id)).cloned();
        known.map_or_else(|| self.remember(&stored), Ok)
    }

    /// Makes the key of a number, or finds the one that somebody else made.
    pub(super) async fn add(
        &self,
        tx: &DatabaseTransaction,
        workspace: WorkspaceId,
        number: i64,
    ) -> PortResult<Stored> {
        let (id, wrapped) = self.ring.make(workspace);
        let insert = Statement::from_sql_and_values(
            tx.get_database_backend(),
            "INSERT INTO data_keys (id, workspace_id, number, ring_key, wrapped) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (workspace_id, number) DO NOTHING",
            [
                id.to_string().into(),
                workspace.to_string().into(),
                number.into(),
                wrapped.ring_key.into(),
                wrapped.bytes.into(),
            ],
        );
        tx.execute_raw(insert).await.map_err(sql_error)?;
        let found =
            select(tx, "workspace_id = $1 AND number = $2", [workspace.to_string().into(), number.into()]);
        found.await?.into_iter().next().ok_or_else(|| internal("a data key vanished as it was made"))
    }

    /// Opens a value of a place with the key that it names.
    pub(super) async fn open(
        &self,
        on: &impl ConnectionTrait,
        place: &Place,
        sealed: &[u8],
    ) -> PortResult<Vec<u8>> {
        if sealed.is_empty() {
            return Ok(Vec::new());
        }
        let id = DataKeyId::of(sealed).map_err(internal)?;
        let key = self.get(on, place.workspace(), id).await?;
        key.open(place, sealed).map_err(internal)
    }

    /// Refuses a ring that cannot open what is on record.
    pub(super) async fn check(&self, tx: &DatabaseTransaction) -> PortResult<()> {
        let one_each = "id IN (SELECT MIN(id) FROM data_keys GROUP BY ring_key)";
        for stored in select(tx, one_each, []).await? {
            self.remember(&stored)?;
        }
        Ok(())
    }

    fn remember(&self, stored: &Stored) -> PortResult<Arc<DataKey>> {
        let key = Arc::new(self.ring.unwrap(stored.workspace, stored.id, &stored.wrapped).map_err(refused)?);
        let mut ready = self.ready();
        if ready.len() >= READY {
            ready.clear();
        }
        ready.insert((stored.workspace, stored.id), Arc::clone(&key));
        Ok(key)
    }

    fn ready(&self) -> MutexGuard<'_, HashMap<(WorkspaceId, DataKeyId), Arc<DataKey>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to say of a ring that cannot open a data key.
pub(super) fn refused(error: RingError) -> PortError {
    internal(WrongRing(error))
}

/// A workspace's newest key and its number.
pub(super) async fn newest(
    on: &impl ConnectionTrait,
    workspace: WorkspaceId,
) -> PortResult<Option<(i64, Stored)>> {
    let sql = format!(
        "SELECT number, {COLUMNS} FROM data_keys WHERE workspace_id = $1 ORDER BY number DESC LIMIT 1"
    );
    let values = [workspace.to_string().into()];
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    let row = on.query_one_raw(statement).await.map_err(sql_error)?;
    row.map(|row| Ok((column(&row, "number")?, Stored::read(&row)?))).transpose()
}

/// Keys on record.
pub(super) async fn select<const N: usize>(
    on: &impl ConnectionTrait,
    filter: &str,
    values: [Value; N],
) -> PortResult<Vec<Stored>> {
    let sql = format!("SELECT {COLUMNS} FROM data_keys WHERE {filter}");
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    let rows = on.query_all_raw(statement).await.map_err(sql_error)?;
    rows.iter().map(Stored::read).collect()
}

impl Stored {
    fn read(row: &QueryResult) -> PortResult<Self> {
        let (id, workspace): (String, String) = (column(row, "id")?, column(row, "workspace_id")?);
        Ok(Self {
            id: parse("data key id", &id)?,
            workspace: parse("workspace id", &workspace)?,
            wrapped: Wrapped { ring_key: column(row, "ring_key")?, bytes: column(row, "wrapped")? },
        })
    }
}
