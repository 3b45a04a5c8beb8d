//! The end of tenants: the step from which there is no way back, and what is removed after it.

mod tables;

use std::collections::BTreeSet;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, Value};
use wagate_domain::{
    Timestamp, WorkspaceId,
    events::Event,
    ports::{Due, PortResult, Removals},
    workspaces::Tombstone,
};

use super::{Database, error::sql_error, rows::parse, wa::column};

/// Whose removal may begin: every export has ended, and where one is asked for, one that was begun since is done.
const READY: &str = "deletion_due_at <= $1
    AND NOT EXISTS (SELECT 1 FROM exports
        WHERE exports.workspace_id = workspaces.id AND exports.state IN ('waiting', 'running'))
    AND (NOT deletion_exports OR EXISTS (SELECT 1 FROM exports
        WHERE exports.workspace_id = workspaces.id AND exports.state = 'done'
            AND exports.asked_at >= workspaces.deletion_asked_at))";
const BURY: &str = "INSERT INTO deleted_workspaces (id, name, asked_at, began_at) VALUES ($1, $2, $3, $4)";
const KEEP: &str = "UPDATE exports SET expires_at = $1 WHERE workspace_id = $2 AND expires_at < $1";
const OPEN: &str = "SELECT id FROM deleted_workspaces
    WHERE ended_at IS NULL OR (ended_at > $1 AND swept_at < $2) ORDER BY began_at, id";
const END: &str =
    "UPDATE deleted_workspaces SET ended_at = COALESCE(ended_at, $1), swept_at = $1 WHERE id = $2";

#[async_trait]
impl Removals for Database {
    async fn due(&self, now: Timestamp) -> PortResult<Vec<Due>> {
        let sql =
            format!("SELECT id, unlink_until FROM workspaces WHERE {READY} ORDER BY deletion_due_at, id");
        let rows = self.read().query_all_raw(self.raw(&sql, [now.as_millis().into()])).await;
        let due = |row: &QueryResult| {
            let until: Option<i64> = column(row, "unlink_until")?;
            Ok(Due { workspace: id_of(row)?, unlink_until: until.map(Timestamp::from_millis) })
        };
        rows.map_err(sql_error)?.iter().map(due).collect()
    }

    async fn unlink(&self, workspace: WorkspaceId, until: Timestamp) -> PortResult<()> {
        let sql = "UPDATE workspaces SET unlink_until = $1 WHERE id = $2 AND deletion_due_at IS NOT NULL";
        self.run_alone(sql, [until.as_millis().into(), workspace.to_string().into()]).await
    }

