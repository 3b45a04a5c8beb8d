//! Devices that are connected, and delivery to them from their queues.
//!
//! Delivery runs in the journal's completions, so a device sees stanzas in the order they were
//! committed. A device that is passive or slow is paused: its stanzas stay in the queue and are
//! read from there, behind its cursor, once it can take them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use tokio::sync::oneshot;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::offline::{Backlog, end_marker};
use crate::core::Core;
use crate::state::{DeviceKey, Entry, Label, Placed, Queued};
use crate::wire::{Conn, decode_stored, encode_stored};

/// Stanzas that a client may owe an acknowledgement; above that nothing new reaches it. A full
/// queue is less.
const OWED: usize = 20_000;

/// Connected devices.
#[derive(Default)]
pub(crate) struct Live {
    devices: Mutex<HashMap<DeviceKey, LiveDevice>>,
}

pub(super) struct LiveDevice {
    pub(super) conn: Arc<Conn>,
    /// Last queue entry that was sent.
    cursor: i64,
    /// Held back: passive, slow, in debt, or with a backlog to fetch first.
    paused: bool,
    /// Its client takes nothing live until it says so.
    passive: bool,
    pub(super) backlog: Backlog,
    /// Sent and not yet acknowledged, by tag and id.
    unacked: HashMap<(String, String), Vec<Unacked>>,
    /// How many these are.
    owed: usize,
}

struct Unacked {
    seq: i64,
    from: String,
    kind: String,
}

/// What a client acknowledges.
pub(crate) struct Acknowledged<'a> {
    /// Tag of the stanza.
    pub(crate) class: &'a str,
    pub(crate) id: &'a str,
    /// Its `from` and `type`, where the acknowledgement names them.
    pub(crate) from: Option<&'a str>,
    pub(crate) kind: Option<&'a str>,
}

impl LiveDevice {
    /// Whether it may get what is new: nothing else has to come first.
    fn may_resume(&self) -> bool {
        self.paused && !self.passive && self.owed < OWED && self.backlog.is_empty()
    }

    fn push(&mut self, seq: i64, label: Label, stanza: bytes::Bytes) {
        self.cursor = seq;
        let Label { class, id, from, kind } = label;
        self.unacked.entry((class, id)).or_default().push(Unacked { seq, from, kind });
        self.owed += 1;
        self.paused |= !self.conn.send_stored(stanza) || self.owed >= OWED;
    }

    /// Sends what waited while the device was away.
    pub(super) fn push_offline(&mut self, item: &Queued, index: usize) {
        match offline_stanza(item, index) {
            Ok((label, stanza)) => self.push(item.seq, label, stanza),
            Err(error) => {
                let conn = self.conn.id;
                tracing::error!(conn, error = %format!("{error:#}"), "queued stanza is damaged");
            }
        }
    }
}

impl Live {
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<DeviceKey, LiveDevice>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of a device, when it has one.
    pub(crate) fn conn(&self, device: DeviceKey) -> Option<Arc<Conn>> {
        self.lock().get(&device).map(|live| Arc::clone(&live.conn))
    }

    /// Whether a device is connected and takes live stanzas.
    pub(crate) fn takes(&self, device: DeviceKey) -> bool {
        self.lock().get(&device).is_some_and(|live| !live.paused)
    }

    /// Holds a device's stanzas back until it is active again.
    pub(crate) fn pause(&self, device: DeviceKey, conn: u64) {
        if let Some(live) = self.lock().get_mut(&device).filter(|live| live.conn.id == conn) {
            live.paused = true;
            live.passive = true;
        }
    }

    /// Takes back [`Live::pause`]; [`Core::resume_device`] does the rest.
    pub(crate) fn activate(&self, device: DeviceKey, conn: u64) {
        if let Some(live) = self.lock().get_mut(&device).filter(|live| live.conn.id == conn) {
            live.passive = false;
        }
    }

    /// Number of connected devices.
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    fn deliver(&self, placed: Placed) {
        if let Some(live) = self.lock().get_mut(&placed.target)
            && !live.paused
        {
            live.push(placed.seq, placed.label, placed.stanza);
        }
    }

