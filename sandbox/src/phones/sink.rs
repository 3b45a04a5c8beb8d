//! Sinks: phones that acknowledge messages without opening them, for load tests.
//!
//! An unopened message costs no row. Counts are kept in memory and stored once a second and at the
//! stop. Duplicates are told by the newest 900,000 to 1,800,000 unopened messages of this process;
//! a duplicate of an older one, or of one from before a restart, is counted as a message.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::Simulated;

/// Messages of one generation: fills a table of 2^20 places, about 9 MiB.
const GENERATION: usize = 900_000;
/// One message in so many of a session is opened whatever its id: ratchets step at most 2,000
/// messages ahead.
const STRIDE: u32 = 1000;
/// Name of the stored counts.
const STORED: &str = "sink";

/// What all sinks have taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SinkCounts {
    /// Messages, duplicates not counted.
    pub received: u64,
    /// Messages that were opened to check them.
    pub opened: u64,
    /// Attempts to open one that failed; it is asked for again.
    pub failed: u64,
    /// Stanzas that came after the first one of their message.
    pub duplicates: u64,
}

#[derive(Default)]
struct Seen {
    current: HashSet<u64>,
    previous: HashSet<u64>,
}

impl Seen {
    /// False when it was there already.
    fn insert(&mut self, key: u64) -> bool {
        if self.previous.contains(&key) || !self.current.insert(key) {
            return false;
        }
        if self.current.len() >= GENERATION {
            self.previous = std::mem::take(&mut self.current);
        }
        true
    }
}

/// The counts as they grow.
#[derive(Default)]
pub(super) struct Sink {
    received: AtomicU64,
    opened: AtomicU64,
    failed: AtomicU64,
    duplicates: AtomicU64,
    changed: AtomicBool,
    seen: Mutex<Seen>,
}

/// What became of a message that a sink opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    Opened,
    Failed,
    Duplicate,
}

impl Sink {
    pub(super) fn new(counts: SinkCounts) -> Self {
        Self {
            received: counts.received.into(),
            opened: counts.opened.into(),
            failed: counts.failed.into(),
            duplicates: counts.duplicates.into(),
            ..Self::default()
        }
    }

    /// Counts a message that stays closed.
    pub(super) fn take(&self, pn: &str, sender: &str, id: &str) {
        let key = digest(&[pn, sender, id]);
        let new = self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        self.add(if new { &self.received } else { &self.duplicates });
    }

    /// Counts a message that was opened, or should have been.
    pub(super) fn sampled(&self, sample: Sample) {
        match sample {
            Sample::Opened => {
                self.add(&self.received);
                self.add(&self.opened);
            }
            Sample::Failed => self.add(&self.failed),
            Sample::Duplicate => self.add(&self.duplicates),
        }
    }

    fn add(&self, count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
        self.changed.store(true, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> SinkCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SinkCounts {
            received: read(&self.received),
            opened: read(&self.opened),
            failed: read(&self.failed),
            duplicates: read(&self.duplicates),
        }
    }

    fn reset(&self) {
        for count in [&self.received, &self.opened, &self.failed, &self.duplicates] {
            count.store(0, Ordering::Relaxed);
        }
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
        self.changed.store(true, Ordering::Relaxed);
    }
}

/// Whether a sink opens a message: `counter` is its place in its ratchet, `keyed` says that it
/// brings a key for later ones.
pub(super) fn is_sample(sample: u32, id: &str, counter: Option<u32>, keyed: bool) -> bool {
    sample > 0
        && (keyed
            || digest(&[id]).is_multiple_of(u64::from(sample))
            || counter.is_some_and(|counter| counter % STRIDE == STRIDE - 1))
}

/// 64 bits of a SHA-256: the same in every run.
fn digest(parts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut head = [0; 8];
    head.copy_from_slice(&hash.finalize()[..8]);
    u64::from_be_bytes(head)
}

impl Simulated {
    /// What all sinks have taken.
    #[must_use]
    pub fn sink_counts(&self) -> SinkCounts {
        self.sink.counts()
    }

    /// Starts counting anew.
    ///
    /// # Errors
    /// When storage fails.
    pub async fn reset_sink(&self) -> anyhow::Result<()> {
        self.sink.reset();
        self.save_sink().await
    }

    /// The counts of the last stop.
    pub(super) async fn stored_sink(store: &super::store::Store) -> anyhow::Result<Sink> {
        Ok(Sink::new(store.setting(STORED).await?))
    }

    /// Stores the counts, when they have changed.
    pub(super) async fn save_sink(&self) -> anyhow::Result<()> {
        if self.sink.changed.swap(false, Ordering::Relaxed) {
            self.store.save_setting(STORED, &self.sink.counts()).await?;
        }
        Ok(())
    }
}

/// Stores the counts once a second.
pub(super) async fn keep(phones: Weak<Simulated>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
        let Some(phones) = phones.upgrade() else { return };
        if let Err(error) = phones.save_sink().await {
            tracing::error!(error = %format!("{error:#}"), "counts of the sinks cannot be stored");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_told_and_forgotten_by_generation() {
        let sink = Sink::default();
        for _ in 0..3 {
            sink.take("1", "2", "A");
        }
        sink.take("1", "2", "B");
        sink.take("3", "2", "A");
        assert_eq!(sink.counts(), SinkCounts { received: 3, duplicates: 2, ..SinkCounts::default() });

        let mut seen = Seen::default();
        assert!((0..2 * GENERATION as u64).all(|key| seen.insert(key)));
        assert!(!seen.insert(GENERATION as u64), "the previous generation is remembered");
        assert!(seen.insert(0), "the one before is not");
    }

    #[test]
    fn samples_are_chosen_by_id_and_often_enough_for_the_ratchet() {
        let chosen =
            |sample| (0..10_000).filter(|n| is_sample(sample, &format!("ID{n}"), None, false)).count();
        assert_eq!((chosen(0), chosen(1)), (0, 10_000));
        assert!((50..200).contains(&chosen(100)), "about one in a hundred: {}", chosen(100));
        assert_eq!(chosen(100), chosen(100));
        let unlucky = (0..).map(|n| format!("ID{n}")).find(|id| !is_sample(u32::MAX, id, None, false));
        let unlucky = unlucky.expect("an id that is not chosen");
        assert!(is_sample(u32::MAX, &unlucky, Some(999), false));
        assert!(is_sample(u32::MAX, &unlucky, None, true));
        assert!(!is_sample(0, &unlucky, Some(999), true));
    }
}
