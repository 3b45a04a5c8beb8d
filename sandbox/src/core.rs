//! What every part of the network works with.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeValue};

use crate::channels::Channels;
use crate::clock::Clock;
use crate::config::SandboxConfig;
use crate::faults::{Faults, Tap};
use crate::groups::Groups;
use crate::media::Media;
use crate::nodes;
use crate::pairing::{Approvals, Bootstraps, Pairings};
use crate::ports::Phones;
use crate::router::{CallBoard, Directory, Live, PhonePump, PresenceBoard, Restrictions};
use crate::state::State;
use crate::stream::Connections;
use crate::trace::Trace;
use crate::wire::ServerIdentity;

/// Setting that keeps how far the clock is ahead, in whole seconds (8 bytes, big-endian).
pub(crate) const CLOCK_AHEAD: &str = "clock_ahead";

/// One running network.
pub(crate) struct Core {
    pub(crate) config: SandboxConfig,
    pub(crate) clock: Clock,
    pub(crate) trace: Trace,
    pub(crate) faults: Faults,
    pub(crate) connections: Connections,
    pub(crate) state: State,
    pub(crate) identity: ServerIdentity,
    pub(crate) directory: Directory,
    pub(crate) groups: Groups,
    pub(crate) live: Live,
    pub(crate) pump: PhonePump,
    pub(crate) presence: PresenceBoard,
    pub(crate) restrictions: Restrictions,
    pub(crate) pairings: Pairings,
    pub(crate) bootstraps: Bootstraps,
    pub(crate) approvals: Approvals,
    pub(crate) media: Media,
    pub(crate) channels: Channels,
    pub(crate) calls: CallBoard,
    /// Every task of the network; waited for at the end.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the network stops.
    pub(crate) stop: CancellationToken,
    phones: OnceLock<Arc<dyn Phones>>,
}

impl Core {
    pub(crate) fn new(
        config: SandboxConfig,
        clock: Clock,
        state: State,
        identity: ServerIdentity,
        media: Media,
    ) -> Arc<Self> {
        let trace = Trace::new(clock.clone(), config.trace_events);
        state.journal().trace_drops(trace.clone());
        Arc::new(Self {
            faults: Faults::new(clock.clone(), trace.clone()),
            trace,
            connections: Connections::default(),
            pump: PhonePump::new(config.phone_concurrency),
            config,
            clock,
            state,
            identity,
            directory: Directory::default(),
            groups: Groups::default(),
            live: Live::default(),
            presence: PresenceBoard::default(),
            restrictions: Restrictions::default(),
            pairings: Pairings::default(),
            bootstraps: Bootstraps::default(),
            approvals: Approvals::default(),
            media,
            channels: Channels::default(),
            calls: CallBoard::default(),
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

    /// Makes time pass at once; kept over a restart.
    pub(crate) async fn advance(&self, by: Duration) -> Result<()> {
        let ahead = self.clock.advance(by).as_secs();
        self.state.keep_setting(CLOCK_AHEAD, ahead.to_be_bytes().to_vec()).await
    }

    /// What faults and the trace see of a phone's line; `None` while nobody looks.
    pub(crate) fn tap_on_phone(&self, pn: u64) -> Option<Tap> {
        let watched = self.trace.recording() || self.faults.armed();
        watched.then(|| Tap::on_phone(pn, self.faults.clone(), self.trace.clone()))
    }

    /// The server's `<ack>` of a client stanza, with a code when the stanza is refused.
    pub(crate) fn ack(&self, node: &Node, error: Option<u16>) -> Node {
        nodes::ack(self.clock.unix_secs(), node, error)
    }

    /// A notification of the server, stamped with id and time.
    pub(crate) fn notification(&self, kind: &'static str, from: impl Into<NodeValue>) -> NodeBuilder {
        nodes::notification(self.clock.unix_secs(), kind, from)
    }
}
