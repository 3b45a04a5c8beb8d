//! Handle of a connection: what may be sent to it, from anywhere, in order.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use crate::faults::{Closing, Ending, Faults, Tap};
use crate::trace::Trace;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Stanzas that may wait in a connection before queued ones are held back on disk.
const HIGH_WATER: usize = 2000;

/// Something for the writer of a connection.
pub(crate) enum Outgoing {
    Node(Node),
    /// A stanza in stored form.
    Stored(Bytes),
    /// Close after what was sent before.
    Close(Closing),
}

/// A connection as the rest of the network sees it.
pub(crate) struct Conn {
    pub(crate) id: u64,
    pub(crate) remote: SocketAddr,
    /// What faults and the trace see of it.
    pub(crate) tap: Tap,
    outbox: mpsc::UnboundedSender<Outgoing>,
    waiting: AtomicUsize,
    lagging: AtomicBool,
    next_iq: AtomicU64,
    /// Wakes the reader once a lagging connection has caught up.
    pub(crate) drained: Notify,
    /// Cancelled when nothing is read or written any more, although the socket is open.
    pub(crate) half_open: CancellationToken,
    /// Wakes who waits in [`Conn::room`].
    emptier: Notify,
    /// Cancelled when the connection is over.
    pub(crate) gone: CancellationToken,
    /// Why it is over.
    why: OnceLock<String>,
}

impl Conn {
    /// The handle and the writer's end.
    pub(crate) fn new(
        remote: SocketAddr,
        faults: Faults,
        trace: Trace,
    ) -> (Self, mpsc::UnboundedReceiver<Outgoing>) {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let conn = Self {
            id,
            remote,
            tap: Tap::on_connection(id, faults, trace),
            outbox,
            waiting: AtomicUsize::new(0),
            lagging: AtomicBool::new(false),
            next_iq: AtomicU64::new(1),
            drained: Notify::new(),
            half_open: CancellationToken::new(),
            emptier: Notify::new(),
            gone: CancellationToken::new(),
            why: OnceLock::new(),
        };
        (conn, inbox)
    }

    /// A connection to nowhere.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn unwired() -> (std::sync::Arc<Self>, mpsc::UnboundedReceiver<Outgoing>) {
        let clock = crate::clock::Clock::default();
        let trace = Trace::new(clock.clone(), 0);
        let faults = Faults::new(clock, trace.clone());
        let (conn, inbox) = Self::new(([127, 0, 0, 1], 1).into(), faults, trace);
        (std::sync::Arc::new(conn), inbox)
    }

    /// Sends a stanza.
    pub(crate) fn send(&self, node: Node) {
        self.push(Outgoing::Node(node));
    }

    /// Sends a stanza in stored form; `false` asks the caller to hold further ones back
    /// until [`Conn::drained`].
    pub(crate) fn send_stored(&self, stanza: Bytes) -> bool {
        self.push(Outgoing::Stored(stanza));
        if self.has_room() {
            return true;
        }
        self.lagging.store(true, Ordering::Release);
        // The writer may have finished between the two steps and would not say so again.
        if self.waiting.load(Ordering::Acquire) == 0 {
            self.caught_up();
        }
        false
    }

    /// Whether its client takes what it is sent.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < HIGH_WATER
    }

    /// Waits until the client has taken what it was sent. Who asks without reading the answers is
    /// not listened to meanwhile.
    pub(crate) async fn room(&self) {
        loop {
            let emptier = self.emptier.notified();
            if self.has_room() {
                return;
            }
            emptier.await;
        }
    }

    /// Sends `<stream:error>` or `<failure>` and closes behind it.
    pub(crate) fn end_with(&self, node: Node) {
        self.end(Ending::Stanza(node));
    }

    /// Ends behind everything sent before.
    pub(crate) fn end(&self, ending: Ending) {
        self.because(ending.to_string());
        match ending {
            Ending::Stanza(node) => {
                self.push(Outgoing::Node(node));
                self.push(Outgoing::Close(Closing::Clean));
            }
            Ending::Socket(how) => self.push(Outgoing::Close(how)),
            Ending::HalfOpen => self.half_open.cancel(),
        }
    }

    /// Says why the connection ends; only the first reason counts.
    pub(crate) fn because(&self, why: impl Into<String>) {
        self.why.get_or_init(|| why.into());
    }

    /// Why the connection ends, when it was said.
    pub(crate) fn why(&self) -> Option<String> {
        self.why.get().cloned()
    }

    /// An id for an IQ of the server, unique on this connection.
    pub(crate) fn next_iq_id(&self) -> String {
        format!("sbx-{}", self.next_iq.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends an IQ of the server and returns its id.
    pub(crate) fn send_iq(&self, xmlns: &'static str, kind: &'static str, child: Node) -> String {
        let id = self.next_iq_id();
        self.send(
            NodeBuilder::new("iq")
                .attr("from", "s.whatsapp.net")
                .attr("type", kind)
                .attr("id", id.as_str())
                .attr("xmlns", xmlns)
                .children([child])
                .build(),
        );
        id
    }

    fn push(&self, outgoing: Outgoing) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // A closed writer means the connection is over; queued stanzas stay on disk.
        if self.outbox.send(outgoing).is_err() {
            self.gone.cancel();
        }
    }

    /// The writer has put `count` stanzas on the wire.
    pub(crate) fn written(&self, count: usize) {
        let before = self.waiting.fetch_sub(count, Ordering::AcqRel);
        if before >= HIGH_WATER && before - count < HIGH_WATER {
            self.emptier.notify_waiters();
        }
        if before == count {
            self.caught_up();
        }
    }

    fn caught_up(&self) {
        if self.lagging.swap(false, Ordering::AcqRel) {
            self.drained.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_full_outbox_holds_back_until_it_was_written() {
        let (conn, _inbox) = Conn::unwired();
        let mut sent = 0;
        while conn.send_stored(Bytes::from_static(b"x")) {
            sent += 1;
            assert!(sent <= HIGH_WATER, "must say stop");
        }
        assert!(conn.lagging.load(Ordering::Relaxed));
        conn.written(sent + 1);
        assert!(!conn.lagging.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn room_is_when_the_client_reads() {
        let (conn, _inbox) = Conn::unwired();
        for _ in 0..HIGH_WATER {
            conn.room().await;
            conn.send(NodeBuilder::new("iq").build());
        }
        assert!(!conn.has_room());
        tokio::join!(conn.room(), async { conn.written(1) });
        assert!(conn.has_room());
    }
}
