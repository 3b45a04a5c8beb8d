//! Databases to test on.

use tempfile::TempDir;
use wagate_infra::{
    sql::Database,
    testing::{Postgres, ring},
};

/// A SQLite file in a directory of its own.
pub(crate) struct SqliteFile {
    dir: TempDir,
}

impl SqliteFile {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}/record.db", self.dir.path().display())
    }

    /// Opens the file with the schema up to date.
    pub(crate) async fn open(&self) -> Database {
        let db = Database::open(&self.url(), &ring()).await.expect("an open database");
        db.migrate().await.expect("the schema");
        db
    }
}

/// A PostgreSQL server.
pub(crate) async fn postgres() -> Postgres {
    Postgres::start().await
}
