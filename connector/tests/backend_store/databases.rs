//! Databases to test on.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{Connection, Executor, SqliteConnection};
use tempfile::TempDir;
use wagate_connector::SqlBackend;
use wagate_domain::{
    Timestamp,
    ids::{Id, ulid},
    ports::Sessions,
    sessions::SessionKey,
};
use wagate_infra::{
    sql::{Database, wa::WaStore},
    testing::{Postgres, new_session, ring},
};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A SQLite file in a directory of its own.
pub(crate) struct Sqlite(TempDir);

impl Sqlite {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) async fn open(&self) -> Database {
        open(&self.url()).await
    }

    fn url(&self) -> String {
        format!("sqlite://{}/store.db", self.0.path().display())
    }

    /// Changes the schema behind the program's back.
    pub(crate) async fn alter(&self, sql: &'static str) {
        let mut connection = SqliteConnection::connect(&self.url()).await.expect("a connection of its own");
        connection.execute(sql).await.expect("a changed schema");
    }

    /// What a query counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let mut connection = SqliteConnection::connect(&self.url()).await.expect("a connection of its own");
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.expect("a count")
    }
}

pub(crate) async fn postgres() -> Postgres {
    Postgres::start().await
}

pub(crate) async fn open(url: &str) -> Database {
    let db = Database::open(url, &ring()).await.expect("an open database");
    db.migrate().await.expect("the schema");
    db
}

/// The store of a new session.
pub(crate) async fn store(db: &Database) -> SqlBackend {
    let session = new_session(SessionKey { workspace: id(), id: id() }, Timestamp::from_millis(1));
    Sessions::insert(db, &session).await.expect("a stored session");
    SqlBackend::new(WaStore::new(db.clone(), session.key(), 0))
}

fn id<T: Id>() -> T {
    T::from_ulid(ulid(Timestamp::from_millis(1), NEXT.fetch_add(1, Ordering::Relaxed).into()))
}
