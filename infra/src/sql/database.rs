//! Opening, closing and the two ways in: reads, and write transactions.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::{
        postgres::PgConnectOptions,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use wagate_domain::ports::{PortError, PortResult};

use super::{
    data_keys::DataKeys,
    error::{internal, is_locked, sql_error},
    wa::Group,
};
use crate::seal::Ring;

/// How long a call waits for a connection before the database counts as overloaded or away.
const ACQUIRE: Duration = Duration::from_secs(10);
/// How long SQLite waits for a writer in another process.
const BUSY: Duration = Duration::from_secs(10);
/// How long PostgreSQL lets a transaction wait for its process: one that sleeps holds the row of its session,
/// and nobody could take the session over.
const IDLE_IN_TRANSACTION: &str = "5s";
/// Pause before a locked file is opened again.
const LOCKED_PAUSE: Duration = Duration::from_millis(20);
const SQLITE_READERS: u32 = 4;
/// Pages in the write-ahead log before it is folded into the file: pages that change all the time are folded less often.
const CHECKPOINT_PAGES: &str = "8000";
/// Memory for pages of the connection that writes: 16 MiB (negative: KiB).
const WRITER_CACHE: &str = "-16384";
const POSTGRES_CONNECTIONS: u32 = 10;

/// The database. Cloning is cheap; every clone is the same database.
#[derive(Debug, Clone)]
pub struct Database {
    write: DatabaseConnection,
    read: DatabaseConnection,
    group: Arc<Group>,
    keys: Arc<DataKeys>,
}

impl Database {
    /// Opens `sqlite://<path>` (made when missing; its folder must exist) or `postgres://…`.
    /// What is secret in it lies sealed with data keys that the ring wraps. Call [`Database::migrate`] before
    /// anything else.
    ///
    /// SQLite gets one connection that writes, so that writers queue here and never meet a lock,
    /// and a few that read. Every commit is on disk before it returns.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] when the server or file cannot be reached, [`PortError::Internal`]
    /// when the URL means no database that survives this process.
    pub async fn open(url: &str, ring: &Ring) -> Result<Self, PortError> {
        let (write, read) = match url.split(':').next() {
            Some("sqlite") => open_sqlite(url).await?,
            Some("postgres" | "postgresql") => open_postgres(url).await?,
            _ => return Err(internal("the database's URL begins with neither sqlite: nor postgres:")),
        };
        Ok(Self { write, read, group: Arc::default(), keys: Arc::new(DataKeys::new(ring.clone())) })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] when it does not.
    pub async fn ping(&self) -> PortResult<()> {
        self.read.ping().await.map_err(sql_error)
    }

    /// Waits for running statements and closes every connection, of all clones.
    ///
    /// # Errors
    /// As the driver reports them; the connections are gone in any case.
    pub async fn close(&self) -> PortResult<()> {
        self.read.close_by_ref().await.map_err(sql_error)?;
        // the last connection to close folds SQLite's write-ahead log into the file
        self.write.close_by_ref().await.map_err(sql_error)
    }

    /// For reads outside a write transaction.
    pub(super) const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Writes of sessions' stores that are made together.
    pub(super) fn group(&self) -> &Group {
        &self.group
    }

    /// Keys that secrets are sealed with.
    pub(super) fn keys(&self) -> &DataKeys {
        &self.keys
    }

    /// Runs a statement that no transaction may contain.
    pub(super) async fn execute_alone(&self, sql: &str) -> PortResult<()> {
        self.write.execute_unprepared(sql).await.map_err(sql_error).map(drop)
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.write.get_database_backend() == DbBackend::Postgres
    }

    /// Begins a write transaction; dropping it rolls back.
    pub(super) async fn begin(&self) -> PortResult<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (!self.is_postgres()).then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.write.begin_with_options(options).await.map_err(sql_error)
    }
}

/// Connections that write and that read.
type Connections = (DatabaseConnection, DatabaseConnection);

async fn open_sqlite(url: &str) -> PortResult<Connections> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(internal("an in-memory SQLite database is not kept; name a file"));
    }
    let mut options = ConnectOptions::new(url);
    // a file does not hang up, so that nobody has to ask before each use
    options
        .sqlx_logging(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false);
    let mut write = options.clone();
    write.min_connections(1).max_connections(1).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            // pages that a statement could still have to put back as they were: not by way of a file
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", WRITER_CACHE)
    });
    options.max_connections(SQLITE_READERS).map_sqlx_sqlite_opts(|sqlite| {
        sqlite.foreign_keys(true).busy_timeout(BUSY).pragma("query_only", "ON")
    });
    Ok((connect_sqlite(write).await?, connect_sqlite(options).await?))
}

/// Turning the write-ahead log on needs the file alone for a moment, and SQLite does not wait for that by itself:
/// when several processes open a new file at once, all but one are told that it is locked.
async fn connect_sqlite(options: ConnectOptions) -> PortResult<DatabaseConnection> {
    let end = Instant::now() + BUSY;
    loop {
        match sea_orm::Database::connect(options.clone()).await {
            Err(error) if is_locked(&error) && Instant::now() < end => {
                tokio::time::sleep(LOCKED_PAUSE).await;
            }
            answer => return answer.map_err(sql_error),
        }
    }
}

async fn open_postgres(url: &str) -> PortResult<Connections> {
    let server: PgConnectOptions = url.parse().map_err(internal)?;
    // the URL carries a password, and SeaORM shows the one it is given to whoever traces it
    let mut options = ConnectOptions::new("postgres://");
    options
        .sqlx_logging(false)
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .map_sqlx_postgres_opts(move |_| {
            let limit = [("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION)];
            server.clone().application_name("wagate").options(limit)
        });
    let pool = sea_orm::Database::connect(options).await.map_err(sql_error)?;
    Ok((pool.clone(), pool))
}

#[cfg(test)]
mod tests {
    use sea_orm::Statement;

    use super::*;

    #[tokio::test]
    async fn a_commit_in_sqlite_is_on_disk_and_readers_only_read() {
        let dir = tempfile::tempdir().unwrap();
        let ring = Ring::read([wagate_infra::testing::RING_KEY]).unwrap();
        let db = Database::open(&format!("sqlite://{}/x.db", dir.path().display()), &ring).await.unwrap();
        let pragma = async |connection: &DatabaseConnection, name: &str| {
            let pragma = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
            let row = connection.query_one_raw(pragma).await.unwrap().unwrap();
            row.try_get_by_index::<String>(0)
                .or_else(|_| row.try_get_by_index(0).map(|n: i64| n.to_string()))
                .unwrap()
        };
        for (name, value) in
            [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("temp_store", "2")]
        {
            assert_eq!(pragma(&db.write, name).await, value, "{name}");
        }
        assert_eq!(pragma(&db.read, "query_only").await, "1");
        assert!(db.read.execute_unprepared("CREATE TABLE t (x)").await.is_err());
    }
}