    /// Takes the entries an acknowledgement means off the list and returns their numbers.
    fn acknowledge(&self, device: DeviceKey, conn: u64, what: &Acknowledged<'_>) -> Vec<i64> {
        let mut devices = self.lock();
        let Some(live) = devices.get_mut(&device).filter(|live| live.conn.id == conn) else {
            return Vec::new();
        };
        let key = (what.class.to_owned(), what.id.to_owned());
        let Some(list) = live.unacked.get_mut(&key) else { return Vec::new() };
        let taken = pick(list, what);
        if list.is_empty() {
            live.unacked.remove(&key);
        }
        let before = live.owed;
        live.owed -= taken.len();
        if before >= OWED && live.owed < OWED {
            live.conn.drained.notify_one();
        }
        taken
    }

    /// Forgets a connection, unless another has taken its place.
    fn detach(&self, device: DeviceKey, conn: u64) -> bool {
        let mut devices = self.lock();
        let own = devices.get(&device).is_some_and(|live| live.conn.id == conn);
        if own {
            devices.remove(&device);
        }
        own
    }
}

/// Entries with the same tag and id differ in sender or type; an acknowledgement that names
/// neither of a known pair means the oldest.
fn pick(list: &mut Vec<Unacked>, what: &Acknowledged<'_>) -> Vec<i64> {
    let fits = |entry: &Unacked| {
        what.from.is_none_or(|from| entry.from == from) && what.kind.unwrap_or_default() == entry.kind
    };
    if what.class == "message" {
        return list.drain(..).map(|entry| entry.seq).collect();
    }
    let index = list.iter().position(fits).unwrap_or(0);
    if list.is_empty() { Vec::new() } else { vec![list.remove(index).seq] }
}

impl Core {
    /// Commits entries to their queues, then calls `first`, then delivers them. `first` learns
    /// whether the commit succeeded; an ack to the sender goes there, before any consequence.
    pub(crate) async fn enqueue(
        self: &Arc<Self>,
        entries: Vec<Entry>,
        first: impl FnOnce(bool) + Send + 'static,
    ) -> Result<()> {
        let core = Arc::clone(self);
        let done = move |placed: Option<Vec<Placed>>| {
            first(placed.is_some());
            for placed in placed.into_iter().flatten() {
                if placed.target.is_phone() {
                    core.wake_phone(placed.target.pn);
                } else {
                    core.live.deliver(placed);
                }
            }
        };
        self.state.journal().append(entries, done).await
    }

    /// Brings a device online: sends what waited for it, then the end marker, and from then on
    /// everything new. Another connection of the same device is told that it was replaced.
    pub(crate) async fn attach_device(
        self: &Arc<Self>,
        device: DeviceKey,
        conn: &Arc<Conn>,
        passive: bool,
        preview: bool,
    ) -> Result<()> {
        let (attached, done) = oneshot::channel();
        let core = Arc::clone(self);
        let conn = Arc::clone(conn);
        let finish = move |loaded: Result<Vec<Queued>>| {
            let result =
                loaded.map(|queued| core.live.come_online(device, &conn, (passive, preview), queued));
            // The connection may have ended meanwhile.
            drop(attached.send(result));
        };
        self.state.journal().load(device, 0, finish).await?;
        done.await.context("the store is closed")?
    }

    /// Continues a paused device from its queue.
    pub(crate) async fn resume_device(self: &Arc<Self>, device: DeviceKey, conn: u64) -> Result<()> {
        let cursor = match self.live.lock().get(&device) {
            Some(live) if live.conn.id == conn && live.may_resume() => live.cursor,
            _ => return Ok(()),
        };
        let core = Arc::clone(self);
        let done = move |loaded: Result<Vec<Queued>>| match loaded {
            Ok(queued) => core.live.go_on(device, conn, queued),
            Err(error) => tracing::error!(%device, error = %format!("{error:#}"), "queue cannot be read"),
        };
        self.state.journal().load(device, cursor, done).await
    }

    /// Removes from its queue what a device has acknowledged.
    pub(crate) async fn acknowledge(
        &self,
        device: DeviceKey,
        conn: u64,
        what: Acknowledged<'_>,
    ) -> Result<()> {
        let seqs = self.live.acknowledge(device, conn, &what);
        if seqs.is_empty() {
            return Ok(());
        }
        self.state.journal().remove(seqs).await
    }

    /// A connection has ended; `true` when the device is offline now.
    pub(crate) fn detach_device(&self, device: DeviceKey, conn: u64) -> bool {
        self.live.detach(device, conn)
    }
}

