//! What a database error means to a caller: wait and try again, or give up.

use std::error::Error;

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, postgres::PgDatabaseError},
};
use wagate_domain::ports::PortError;

const WHAT: &str = "SQL";

/// Sorts a database error into "away" and "failed"; the cause is kept.
pub(super) fn sql_error(error: DbErr) -> PortError {
    if is_away(&error) { unavailable(error) } else { internal(error) }
}

/// The database is away or overloaded.
pub(super) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> PortError {
    PortError::Unavailable { what: WHAT, source: source.into() }
}

/// The database holds or answers something we cannot use.
pub(super) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> PortError {
    PortError::Internal { what: WHAT, source: source.into() }
}

fn is_away(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => driver_is_away(cause),
        _ => false,
    }
}

fn driver_is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(cause) => {
            let code = cause.code().unwrap_or_default();
            if cause.try_downcast_ref::<PgDatabaseError>().is_some() {
                postgres_is_away(&code)
            } else {
                sqlite_is_away(&code)
            }
        }
        _ => false,
    }
}

/// SQLite says that another connection is in the way (result codes BUSY and LOCKED).
pub(super) fn is_locked(error: &DbErr) -> bool {
    let DbErr::Conn(RuntimeErr::SqlxError(cause)) = error else { return false };
    let code =
        cause.as_database_error().and_then(|cause| cause.code()).and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// SQLSTATE classes: connection, resources, operator intervention, and conflicts that a retry solves.
fn postgres_is_away(code: &str) -> bool {
    const CLASSES: [&str; 4] = ["08", "53", "57", "58"];
    const CODES: [&str; 4] = ["40001", "40P01", "55P03", "25006"];
    CLASSES.iter().any(|class| code.starts_with(class)) || CODES.contains(&code)
}

/// Result codes BUSY, LOCKED, IOERR, FULL and CANTOPEN, whatever their extension.
fn sqlite_is_away(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for (code, away) in [
            ("08006", true),
            ("57P01", true),
            ("53300", true),
            ("40P01", true),
            ("23505", false),
            ("42601", false),
        ] {
            assert_eq!(postgres_is_away(code), away, "{code}");
        }
        for (code, away) in
            [("5", true), ("517", true), ("6", true), ("2067", false), ("1", false), ("", false)]
        {
            assert_eq!(sqlite_is_away(code), away, "{code}");
        }
    }
}
