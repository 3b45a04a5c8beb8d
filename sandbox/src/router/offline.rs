//! Queues that a client fetches in batches: it is told what waits, asks for so many stanzas at a
//! time, and gets the end marker behind the last. Until then nothing live reaches it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::live::{Live, LiveDevice};
use crate::core::Core;
use crate::nodes::{SERVER, is, text};
use crate::state::{DeviceKey, Queued};
use crate::wire::decode_stored;

/// Some clients ask for one batch only and expect the rest with it; who asks again does so
/// sooner than this.
const ASKS_AGAIN: Duration = Duration::from_secs(2);

/// What a device has not fetched yet.
#[derive(Default)]
pub(super) struct Backlog {
    waiting: VecDeque<Queued>,
    /// Stanzas at the beginning.
    total: usize,
    /// Batches asked for.
    batches: u64,
}

impl Backlog {
    /// A queue to be fetched, and the preview that says so.
    pub(super) fn new(queued: Vec<Queued>) -> (Self, Node) {
        let preview = preview(&queued);
        let total = queued.len();
        (Self { waiting: queued.into(), total, batches: 0 }, preview)
    }

    /// Whether everything was fetched.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// What came of asking for a batch.
enum Batch {
    /// More is waiting, after this many batches.
    More(u64),
    Last,
}

impl LiveDevice {
    fn send_batch(&mut self, count: usize) -> Batch {
        self.backlog.batches += 1;
        for _ in 0..count {
            let Some(item) = self.backlog.waiting.pop_front() else { break };
            let index = self.backlog.total - self.backlog.waiting.len() - 1;
            self.push_offline(&item, index);
        }
        if !self.backlog.is_empty() {
            return Batch::More(self.backlog.batches);
        }
        self.conn.send(end_marker(self.backlog.total));
        Batch::Last
    }
}

impl Live {
    /// Sends the next stanzas of a backlog; `None` when there is none. `unless` names the number
    /// of batches after which this is not wanted any more.
    fn batch(&self, device: DeviceKey, conn: u64, count: usize, unless: Option<u64>) -> Option<Batch> {
        let mut devices = self.lock();
        let live = devices.get_mut(&device).filter(|live| live.conn.id == conn)?;
        let asked_again = unless.is_some_and(|batches| live.backlog.batches != batches);
        (!live.backlog.is_empty() && !asked_again).then(|| live.send_batch(count))
    }
}

impl Core {
    /// A client asks for the next `count` stanzas of its queue.
    pub(crate) async fn fetch_batch(
        self: &Arc<Self>,
        device: DeviceKey,
        conn: u64,
        count: usize,
    ) -> Result<()> {
        match self.live.batch(device, conn, count, None) {
            None => Ok(()),
            Some(Batch::Last) => self.resume_device(device, conn).await,
            Some(Batch::More(batches)) => {
                let core = Arc::clone(self);
                self.tasks.spawn(async move { core.send_rest(device, conn, batches).await });
                Ok(())
            }
        }
    }

    async fn send_rest(self: Arc<Self>, device: DeviceKey, conn: u64, batches: u64) {
        tokio::select! {
            () = tokio::time::sleep(ASKS_AGAIN) => {}
            () = self.stop.cancelled() => return,
        }
        if self.live.batch(device, conn, usize::MAX, Some(batches)).is_some()
            && let Err(error) = self.resume_device(device, conn).await
        {
            tracing::error!(%device, error = %format!("{error:#}"), "device cannot be resumed");
        }
    }
}

/// The end of what waited for a device.
pub(super) fn end_marker(count: usize) -> Node {
    let marker = NodeBuilder::new("offline").attr("count", count).build();
    NodeBuilder::new("ib").attr("from", SERVER).children([marker]).build()
}

/// How much of each kind waits.
fn preview(queued: &[Queued]) -> Node {
    let mut counts =
        [("message", 0), ("receipt", 0), ("notification", 0), ("call", 0), ("appdata", 0), ("status", 0)];
    for item in queued {
        let kind = decode_stored(&item.stanza).map(|node| kind(&node)).unwrap_or_default();
        if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == kind) {
            *count += 1;
        }
    }
    let mut preview = NodeBuilder::new("offline_preview").attr("count", queued.len());
    for (kind, count) in counts {
        preview = preview.attr(kind, count);
    }
    NodeBuilder::new("ib").attr("from", SERVER).children([preview.build()]).build()
}

fn kind(node: &Node) -> &'static str {
    match node.tag.as_ref() {
        "message" if text(node, "from").is_some_and(|from| from == "status@broadcast") => "status",
        "message" => "message",
        "receipt" => "receipt",
        "call" => "call",
        "notification" if is(node, "type", "server_sync") => "appdata",
        "notification" => "notification",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode_stored;

    #[test]
    fn a_preview_counts_each_kind() {
        let message = || NodeBuilder::new("message");
        let nodes = [
            message().attr("from", wacore_binary::Jid::pn("49151")).build(),
            message().attr("from", wacore_binary::Jid::status_broadcast()).build(),
            NodeBuilder::new("receipt").build(),
            NodeBuilder::new("notification").attr("type", "server_sync").build(),
            NodeBuilder::new("notification").attr("type", "picture").build(),
        ];
        let queued = nodes
            .iter()
            .zip(1..)
            .map(|(node, seq)| Queued { seq, stanza: encode_stored(node).expect("stanza") });
        let preview = preview(&queued.collect::<Vec<_>>());
        let counts = preview.get_optional_child("offline_preview").expect("preview");
        for (kind, count) in [
            ("count", "5"),
            ("message", "1"),
            ("status", "1"),
            ("receipt", "1"),
            ("appdata", "1"),
            ("notification", "1"),
            ("call", "0"),
        ] {
            assert!(is(counts, kind, count), "{kind}: {counts:?}");
        }
    }
}
