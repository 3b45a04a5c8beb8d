//! People, what they belong to, and where they are signed in.

mod codes;
mod factors;
mod identities;
mod members;
mod sign_ins;
mod signing_keys;
mod users;

pub use signing_keys::SigningKey;

use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable, Value};
use wagate_domain::{Timestamp, auth::Role, ports::PortResult};

use super::{error::sql_error, rows::unreadable};

/// All rows of a statement.
async fn rows(on: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> PortResult<Vec<QueryResult>> {
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    on.query_all_raw(statement).await.map_err(sql_error)
}

/// The first row of a statement.
async fn row(on: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> PortResult<Option<QueryResult>> {
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    on.query_one_raw(statement).await.map_err(sql_error)
}

/// How many rows a statement changed.
async fn change(on: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> PortResult<u64> {
    let statement = Statement::from_sql_and_values(on.get_database_backend(), sql, values);
    let done = on.execute_raw(statement).await.map_err(sql_error)?;
    Ok(done.rows_affected())
}

/// A column of a row.
fn column<T: TryGetable>(row: &QueryResult, name: &str) -> PortResult<T> {
    row.try_get("", name).map_err(sql_error)
}

/// A column with a moment.
fn moment(row: &QueryResult, name: &str) -> PortResult<Timestamp> {
    column(row, name).map(Timestamp::from_millis)
}

/// A column with a role.
fn role(row: &QueryResult) -> PortResult<Role> {
    let name: String = column(row, "role")?;
    Role::named(&name).ok_or_else(|| unreadable("role", &name))
}
