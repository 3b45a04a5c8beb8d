//! What every part of the network works with.

use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::SandboxConfig;
use crate::media::Media;
use crate::pairing::{Bootstraps, Pairings};
use crate::ports::Phones;
use crate::router::{Directory, Live, PhonePump, PresenceBoard};
use crate::state::State;
use crate::wire::ServerIdentity;

/// One running network.
pub(crate) struct Core {
    pub(crate) config: SandboxConfig,
    pub(crate) state: State,
    pub(crate) identity: ServerIdentity,
    pub(crate) directory: Directory,
    pub(crate) live: Live,
    pub(crate) pump: PhonePump,
    pub(crate) presence: PresenceBoard,
    pub(crate) pairings: Pairings,
    pub(crate) bootstraps: Bootstraps,
    pub(crate) media: Media,
    /// Every task of the network; waited for at the end.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the network stops.
    pub(crate) stop: CancellationToken,
    phones: OnceLock<Arc<dyn Phones>>,
}

impl Core {
    pub(crate) fn new(
        config: SandboxConfig,
        state: State,
        identity: ServerIdentity,
        media: Media,
    ) -> Arc<Self> {
        Arc::new(Self {
            pump: PhonePump::new(config.phone_concurrency),
            config,
            state,
            identity,
            directory: Directory::default(),
            live: Live::default(),
            presence: PresenceBoard::default(),
            pairings: Pairings::default(),
            bootstraps: Bootstraps::default(),
            media,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            phones: OnceLock::new(),
        })
    }

    /// Gives the network its phones; only the first call counts.
    pub(crate) fn attach(&self, phones: Arc<dyn Phones>) {
        if self.phones.set(phones).is_err() {
            tracing::warn!("phones are already attached");
        }
    }

    pub(crate) fn phones(&self) -> Result<&Arc<dyn Phones>> {
        self.phones.get().context("no phones are attached to the network")
    }
}
