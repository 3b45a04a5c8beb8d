//! The stores of sessions.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    Statement, Value,
    sea_query::{Expr, LockType, Order, Query},
};
use wagate_domain::{SessionId, WorkspaceId, ports::PortResult, sessions::SessionKey};

use crate::{
    seal::DataKey,
    sql::{
        Database,
        data_keys::DataKeys,
        error::{internal, sql_error},
        rows::{
            parse,
            session::{Column, Entity, place},
        },
        wa::{TABLES, Table, column, scope},
    },
};

/// Rows that are sealed in one transaction: a session's owner waits for no more than that.
const ROWS: u64 = 200;

/// How the values lie that are to be sealed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Old<'a> {
    /// Sealed with any key of these.
    Sealed(&'a DataKeys),
    /// As they are.
    Open,
}

/// A batch of rows that were sealed.
pub(super) struct Batch {
    pub(super) values: u64,
    /// The last row's key, when there may be more.
    pub(super) last: Option<Vec<Value>>,
}

impl Database {
    /// Seals a workspace's stores with its newest key: all, or those whose session does not name it. Returns how many
    /// values were sealed anew.
    pub(super) async fn renew_sessions(&self, workspace: WorkspaceId, all: bool) -> PortResult<u64> {
        let mut values = 0;
        let tx = self.begin().await?;
        let key = self.keys().current(&tx, workspace).await?;
        tx.commit().await.map_err(sql_error)?;
        for (session, named) in self.sessions_of(workspace).await? {
            if all || named.as_deref() != Some(key.id().to_string().as_str()) {
                self.name(session, &key).await?;
                for table in TABLES.iter().filter(|table| !table.sealed.is_empty()) {
                    values += self.renew_table(session, table, &key).await?;
                }
            }
        }
        Ok(values)
    }

    async fn sessions_of(&self, workspace: WorkspaceId) -> PortResult<Vec<(SessionKey, Option<String>)>> {
        let select = Statement::from_sql_and_values(
            self.read().get_database_backend(),
            "SELECT id, data_key FROM sessions WHERE workspace_id = $1 ORDER BY id",
            [workspace.to_string().into()],
        );
        let rows = self.read().query_all_raw(select).await.map_err(sql_error)?;
        let read = |row| {
            let id: SessionId = parse("session id", &column::<String>(row, "id")?)?;
            Ok((SessionKey { workspace, id }, column(row, "data_key")?))
        };
        rows.iter().map(read).collect()
    }

    /// From now on the session's store is sealed with this key, and its proxy is. Waits for the writes that are under way.
    async fn name(&self, session: SessionKey, key: &DataKey) -> PortResult<()> {
        let tx = self.begin().await?;
        let row = Entity::find_by_id(session.id.to_string()).lock(LockType::NoKeyUpdate).one(&tx).await;
        let Some(row) = row.map_err(sql_error)? else { return Ok(()) };
        let proxy = match &row.proxy {
            Some(sealed) => {
                let plain = self.keys().open(&tx, &place(session), sealed).await?;
                Some(key.seal(&place(session), &plain).map_err(internal)?)
            }
            None => None,
        };
        Entity::update_many()
            .col_expr(Column::DataKey, Expr::value(key.id().to_string()))
            .col_expr(Column::Proxy, Expr::value(proxy))
            .filter(Column::Id.eq(row.id))
            .exec(&tx)
            .await
            .map_err(sql_error)?;
        tx.commit().await.map_err(sql_error)
    }

    async fn renew_table(&self, session: SessionKey, table: &Table, key: &Arc<DataKey>) -> PortResult<u64> {
        let (mut values, mut after) = (0, None);
        loop {
            let tx = self.begin().await?;
            let lock = if self.is_postgres() { " FOR NO KEY UPDATE" } else { "" };
            let hold = Statement::from_sql_and_values(
                tx.get_database_backend(),
                format!("SELECT 1 FROM sessions WHERE id = $1{lock}"),
                [session.id.to_string().into()],
            );
            tx.query_one_raw(hold).await.map_err(sql_error)?;
            let batch = seal_batch(&tx, session, table, (Old::Sealed(self.keys()), key), after).await?;
            tx.commit().await.map_err(sql_error)?;
            values += batch.values;
            after = batch.last;
            if after.is_none() {
                return Ok(values);
            }
        }
    }
}

/// Seals the rows after a key with another data key. Whoever calls it holds the session's row.
pub(super) async fn seal_batch(
    tx: &DatabaseTransaction,
    session: SessionKey,
    table: &Table,
    (old, key): (Old<'_>, &Arc<DataKey>),
    after: Option<Vec<Value>>,
) -> PortResult<Batch> {
    let columns: Vec<&'static str> = table.key.iter().chain(table.sealed).copied().collect();
    let mut select = table.select(session, &columns);
    for column in table.key {
        select.order_by(*column, Order::Asc);
    }
    if let Some(after) = after {
        let place = Expr::tuple(table.key.iter().map(|column| Expr::col(*column)));
        select.and_where(place.gt(Expr::tuple(after.into_iter().map(Expr::value))));
    }
    let rows = tx.query_all(select.limit(ROWS)).await.map_err(sql_error)?;
    let mut batch = Batch { values: 0, last: None };
    for row in &rows {
        let row_key = table.key_of(row)?;
        let mut update = Query::update();
        update.table(table.name).and_where(scope(session));
        let mut changed = 0;
        for name in table.sealed {
            let (place, stored) = (table.place(session, name, &row_key), column::<Vec<u8>>(row, name)?);
            let plain = match old {
                Old::Sealed(_) if stored.is_empty() || key.has_sealed(&stored) => continue,
                Old::Sealed(keys) => keys.open(tx, &place, &stored).await?,
                Old::Open => stored,
            };
            update.value(*name, key.seal(&place, &plain).map_err(internal)?);
            changed += 1;
        }
        if changed > 0 {
            for condition in table.has_key(row_key.clone()) {
                update.and_where(condition);
            }
            tx.execute(&update).await.map_err(sql_error)?;
        }
        batch.values += changed;
        batch.last = Some(row_key);
    }
    // a table without a key has one row
    if (rows.len() as u64) < ROWS || table.key.is_empty() {
        batch.last = None;
    }
    Ok(batch)
}
