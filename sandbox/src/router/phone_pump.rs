//! Feeds the simulated phones from their queues: in order per phone, a few phones at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::Semaphore;
use wacore_binary::Node;

use crate::core::Core;
use crate::state::{DeviceKey, Queued};
use crate::wire::decode_stored;

/// Stanzas a phone handles before others get their turn.
const TURN: i64 = 32;
/// Attempts before a stanza that a phone cannot handle is dropped.
const ATTEMPTS: u32 = 3;

/// Which phones are being fed.
pub(crate) struct PhonePump {
    slots: Semaphore,
    phones: Mutex<HashMap<u64, Feed>>,
}

#[derive(Default)]
struct Feed {
    running: bool,
    again: bool,
    /// Last entry handed over; its removal may not be committed yet.
    cursor: i64,
}

impl PhonePump {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self { slots: Semaphore::new(concurrency), phones: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Feed>> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a phone as having work; `true` when it needs a runner.
    fn mark(&self, pn: u64) -> bool {
        let mut phones = self.lock();
        let feed = phones.entry(pn).or_default();
        feed.again = true;
        !std::mem::replace(&mut feed.running, true)
    }

    /// Starts a round and returns the cursor; `None` when nothing is left to do.
    fn begin(&self, pn: u64) -> Option<i64> {
        let mut phones = self.lock();
        let feed = phones.get_mut(&pn)?;
        if !std::mem::take(&mut feed.again) {
            feed.running = false;
            return None;
        }
        Some(feed.cursor)
    }

    fn advance(&self, pn: u64, cursor: i64, more: bool) {
        if let Some(feed) = self.lock().get_mut(&pn) {
            feed.cursor = cursor;
            feed.again |= more;
        }
    }
}

impl Core {
    /// Something was queued for a phone.
    pub(crate) fn wake_phone(self: &Arc<Self>, pn: u64) {
        if !self.stop.is_cancelled() && self.pump.mark(pn) {
            let core = Arc::clone(self);
            self.tasks.spawn(async move { core.feed_phone(pn).await });
        }
    }

    /// Feeds phones that had stanzas waiting when the network was stopped.
    pub(crate) async fn wake_waiting_phones(self: &Arc<Self>) -> Result<()> {
        for pn in self.state.waiting_phones().await? {
            self.wake_phone(pn);
        }
        Ok(())
    }

    async fn feed_phone(self: Arc<Self>, pn: u64) {
        while let Some(cursor) = self.pump.begin(pn) {
            let Ok(_slot) = self.pump.slots.acquire().await else { return };
            match self.turn(pn, cursor).await {
                Ok((cursor, more)) => self.pump.advance(pn, cursor, more),
                Err(error) => {
                    tracing::error!(pn, error = %format!("{error:#}"), "a phone's queue cannot be read");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    self.pump.advance(pn, cursor, true);
                }
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    async fn turn(&self, pn: u64, mut cursor: i64) -> Result<(i64, bool)> {
        let batch = self.state.peek_queue(DeviceKey { pn, device: 0 }, cursor, TURN).await?;
        let more = i64::try_from(batch.len())? == TURN;
        for Queued { seq, stanza } in batch {
            if self.stop.is_cancelled() {
                return Ok((cursor, false));
            }
            match decode_stored(&stanza) {
                Ok(node) => self.hand_over(pn, node).await,
                Err(error) => tracing::error!(pn, error = %format!("{error:#}"), "queued stanza is damaged"),
            }
            cursor = seq;
            self.state.journal().remove(vec![seq]).await?;
        }
        Ok((cursor, more))
    }

    async fn hand_over(&self, pn: u64, node: Node) {
        let Ok(phones) = self.phones() else { return };
        let pn = pn.to_string();
        for attempt in 1..=ATTEMPTS {
            match phones.deliver(&pn, node.clone()).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(pn, attempt, tag = %node.tag, %error, "phone cannot take a stanza");
                    tokio::time::sleep(Duration::from_millis(20 * u64::from(attempt))).await;
                }
            }
        }
        tracing::error!(pn, tag = %node.tag, "stanza for a phone dropped");
    }
}
