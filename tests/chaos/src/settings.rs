//! What a run is made of.

use std::{path::PathBuf, time::Duration};

/// Where SQL is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Db {
    /// One file, shared by all processes.
    Sqlite,
    /// A server, started for the run.
    Postgres,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Tenants.
    pub workspaces: usize,
    /// Linked accounts, over all workspaces.
    pub sessions: usize,
    /// Chats of each session.
    pub chats: usize,
    /// Messages that must be shown, over all chats.
    pub messages: usize,
    /// Messages that phones write to the accounts, over all chats.
    pub inbound: usize,
    /// Strikes against processes, machines and sockets.
    pub strikes: usize,
}

impl Size {
    /// What a test has time for.
    pub const SHORT: Self =
        Self { workspaces: 2, sessions: 6, chats: 4, messages: 480, inbound: 480, strikes: 16 };

    /// One account that writes to one phone.
    pub const ONE: Self = Self { workspaces: 1, sessions: 1, chats: 1, messages: 1, inbound: 0, strikes: 0 };

    /// So many messages each way over 50 sessions in 5 workspaces; a strike per 300 messages.
    #[must_use]
    pub const fn long(messages: usize) -> Self {
        let strikes = messages / 300;
        Self {
            workspaces: 5,
            sessions: 50,
            chats: 8,
            messages,
            inbound: messages,
            strikes: if strikes < Self::SHORT.strikes { Self::SHORT.strikes } else { strikes },
        }
    }

    /// How many messages may be accepted and not shown yet: callers wait then, so that the strikes meet
    /// messages in every stage.
    pub(crate) const fn window(&self) -> usize {
        let tenth = self.messages / 10;
        if tenth < 60 { 60 } else { tenth }
    }
}

/// Everything a run needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The built `wagate`.
    pub program: PathBuf,
    /// Decides what strikes when.
    pub seed: u64,
    /// How much of everything.
    pub size: Size,
    /// Where SQL is kept.
    pub db: Db,
    /// `connector.lease_ttl` of the connectors.
    pub lease: Duration,
    /// Keeps data and logs of the run in this folder.
    pub keep: Option<PathBuf>,
}
