//! What happened on the network, event by event: connections, stanzas in both directions, faults
//! that were applied, stanzas that a full queue has lost.
//!
//! The newest events are kept in a ring; numbers grow by one and are never reused. Recording can
//! be switched off, and then costs one atomic load per stanza.

mod event;
mod file;
mod ring;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use file::Line;
use ring::Ring;

pub use event::{Direction, Event, EventKind, FaultApplied, StanzaSummary};
pub use ring::{EventFilter, EventPage};

/// The trace of one network. Clones show the same events.
#[derive(Clone)]
pub struct Trace(Arc<Inner>);

struct Inner {
    clock: Clock,
    recording: AtomicBool,
    nodes: AtomicBool,
    ring: Mutex<Ring>,
    /// Number of the newest event.
    newest: watch::Sender<u64>,
    file: OnceLock<mpsc::Sender<Line>>,
}

impl Trace {
    /// A trace that keeps this many events; none switches it off.
    pub(crate) fn new(clock: Clock, capacity: usize) -> Self {
        Self(Arc::new(Inner {
            clock,
            recording: AtomicBool::new(capacity > 0),
            nodes: AtomicBool::new(false),
            ring: Mutex::new(Ring::new(capacity)),
            newest: watch::Sender::new(0),
            file: OnceLock::new(),
        }))
    }

    /// Appends every event from now on to a file, one JSON object per line; the future does the
    /// writing, until `stop`.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn write_to(
        &self,
        path: &Path,
        stop: CancellationToken,
    ) -> std::io::Result<impl Future<Output = ()> + use<>> {
        let (lines, writing) = file::open(path, stop)?;
        if self.0.file.set(lines).is_err() {
            tracing::warn!("the trace is written to a file already");
        }
        Ok(writing)
    }

    /// Whether events are recorded.
    #[must_use]
    pub fn recording(&self) -> bool {
        self.0.recording.load(Ordering::Relaxed)
    }

    /// Starts or stops recording; what was recorded stays. A trace without room stays off.
    pub fn record(&self, on: bool) {
        self.0.recording.store(on && self.lock().capacity() > 0, Ordering::Relaxed);
    }

    /// Whether stanzas are recorded whole, as text.
    #[must_use]
    pub fn nodes(&self) -> bool {
        self.0.nodes.load(Ordering::Relaxed)
    }

    /// Records stanzas whole, or in summary only.
    pub fn record_nodes(&self, on: bool) {
        self.0.nodes.store(on, Ordering::Relaxed);
    }

    /// Adds an event, stamped with number and time.
    pub(crate) fn add(&self, mut event: Event) {
        if !self.recording() {
            return;
        }
        let mut ring = self.lock();
        // under the lock, so that times stand in the order of numbers
        event.at = self.0.clock.unix_millis();
        let event = ring.push(event);
        self.write(&event);
        // Under the lock, so that the newest number never goes back.
        self.0.newest.send_replace(event.seq);
    }

    fn write(&self, event: &Arc<Event>) {
        if let Some(file) = self.0.file.get()
            && file.try_send(Arc::clone(event)).is_err()
        {
            tracing::warn!(seq = event.seq, "the trace's file is behind, an event is not in it");
        }
    }

    /// Events behind `after` that a filter accepts, the oldest first, `limit` of them at most.
    #[must_use]
    pub fn events(&self, after: u64, filter: &EventFilter, limit: usize) -> EventPage {
        self.lock().page(after, filter, limit)
    }

    /// The same, and when there are none yet, the first that come within `wait`.
    pub async fn next(&self, after: u64, filter: &EventFilter, limit: usize, wait: Duration) -> EventPage {
        let mut newest = self.0.newest.subscribe();
        let deadline = tokio::time::sleep(wait);
        tokio::pin!(deadline);
        let mut from = after;
        loop {
            let page = self.events(from, filter, limit);
            if !page.items.is_empty() {
                return page;
            }
            from = page.next;
            tokio::select! {
                () = &mut deadline => return page,
                // Cannot fail: this trace is a sender.
                _ = newest.changed() => {}
            }
        }
    }

    /// Number of the newest event; 0 when there was none.
    #[must_use]
    pub fn newest(&self) -> u64 {
        *self.0.newest.borrow()
    }

    /// Forgets all events; numbers go on.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
