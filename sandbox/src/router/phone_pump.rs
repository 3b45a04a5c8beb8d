//! Which simulated phones are being fed, and how far.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

/// All feeds.
pub(crate) struct PhonePump {
    /// How many phones handle a stanza at the same time.
    pub(super) slots: Semaphore,
    phones: Mutex<HashMap<u64, Feed>>,
    /// Rung when a running feed has more to do.
    pub(super) bell: Notify,
}

#[derive(Default)]
struct Feed {
    running: bool,
    again: bool,
    /// The phone has no network: its queue holds.
    offline: bool,
    /// Ends the wait for its network to come back, when it is switched meanwhile.
    switched: CancellationToken,
    /// Its queue shall be read from the start: something of it was lost on the way.
    rewind: bool,
    /// Last entry taken; its removal may not be committed yet.
    cursor: i64,
}

/// What a feed does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Read the queue behind a cursor.
    Read(i64),
    /// Read the queue from the start, once it shows what was removed.
    Rewind,
    /// Wait for what is late, or for more.
    Wait,
    Stop,
}

impl PhonePump {
    pub(crate) fn new(concurrency: usize) -> Self {
        Self { slots: Semaphore::new(concurrency), phones: Mutex::default(), bell: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Feed>> {
        self.phones.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a phone as having work; `true` when it needs a feed.
    pub(super) fn mark(&self, pn: u64) -> bool {
        let mut phones = self.lock();
        let feed = phones.entry(pn).or_default();
        feed.again = true;
        let start = !feed.offline && !std::mem::replace(&mut feed.running, true);
        if !start {
            self.bell.notify_waiters();
        }
        start
    }

    /// What a phone's feed does next; `busy` when something late is still on its way.
    pub(super) fn next(&self, pn: u64, busy: bool) -> Round {
        let mut phones = self.lock();
        let Some(feed) = phones.get_mut(&pn) else { return Round::Stop };
        if feed.offline {
            // What is on its way to a phone without network is lost; the queue still has it.
            feed.rewind |= busy;
            feed.running = false;
            return Round::Stop;
        }
        if std::mem::take(&mut feed.rewind) {
            feed.again = true;
            return Round::Rewind;
        }
        if std::mem::take(&mut feed.again) {
            return Round::Read(feed.cursor);
        }
        if busy {
            return Round::Wait;
        }
        feed.running = false;
        Round::Stop
    }

    /// A feed has taken entries up to `cursor`; `more` when there may be others behind it.
    pub(super) fn advance(&self, pn: u64, cursor: i64, more: bool) {
        if let Some(feed) = self.lock().get_mut(&pn) {
            feed.cursor = cursor;
            feed.again |= more;
        }
    }

    /// Whether a phone has no network.
    pub(crate) fn is_offline(&self, pn: u64) -> bool {
        self.lock().get(&pn).is_some_and(|feed| feed.offline)
    }

    /// Takes a phone's network away or gives it back. Says whether that changes anything, and
    /// hands out what is cancelled by the next switch. What was lost on the way to the phone is
    /// sent again once it is back.
    pub(super) fn set_offline(&self, pn: u64, offline: bool) -> (bool, CancellationToken) {
        let mut phones = self.lock();
        let feed = phones.entry(pn).or_default();
        feed.rewind |= !offline;
        let changed = std::mem::replace(&mut feed.offline, offline) != offline;
        std::mem::take(&mut feed.switched).cancel();
        self.bell.notify_waiters();
        (changed, feed.switched.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_feed_runs_until_nothing_is_left() {
        let pump = PhonePump::new(1);
        assert!(pump.mark(1));
        assert!(!pump.mark(1), "it runs already");
        assert_eq!(pump.next(1, false), Round::Read(0));
        pump.advance(1, 7, false);
        assert_eq!(pump.next(1, true), Round::Wait);
        assert_eq!(pump.next(1, false), Round::Stop);
        assert!(pump.mark(1));
        assert_eq!(pump.next(1, false), Round::Read(7));
    }

    #[test]
    fn an_offline_phone_is_fed_from_the_start_when_it_is_back() {
        let pump = PhonePump::new(1);
        let (first, switched) = pump.set_offline(1, true);
        assert!(first && !switched.is_cancelled());
        assert!(!pump.set_offline(1, true).0 && switched.is_cancelled());
        assert!(!pump.mark(1));
        assert!(pump.is_offline(1));
        assert!(pump.set_offline(1, false).0);
        assert!(pump.mark(1));
        assert_eq!(pump.next(1, false), Round::Rewind);
        assert_eq!(pump.next(1, false), Round::Read(0));
    }
}
