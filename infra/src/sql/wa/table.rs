//! One table of the store: how its rows are written, found and removed.

use sea_orm::{
    Condition, ExprTrait, Value,
    sea_query::{DeleteStatement, Expr, InsertStatement, OnConflict, Query, SelectStatement, SimpleExpr},
};
use wagate_domain::{ports::PortResult, sessions::SessionKey};

use crate::sql::error::internal;

/// Parameters of one statement, well below what either database takes.
pub(super) const PARAMETERS: usize = 10_000;
/// Keys of one `OR`; SQLite refuses expressions nested deeper than 1,000.
const ALTERNATIVES: usize = 200;

/// A table: its columns are the session's, then `key` (unique within a session), then `values`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) key: &'static [&'static str],
    pub(super) values: &'static [&'static str],
}

/// A row's key and values, in the order of the table's columns.
pub(super) type Row = (Vec<Value>, Vec<Value>);

impl Table {
    /// Upserts of all rows, as few statements as the parameters allow. Keys must differ.
    pub(super) fn upserts(&self, session: SessionKey, rows: Vec<Row>) -> PortResult<Vec<InsertStatement>> {
        self.upserts_of(rows.into_iter().map(|row| (session, row)).collect())
    }

    /// Upserts of rows of several sessions.
    pub(super) fn upserts_of(&self, rows: Vec<(SessionKey, Row)>) -> PortResult<Vec<InsertStatement>> {
        let mut rewrite = self.on_key();
        rewrite.update_columns(self.values.iter().copied());
        self.inserts_of(rows, &rewrite)
    }

    /// The conflict with a row of the same key.
    pub(super) fn on_key(&self) -> OnConflict {
        OnConflict::columns(["session_id"].into_iter().chain(self.key.iter().copied()))
    }

    /// Inserts of all rows that do `conflict` where the key exists.
    pub(super) fn inserts(
        &self,
        session: SessionKey,
        rows: Vec<Row>,
        conflict: &OnConflict,
    ) -> PortResult<Vec<InsertStatement>> {
        self.inserts_of(rows.into_iter().map(|row| (session, row)).collect(), conflict)
    }

    fn inserts_of(
        &self,
        rows: Vec<(SessionKey, Row)>,
        conflict: &OnConflict,
    ) -> PortResult<Vec<InsertStatement>> {
        let width = 2 + self.key.len() + self.values.len();
        let mut rows = rows.into_iter();
        let mut statements = Vec::new();
        while rows.len() > 0 {
            // powers of two: few texts, so that the driver finds those again that it has prepared
            let count = 1 << Ord::min(rows.len(), PARAMETERS / width).ilog2();
            let mut insert = Query::insert();
            insert.into_table(self.name).columns(
                ["workspace_id", "session_id"]
                    .into_iter()
                    .chain(self.key.iter().copied())
                    .chain(self.values.iter().copied()),
            );
            for (session, (key, values)) in rows.by_ref().take(count) {
                let scope =
                    [session.workspace.to_string(), session.id.to_string()].map(Value::from).into_iter();
                let row: Vec<SimpleExpr> = scope.chain(key).chain(values).map(Expr::value).collect();
                insert.values(row).map_err(internal)?;
            }
            insert.on_conflict(conflict.clone());
            statements.push(insert);
        }
        Ok(statements)
    }

    /// A selection of columns of one session's rows.
    pub(super) fn select(&self, session: SessionKey, columns: &[&'static str]) -> SelectStatement {
        let mut select = Query::select();
        select.columns(columns.iter().copied()).from(self.name).and_where(scope(session));
        select
    }

    /// The row of a key.
    pub(super) fn find(
        &self,
        session: SessionKey,
        columns: &[&'static str],
        key: Vec<Value>,
    ) -> SelectStatement {
        let mut select = self.select(session, columns);
        for condition in self.has_key(key) {
            select.and_where(condition);
        }
        select
    }

    /// A deletion of one session's rows.
    pub(super) fn delete(&self, session: SessionKey) -> DeleteStatement {
        let mut delete = Query::delete();
        delete.from_table(self.name).and_where(scope(session));
        delete
    }

    /// Deletions of the rows of these keys.
    pub(super) fn deletes(&self, session: SessionKey, keys: Vec<Vec<Value>>) -> Vec<DeleteStatement> {
        let mut keys = keys.into_iter().peekable();
        let mut statements = Vec::new();
        while keys.peek().is_some() {
            let mut any = Condition::any();
            for key in keys.by_ref().take(ALTERNATIVES) {
                any = any.add(self.has_key(key).fold(Condition::all(), Condition::add));
            }
            let mut delete = self.delete(session);
            delete.cond_where(any);
            statements.push(delete);
        }
        statements
    }

    fn has_key(&self, key: Vec<Value>) -> impl Iterator<Item = SimpleExpr> {
        self.key.iter().zip(key).map(|(column, value)| Expr::col(*column).eq(value))
    }
}

/// Rows of one session only. The tenant is named too, so that no row of another can be reached.
fn scope(session: SessionKey) -> SimpleExpr {
    Expr::col("session_id")
        .eq(session.id.to_string())
        .and(Expr::col("workspace_id").eq(session.workspace.to_string()))
}
