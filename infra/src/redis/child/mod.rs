//! The embedded default: a real redis-server of our own, as a child process.
//!
//! It listens on a unix socket only, writes every command to its append-only file before the
//! answer leaves (`appendfsync always`: a message answered with 202 survives a power cut), is
//! restarted when it dies, and ends when this process ends, however that happens.

mod leftover;
mod place;
mod process;

use std::{fs::File, path::Path, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle, time::sleep};

use crate::{config::Secret, telemetry::names};
use place::Place;
use process::Process;

/// How long a server may load its file and come up.
const START: Duration = Duration::from_mins(2);
/// How long a server may write what it has and end.
const STOP: Duration = Duration::from_secs(30);
/// First and longest pause before a server that died is started again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// A redis-server that runs as long as this value lives.
#[derive(Debug)]
pub struct RedisChild {
    url: Secret<String>,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<()>,
    // held for as long as we run, so that nobody else starts a server on the same files
    _lock: File,
}

/// Why there is no embedded Redis.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// No program of that name.
    #[error(
        "redis-server is not installed; install it (Debian, Ubuntu: apt install redis-server; Fedora: dnf install \
         valkey; macOS: brew install redis), or set REDIS_URL to a Redis that runs elsewhere"
    )]
    NotInstalled,
    /// A version without what the scripts need.
    #[error("redis-server {0} is too old; install version 7 or newer, or Valkey")]
    TooOld(String),
    /// Another process uses the same files.
    #[error("another wagate runs on {0}; stop it, or set another data_dir")]
    InUse(String),
    /// The files cannot be used.
    #[error("{place} cannot be used; check that the directory is yours and writable")]
    Files {
        /// Which.
        place: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The server of an earlier run does not end.
    #[error("a redis-server of an earlier run (process {0}) does not end; end it, then start again")]
    Leftover(u32),
    /// It ended, or did not answer in time.
    #[error("redis-server did not start: {0}")]
    DidNotStart(String),
}

/// Whether data outlives the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Every write is on disk before it is answered. On a two-core machine that is about 9,000 writes/s
    /// of 700 bytes from 50 clients at a time and 350/s from one (with `everysec`: 60,000/s).
    Always,
    /// For tests.
    #[cfg(feature = "testing")]
    None,
}

impl RedisChild {
    /// Starts a server with its files under `data_dir/redis` and waits until it answers. One that an
    /// earlier, killed run left behind is stopped first.
    ///
    /// # Errors
    /// See [`ChildError`].
    pub async fn start(data_dir: &Path) -> Result<Self, ChildError> {
        Self::start_as(data_dir, Durability::Always).await
    }

    /// Starts a server that keeps nothing.
    #[cfg(feature = "testing")]
    pub(crate) async fn start_volatile(data_dir: &Path) -> Result<Self, ChildError> {
        Self::start_as(data_dir, Durability::None).await
    }

    async fn start_as(data_dir: &Path, durability: Durability) -> Result<Self, ChildError> {
        let program = process::program().await?;
        let place = Place::prepare(data_dir)?;
        let lock = place.lock()?;
        let process = launch(program, &place, durability).await?;
        let url = Secret::new(place.url());
        let (stop, stopped) = oneshot::channel();
        let supervisor = tokio::spawn(supervise(program, place, durability, process, stopped));
        Ok(Self { url, stop, supervisor, _lock: lock })
    }

    /// What to connect to.
    #[must_use]
    pub const fn url(&self) -> &Secret<String> {
        &self.url
    }

    /// Stops the server and waits until it has written everything.
    pub async fn stop(self) {
        let Self { stop, supervisor, .. } = self;
        drop(stop);
        // a supervisor that panicked has dropped the process, which ends the server too
        drop(supervisor.await);
    }
}

async fn launch(program: &str, place: &Place, durability: Durability) -> Result<Process, ChildError> {
    leftover::stop(place, STOP).await?;
    let mut process = Process::spawn(program, place, durability)?;
    process.ready(place, START).await?;
    Ok(process)
}

/// Keeps a server running until it is told (or dropped) to stop.
async fn supervise(
    program: &'static str,
    place: Place,
    durability: Durability,
    mut process: Process,
    mut stopped: oneshot::Receiver<()>,
) {
    let (mut pause, longest) = PAUSE;
    loop {
        tokio::select! {
            _ = &mut stopped => return process.stop(STOP).await,
            ended = process.ended() => {
                tracing::error!(status = ended, last_words = process.last_words(), "redis_child.died");
                metrics::counter!(names::REDIS_CHILD_RESTARTS).increment(1);
            }
        }
        process = loop {
            tokio::select! {
                _ = &mut stopped => return,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(longest);
            match launch(program, &place, durability).await {
                Ok(process) => break process,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "redis_child.restart_failed");
                }
            }
        };
        (pause, _) = PAUSE;
        tracing::warn!("redis_child.restarted");
    }
}
