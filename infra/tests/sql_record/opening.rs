//! Opening, migrating, closing; what a database that is away looks like.

use futures::future::join_all;
use wagate_domain::ports::{PortError, Workspaces};
use wagate_infra::sql::Database;
use wagate_infra::testing::ring;

use crate::databases::SqliteFile;

pub(crate) async fn many_migrate_at_once(url: &str) {
    let starts = (0..6).map(|_| {
        let url = url.to_owned();
        tokio::spawn(async move {
            let db = Database::open(&url, &ring()).await.expect("an open database");
            let taken = db.migrate().await.expect("the schema");
            db.ping().await.expect("an answer");
            taken
        })
    });
    let taken: Vec<usize> = join_all(starts).await.into_iter().map(|taken| taken.unwrap()).collect();
    let busy: Vec<&usize> = taken.iter().filter(|taken| **taken > 0).collect();
    assert_eq!(busy, [&wagate_infra::sql::STEPS], "one takes every step, the others none: {taken:?}");
}

pub(crate) async fn ping_and_close(db: &Database) {
    db.ping().await.unwrap();
    db.close().await.unwrap();
    let after = db.ping().await;
    assert!(matches!(after, Err(PortError::Unavailable { what: "SQL", .. })), "{after:?}");
    let after = db.migrate().await;
    assert!(matches!(after, Err(PortError::Unavailable { .. })), "{after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_open_one_file_at_once() {
    let file = SqliteFile::new();
    many_migrate_at_once(&file.url()).await;
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    for url in ["sqlite::memory:", "sqlite://x?mode=memory", "mysql://localhost/x", "nonsense"] {
        let opened = Database::open(url, &ring()).await;
        assert!(matches!(opened, Err(PortError::Internal { .. })), "{url}: {opened:?}");
    }
    let opened = Database::open("sqlite:///no/such/folder/record.db", &ring()).await;
    assert!(matches!(opened, Err(PortError::Unavailable { .. })), "{opened:?}");
    let opened = Database::open("postgres://nobody@localhost/x?host=/no/such/folder", &ring()).await;
    assert!(matches!(opened, Err(PortError::Unavailable { .. })), "{opened:?}");
}

/// Readers and writers of two processes (here: two handles) never meet "database is locked".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_queue_instead_of_failing() {
    let file = SqliteFile::new();
    let handles = [file.open().await, file.open().await];
    let work = (0..40).map(|n| {
        let db = handles[n % 2].clone();
        tokio::spawn(async move {
            Workspaces::insert(&db, &crate::sample::workspace()).await.unwrap();
            Workspaces::list(&db).await.unwrap().len()
        })
    });
    for seen in join_all(work).await {
        assert!(seen.unwrap() >= 1, "what was written is read");
    }
    assert_eq!(Workspaces::list(&handles[0]).await.unwrap().len(), 40);
}

#[tokio::test]
async fn a_reopened_file_has_everything() {
    let file = SqliteFile::new();
    let db = file.open().await;
    let workspace = crate::sample::workspace();
    Workspaces::insert(&db, &workspace).await.unwrap();
    db.close().await.unwrap();
    let db = file.open().await;
    assert_eq!(db.migrate().await.unwrap(), 0);
    assert_eq!(Workspaces::list(&db).await.unwrap(), [workspace]);
}
