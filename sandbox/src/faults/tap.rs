//! What passes one device's line, as the trace and the faults see it.

use std::sync::OnceLock;

use wacore_binary::Node;

use super::{Effect, Faults, Subject, Whom};
use crate::state::DeviceKey;
use crate::trace::{Direction, Event, EventKind, StanzaSummary, Trace};

/// Sits on a connection, or between the network and a phone.
pub(crate) struct Tap {
    connection: Option<u64>,
    device: OnceLock<DeviceKey>,
    faults: Faults,
    trace: Trace,
}

impl Tap {
    /// On a connection that has not said yet which device it is.
    pub(crate) fn on_connection(connection: u64, faults: Faults, trace: Trace) -> Self {
        Self { connection: Some(connection), device: OnceLock::new(), faults, trace }
    }

    /// On a phone.
    pub(crate) fn on_phone(pn: u64, faults: Faults, trace: Trace) -> Self {
        let device = OnceLock::from(DeviceKey { pn, device: 0 });
        Self { connection: None, device, faults, trace }
    }

    /// The connection is this device's; only the first call counts.
    pub(crate) fn identify(&self, device: DeviceKey) {
        self.device.get_or_init(|| device);
    }

    /// Whose line it is, when that is known.
    pub(crate) fn device(&self) -> Option<DeviceKey> {
        self.device.get().copied()
    }

    /// Whether a stanza needs to be shown to the tap at all.
    pub(crate) fn watches(&self) -> bool {
        self.trace.recording() || self.faults.armed()
    }

    /// A stanza passes; the answer says how it shall be bent.
    pub(crate) fn stanza(&self, way: Direction, node: &Node, bytes: Option<usize>) -> Option<Effect> {
        self.saw(way, node, bytes);
        self.decide(&Subject::Stanza { way, node })
    }

    /// A stanza passes that is not to be bent.
    pub(crate) fn saw(&self, way: Direction, node: &Node, bytes: Option<usize>) {
        if self.trace.recording() {
            let summary = StanzaSummary::of(node, bytes, self.trace.nodes());
            let stanza = Some(Box::new(summary));
            self.trace.add(Event { stanza, ..self.event(EventKind::Stanza).way(way) });
        }
    }

    /// Something else is about to happen; the answer says how it shall be bent.
    pub(crate) fn decide(&self, subject: &Subject<'_>) -> Option<Effect> {
        self.faults.decide(Whom { connection: self.connection, device: self.device() }, subject)
    }

    /// Notes what has happened.
    pub(crate) fn note(&self, kind: EventKind, detail: Option<String>) {
        if self.trace.recording() {
            self.trace.add(Event { detail, ..self.event(kind) });
        }
    }

    fn event(&self, kind: EventKind) -> Event {
        Event::new(kind).on(self.connection).of(self.device())
    }
}
