//! The phones' SQLite file. One connection writes, a few read; WAL keeps them apart.

mod calls;
mod inbox;
mod messages;
mod phones;
mod plans;
mod read;
mod receipts;
mod renewal;
mod sender_keys;
mod settings;
mod signal;
mod views;

use std::path::Path;
use std::sync::atomic::AtomicUsize;

use anyhow::Context;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};

pub(super) use calls::CallStep;
pub use calls::{CallRecord, CallState};
pub(super) use messages::{Inserted, NewMessage, Undecryptable};
pub(super) use phones::NewPhone;
pub(super) use plans::{add_plans, fall_silent};
pub(super) use read::message_from;
pub use receipts::SeenBy;
pub(super) use receipts::Told;
pub(super) use sender_keys::Holders;
pub(super) use signal::save_changes;
pub use views::{ChatSummary, Direction, Page, PhoneSummary, Status, StoredMessage};

/// A write transaction.
pub(super) type Tx = Transaction<'static, Sqlite>;

/// Every part's tables; a part of its own folder keeps its own text and has one entry here.
const TABLES: &[&str] =
    &[include_str!("schema.sql"), calls::TABLES, super::app_state::TABLES, super::media_retry::TABLES];

const READERS: u32 = 4;

pub(super) struct Store {
    pub(super) write: SqlitePool,
    pub(super) read: SqlitePool,
    /// How many phones there are; none ever goes.
    population: AtomicUsize,
}

impl Store {
    pub(super) async fn open(data_dir: &Path) -> anyhow::Result<Self> {
        tokio::fs::create_dir_all(data_dir)
            .await
            .with_context(|| format!("cannot make the folder {}", data_dir.display()))?;
        let file = data_dir.join("phones.db");
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // a commit survives the end of the process; only a power failure may lose the newest
            .synchronous(SqliteSynchronous::Normal);
        let opening = || format!("cannot open the phone store {}", file.display());
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .with_context(opening)?;
        for tables in TABLES {
            sqlx::raw_sql(*tables).execute(&write).await.with_context(opening)?;
        }
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await
            .with_context(opening)?;
        let row = sqlx::query("SELECT count(*) FROM phones").fetch_one(&read).await?;
        let population = AtomicUsize::new(usize::try_from(row.try_get::<i64, _>(0)?)?);
        Ok(Self { write, read, population })
    }

    pub(super) async fn begin(&self) -> anyhow::Result<Tx> {
        Ok(self.write.begin().await?)
    }
}
