//! Watching the wire: a connection that is silent is not called connected.

use std::time::Duration;

use tokio::time::Instant;
use wagate_domain::sessions::{Health, Reason, SILENCE, Signal, State};

use super::actor::Actor;

/// How often the wire is looked at.
const EVERY: Duration = Duration::from_secs(15);

/// When to look next, and whether silence was found.
pub(super) struct Watch {
    at: Instant,
    silent: bool,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { at: Instant::now() + EVERY, silent: false }
    }

    pub(super) const fn timer(&self) -> Instant {
        self.at
    }
}

impl Actor {
    /// Looks at the wire, if it is time.
    pub(super) fn watch_wire(&mut self) {
        if Instant::now() < self.watch.at {
            return;
        }
        self.watch.at = Instant::now() + EVERY;
        let wire = self.device.link.as_ref().filter(|link| link.is_online()).map(crate::wa::Link::wire);
        let heard = wire.and_then(|wire| wire.heard_at);
        let silent = heard.is_some_and(|heard| self.shared.env.now().since(heard) > SILENCE);
        if silent && self.state == State::Connected {
            let message = "nothing comes over the connection; it is being made anew";
            self.signal(Signal::Trouble, Some(Reason::new("silent", message)));
        } else if !silent && self.watch.silent {
            self.signal(Signal::Recovered, None);
        }
        self.watch.silent = silent;
    }

    /// How the connection is.
    pub(super) fn health(&self) -> Health {
        let link = self.device.link.as_ref();
        let wire = link.map(crate::wa::Link::wire);
        Health {
            connector: self.shared.me,
            epoch: self.epoch,
            online: link.is_some_and(crate::wa::Link::is_online),
            heard_at: wire.and_then(|wire| wire.heard_at),
            ack_millis: self.lane.last_ack().map(|ack| u64::try_from(ack.as_millis()).unwrap_or(u64::MAX)),
            reconnects: wire.map_or(0, |wire| wire.reconnects),
            failed_in_a_row: wire.map_or(0, |wire| wire.failed_in_a_row),
            restricted_until: self.lane.newcomers.restricted_until(),
        }
    }
}
