//! One table of the store: how its rows are written, found and removed.

use std::{borrow::Cow, sync::Arc};

use sea_orm::{
    Condition, ExprTrait, QueryResult, Value,
    sea_query::{DeleteStatement, Expr, InsertStatement, OnConflict, Query, SelectStatement, SimpleExpr},
};
use wagate_domain::{ports::PortResult, sessions::SessionKey};

use super::column;
use crate::{
    seal::{DataKey, Place},
    sql::error::internal,
};

/// Parameters of one statement, well below what either database takes.
pub(super) const PARAMETERS: usize = 10_000;
/// Keys of one `OR`; SQLite refuses expressions nested deeper than 1,000.
const ALTERNATIVES: usize = 200;

/// A table: its columns are the session's, then `key` (unique within a session), `sealed`, `values`.
#[derive(Debug, Clone, Copy)]
pub(in crate::sql) struct Table {
    pub(in crate::sql) name: &'static str,
    pub(in crate::sql) key: &'static [&'static str],
    /// Binary, and never written as they are.
    pub(in crate::sql) sealed: &'static [&'static str],
    pub(super) values: &'static [&'static str],
}

/// A row: the values of each kind of column, in the table's order.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) key: Vec<Value>,
    /// As they are; sealed when they are written.
    pub(super) sealed: Vec<Vec<u8>>,
    pub(super) values: Vec<Value>,
}

impl Row {
    /// A row with a record and nothing else.
    pub(super) fn record(key: Vec<Value>, record: &[u8]) -> Self {
        Self { key, sealed: vec![record.to_vec()], values: Vec::new() }
    }
}

/// A session whose row the writer holds: nobody else writes to its store, and this is the key that seals.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) session: SessionKey,
    pub(super) key: Arc<DataKey>,
}

impl Table {
    /// Upserts of all rows, as few statements as the parameters allow. Keys must differ.
    pub(super) fn upserts(&self, held: &Held, rows: Vec<Row>) -> PortResult<Vec<InsertStatement>> {
        self.upserts_of(rows.into_iter().map(|row| (held.clone(), row)).collect())
    }

    /// Upserts of rows of several sessions.
    pub(super) fn upserts_of(&self, rows: Vec<(Held, Row)>) -> PortResult<Vec<InsertStatement>> {
        let mut rewrite = self.on_key();
        rewrite.update_columns(self.sealed.iter().chain(self.values).copied());
        self.inserts_of(rows, &rewrite)
    }

    /// The conflict with a row of the same key.
    pub(super) fn on_key(&self) -> OnConflict {
        OnConflict::columns(["session_id"].into_iter().chain(self.key.iter().copied()))
    }

    /// Inserts of all rows that do `conflict` where the key exists.
    pub(super) fn inserts(
        &self,
        held: &Held,
        rows: Vec<Row>,
        conflict: &OnConflict,
    ) -> PortResult<Vec<InsertStatement>> {
        self.inserts_of(rows.into_iter().map(|row| (held.clone(), row)).collect(), conflict)
    }

    fn inserts_of(&self, rows: Vec<(Held, Row)>, conflict: &OnConflict) -> PortResult<Vec<InsertStatement>> {
        let width = 2 + self.key.len() + self.sealed.len() + self.values.len();
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
                    .chain(self.sealed.iter().copied())
                    .chain(self.values.iter().copied()),
            );
            for (held, row) in rows.by_ref().take(count) {
                let session = held.session;
                let sealed = self.seal(&held, &row)?;
                let scope =
                    [session.workspace.to_string(), session.id.to_string()].map(Value::from).into_iter();
                let row = scope.chain(row.key).chain(sealed).chain(row.values);
                insert.values(row.map(Expr::value)).map_err(internal)?;
            }
            insert.on_conflict(conflict.clone());
            statements.push(insert);
        }
        Ok(statements)
    }

    fn seal(&self, held: &Held, row: &Row) -> PortResult<Vec<Value>> {
        let seal = |(column, plain): (&&'static str, &Vec<u8>)| {
            let place = self.place(held.session, column, &row.key);
            held.key.seal(&place, plain).map(Value::from).map_err(internal)
        };
        self.sealed.iter().zip(&row.sealed).map(seal).collect()
    }

    /// The place of a column in the row of a key.
    pub(in crate::sql) fn place(&self, session: SessionKey, column: &str, key: &[Value]) -> Place {
        let id = Cow::Owned(session.id.to_string().into_bytes());
        Place::new(session.workspace, self.name, column, std::iter::once(id).chain(key.iter().map(bytes_of)))
    }

    /// The key of a row that has all of its columns.
    pub(in crate::sql) fn key_of(&self, row: &QueryResult) -> PortResult<Vec<Value>> {
        let part = |name: &&str| {
            Ok(match *name {
                "id" => column::<i64>(row, name)?.into(),
                "key_id" | "index_mac" => column::<Vec<u8>>(row, name)?.into(),
                name => column::<String>(row, name)?.into(),
            })
        };
        self.key.iter().map(part).collect()
    }

    /// A selection of columns of one session's rows.
    pub(in crate::sql) fn select(&self, session: SessionKey, columns: &[&'static str]) -> SelectStatement {
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
        let delete = |these| {
            let mut delete = self.delete(session);
            delete.cond_where(these);
            delete
        };
        self.these(keys).into_iter().map(delete).collect()
    }

    /// Conditions that hold of the rows of these keys, each of as many as a statement takes.
    pub(super) fn these(&self, keys: Vec<Vec<Value>>) -> Vec<Condition> {
        let mut keys = keys.into_iter().peekable();
        let mut conditions = Vec::new();
        while keys.peek().is_some() {
            let each = |key| self.has_key(key).fold(Condition::all(), Condition::add);
            conditions
                .push(keys.by_ref().take(ALTERNATIVES).map(each).fold(Condition::any(), Condition::add));
        }
        conditions
    }

    pub(in crate::sql) fn has_key(&self, key: Vec<Value>) -> impl Iterator<Item = SimpleExpr> {
        self.key.iter().zip(key).map(|(column, value)| Expr::col(*column).eq(value))
    }
}

/// A part of a key as bytes; each column has parts of one kind.
fn bytes_of(part: &Value) -> Cow<'_, [u8]> {
    match part {
        Value::String(Some(text)) => text.as_bytes().into(),
        Value::Bytes(Some(bytes)) => bytes.as_slice().into(),
        Value::BigInt(Some(number)) => number.to_be_bytes().to_vec().into(),
        other => other.to_string().into_bytes().into(),
    }
}

/// Rows of one session only. The tenant is named too, so that no row of another can be reached.
pub(in crate::sql) fn scope(session: SessionKey) -> SimpleExpr {
    Expr::col("session_id")
        .eq(session.id.to_string())
        .and(Expr::col("workspace_id").eq(session.workspace.to_string()))
}