    async fn begin(
        &self,
        workspace: WorkspaceId,
        now: Timestamp,
        exports_until: Timestamp,
    ) -> PortResult<bool> {
        let (id, at) = (workspace.to_string(), now.as_millis());
        let tx = Self::begin(self).await?;
        let take =
            format!("DELETE FROM workspaces WHERE {READY} AND id = $2 RETURNING name, deletion_asked_at");
        let taken = tx.query_one_raw(self.raw(&take, [at.into(), id.clone().into()])).await;
        let Some(row) = taken.map_err(sql_error)? else { return Ok(false) };
        let (name, asked_at): (String, i64) = (column(&row, "name")?, column(&row, "deletion_asked_at")?);
        let bury = self.raw(BURY, [id.clone().into(), name.into(), asked_at.into(), at.into()]);
        tx.execute_raw(bury).await.map_err(sql_error)?;
        let let_go =
            self.raw("UPDATE sessions SET wanted = FALSE WHERE workspace_id = $1", [id.clone().into()]);
        tx.execute_raw(let_go).await.map_err(sql_error)?;
        let keep = self.raw(KEEP, [exports_until.as_millis().into(), id.into()]);
        tx.execute_raw(keep).await.map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)?;
        Ok(true)
    }

    async fn open(&self, ended_after: Timestamp, seen_before: Timestamp) -> PortResult<Vec<WorkspaceId>> {
        let select = self.raw(OPEN, [ended_after.as_millis().into(), seen_before.as_millis().into()]);
        self.read().query_all_raw(select).await.map_err(sql_error)?.iter().map(id_of).collect()
    }

    async fn remove(&self, workspace: WorkspaceId, limit: u32) -> PortResult<u64> {
        let tx = Self::begin(self).await?;
        // of a tenant that is there nothing goes, whoever asks
        if deleted(&tx, &[workspace.to_string()]).await?.is_empty() {
            return Ok(0);
        }
        let removed = tables::remove(&tx, self.is_postgres(), workspace, u64::from(limit)).await?;
        tx.commit().await.map_err(sql_error)?;
        Ok(removed)
    }

    async fn end(&self, workspace: WorkspaceId, now: Timestamp) -> PortResult<()> {
        self.run_alone(END, [now.as_millis().into(), workspace.to_string().into()]).await
    }

    async fn tombstones(&self, before: Option<WorkspaceId>, limit: u32) -> PortResult<Vec<Tombstone>> {
        let sql = "SELECT id, name, asked_at, began_at, ended_at FROM deleted_workspaces
            WHERE $1 IS NULL OR id < $1 ORDER BY id DESC LIMIT $2";
        let sql =
            if self.is_postgres() { sql.replace("$1 IS NULL", "$1::text IS NULL") } else { sql.to_owned() };
        let before = before.map(|before| before.to_string());
        let rows = self.read().query_all_raw(self.raw(&sql, [before.into(), i64::from(limit).into()])).await;
        let moment = |row: &QueryResult, name: &str| column(row, name).map(Timestamp::from_millis);
        let tombstone = |row: &QueryResult| {
            let ended_at: Option<i64> = column(row, "ended_at")?;
            Ok(Tombstone {
                id: id_of(row)?,
                name: column(row, "name")?,
                asked_at: moment(row, "asked_at")?,
                began_at: moment(row, "began_at")?,
                ended_at: ended_at.map(Timestamp::from_millis),
            })
        };
        rows.map_err(sql_error)?.iter().map(tombstone).collect()
    }
}

impl Database {
    fn raw<const N: usize>(&self, sql: &str, values: [Value; N]) -> Statement {
        Statement::from_sql_and_values(self.read().get_database_backend(), sql, values)
    }

    async fn run_alone<const N: usize>(&self, sql: &str, values: [Value; N]) -> PortResult<()> {
        let tx = Self::begin(self).await?;
        tx.execute_raw(self.raw(sql, values)).await.map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }
}

fn id_of(row: &QueryResult) -> PortResult<WorkspaceId> {
    parse("workspace id", &column::<String>(row, "id")?)
}

/// Those of these tenants that have a tombstone.
async fn deleted(tx: &DatabaseTransaction, ids: &[String]) -> PortResult<BTreeSet<String>> {
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!("SELECT id FROM deleted_workspaces WHERE id IN ({})", places.join(", "));
    let values = ids.iter().map(|id| Value::from(id.clone()));
    let select = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    let rows = tx.query_all_raw(select).await.map_err(sql_error)?;
    rows.iter().map(|row| column(row, "id")).collect()
}

/// The events among these whose tenants have no tombstone; `None` when that is all of them.
pub(super) async fn still_there(
    tx: &DatabaseTransaction,
    events: &[Event],
) -> PortResult<Option<Vec<Event>>> {
    let tenants: BTreeSet<WorkspaceId> = events.iter().map(|event| event.workspace).collect();
    let ids: Vec<String> = tenants.iter().map(ToString::to_string).collect();
    let gone = deleted(tx, &ids).await?;
    if gone.is_empty() {
        return Ok(None);
    }
    let there = |event: &&Event| !gone.contains(&event.workspace.to_string());
    Ok(Some(events.iter().filter(there).cloned().collect()))
}
