//! Everything that must survive a restart: one SQLite file, one writer.
//!
//! The [`Journal`] is the only writer. It commits jobs in groups, in the order they were
//! handed in, and runs their completions in that order after the commit: an ack that a client
//! sees is on disk, and the order in which stanzas were accepted is the order of every queue.

mod accounts;
mod app_state;
mod blocklist;
mod channel_posts;
mod channels;
mod devices;
mod dirty;
mod entry;
mod groups;
mod journal;
mod media;
mod options;
mod pre_keys;
mod privacy;
mod profiles;
mod queue;
mod renumber;
mod restrictions;
mod schema;
mod seen;
mod settings;
mod statement;
#[cfg(test)]
mod tests;
mod tokens;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlitePool};

pub(crate) use accounts::AccountRow;
pub(crate) use app_state::{Appended, NewPatch, Wanted};
pub(crate) use channel_posts::{NewPost, Page, Post, PostBody, PostState};
pub(crate) use channels::{Channel, Dated, Member, Mute, Role};
pub(crate) use devices::DeviceRow;
pub(crate) use entry::{DedupeKey, DeviceKey, Entry, Label, Placed};
pub(crate) use journal::Journal;
pub(crate) use media::{MediaRow, NewMedia};
pub(crate) use privacy::PrivacyRow;
pub(crate) use profiles::{Chosen, PictureRow, ProfileRow};
pub(crate) use queue::Queued;
pub(crate) use restrictions::RestrictionRow;

/// The store: a single writer and a few readers on one file.
pub(crate) struct State {
    journal: Journal,
    readers: SqlitePool,
}

impl State {
    /// Opens `<home>/network.db`, making it when needed.
    pub(crate) async fn open(home: &Path, queue_limit: u32) -> Result<Self> {
        let file = home.join("network.db");
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(5));
        let mut writer = options.connect().await.with_context(|| format!("open {}", file.display()))?;
        schema::create(&mut writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(3)
            .connect_with(options.create_if_missing(false).read_only(true))
            .await?;
        let journal = Journal::start(writer, queue_limit).await?;
        Ok(Self { journal, readers })
    }

    /// The writer.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Commits what is under way and closes the file.
    pub(crate) async fn close(&self) {
        self.journal.close().await;
        self.readers.close().await;
    }
}