impl Live {
    fn come_online(
        &self,
        device: DeviceKey,
        conn: &Arc<Conn>,
        (passive, preview): (bool, bool),
        queued: Vec<Queued>,
    ) {
        let mut devices = self.lock();
        if conn.gone.is_cancelled() {
            return;
        }
        let mut live = LiveDevice {
            conn: Arc::clone(conn),
            cursor: 0,
            paused: false,
            passive,
            backlog: Backlog::default(),
            unacked: HashMap::new(),
            owed: 0,
        };
        if preview && !queued.is_empty() {
            let (backlog, preview) = Backlog::new(queued);
            live.backlog = backlog;
            live.paused = true;
            conn.send(preview);
        } else {
            for (index, item) in queued.iter().enumerate() {
                live.push_offline(item, index);
            }
            conn.send(end_marker(queued.len()));
        }
        // All of it was sent whatever the backlog; what is new waits while the client catches up.
        live.paused |= passive;
        if let Some(old) = devices.insert(device, live) {
            old.conn.end_with(replaced());
        }
    }

    fn go_on(&self, device: DeviceKey, conn: u64, queued: Vec<Queued>) {
        let mut devices = self.lock();
        let Some(live) = devices.get_mut(&device).filter(|live| live.conn.id == conn && live.may_resume())
        else {
            return;
        };
        live.paused = false;
        for item in queued {
            if live.paused {
                break;
            }
            match decode_stored(&item.stanza) {
                Ok(node) => live.push(item.seq, Label::of(&node), item.stanza),
                Err(error) => {
                    tracing::error!(%device, error = %format!("{error:#}"), "queued stanza is damaged");
                }
            }
        }
    }
}

fn offline_stanza(item: &Queued, index: usize) -> Result<(Label, bytes::Bytes)> {
    let mut node = decode_stored(&item.stanza)?;
    node.attrs.insert("offline", index);
    Ok((Label::of(&node), encode_stored(&node)?))
}

fn replaced() -> Node {
    let conflict = NodeBuilder::new("conflict").attr("type", "replaced").build();
    NodeBuilder::new("stream:error").children([conflict]).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unacked(seq: i64, from: &str, kind: &str) -> Unacked {
        Unacked { seq, from: from.to_owned(), kind: kind.to_owned() }
    }

    fn receipt<'a>(from: Option<&'a str>, kind: Option<&'a str>) -> Acknowledged<'a> {
        Acknowledged { class: "receipt", id: "X", from, kind }
    }

    #[test]
    fn an_ack_takes_the_receipt_it_names() {
        let mut list = vec![unacked(1, "a", ""), unacked(2, "b", ""), unacked(3, "a", "read")];
        assert_eq!(pick(&mut list, &receipt(Some("a"), Some("read"))), [3]);
        assert_eq!(pick(&mut list, &receipt(Some("b"), None)), [2]);
        assert_eq!(pick(&mut list, &receipt(None, None)), [1]);
        assert!(list.is_empty());
    }

    #[test]
    fn an_ack_that_fits_nothing_takes_the_oldest() {
        let mut list = vec![unacked(1, "a", "read"), unacked(2, "a", "played")];
        assert_eq!(pick(&mut list, &receipt(Some("z"), None)), [1]);
    }

    #[test]
    fn who_acknowledges_nothing_gets_nothing_new() {
        let (live, device) = (Live::default(), DeviceKey { pn: 1, device: 1 });
        let (conn, mut inbox) = Conn::unwired();
        live.come_online(device, &conn, (false, false), Vec::new());
        let receipt = |seq: i64| Placed {
            seq,
            target: device,
            label: Label {
                class: "receipt".into(),
                id: seq.to_string(),
                from: "a".into(),
                kind: String::new(),
            },
            stanza: bytes::Bytes::new(),
        };
        let mut read = || std::iter::from_fn(|| inbox.try_recv().ok()).inspect(|_| conn.written(1)).count();
        let mut got = read() - 1;
        for seq in 1..=2 * OWED as i64 {
            live.deliver(receipt(seq));
            got += read();
        }
        assert_eq!(got, OWED);
        let what = Acknowledged { class: "receipt", id: "7", from: None, kind: None };
        assert_eq!(live.acknowledge(device, conn.id, &what), [7]);
        assert!(live.lock().get(&device).is_some_and(LiveDevice::may_resume));
    }

    #[test]
    fn a_message_is_done_with_all_its_copies() {
        let mut list = vec![unacked(1, "a", "text"), unacked(2, "a", "text")];
        let what = Acknowledged { class: "message", id: "X", from: Some("q"), kind: Some("read") };
        assert_eq!(pick(&mut list, &what), [1, 2]);
    }
}
