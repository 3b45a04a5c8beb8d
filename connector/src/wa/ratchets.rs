//! Signal ratchets that a message has turned and that are not on record yet.
//!
//! The protocol crate writes them down a moment after the message (`signal_flush.rs`), and an answer may leave in that
//! moment. It carries a new ratchet key, whose secret a process that dies now takes with it: what the phone writes next can
//! be read by nobody. It comes again when it is asked for, but behind what was written after it. So nothing leaves the
//! socket, while a message of ours may be in it, before the ratchets that it can have been encrypted by are on record.

use std::{
    fmt,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use whatsapp_rust::Client;

use super::catchup::Catchup;

/// Pause before what could not be written down is written again.
const AGAIN: Duration = Duration::from_millis(500);

/// Ratchets of one device. Clones share them.
#[derive(Clone, Default)]
pub struct Ratchets(Arc<State>);

#[derive(Default)]
struct State {
    turned: AtomicU64,
    stored: AtomicU64,
    /// Messages of ours that are being encrypted and written.
    leaving: AtomicUsize,
    /// Until what came while this device was away is drained, the protocol crate writes down what has turned together with the
    /// messages, under a lock that it holds while it acknowledges them: whoever waited for it there would wait for ever.
    catchup: Catchup,
    client: OnceLock<Weak<Client>>,
}

/// A message of ours is on its way to the socket.
pub(super) struct Leaving(Arc<State>);

impl Ratchets {
    /// Of a device that has come as far as `catchup` says.
    pub(super) fn new(catchup: Catchup) -> Self {
        Self(Arc::new(State { catchup, ..State::default() }))
    }

    /// Whose they are.
    pub(super) fn belong_to(&self, client: &Arc<Client>) {
        // set once: a store is opened for one device
        let _ = self.0.client.set(Arc::downgrade(client));
    }

    /// A message was decrypted.
    pub(super) fn turn(&self) {
        self.0.turned.fetch_add(1, Ordering::AcqRel);
    }

    /// A message of ours begins to be encrypted; until what this gives is dropped it may be in anything that leaves.
    pub(super) fn leave(&self) -> Leaving {
        self.0.leaving.fetch_add(1, Ordering::AcqRel);
        Leaving(Arc::clone(&self.0))
    }

    /// Waits until everything has been written down that what leaves now may rest on.
    pub(super) async fn settle(&self) {
        let Some(client) = self.0.client.get() else { return };
        let store = || async {
            match client.upgrade() {
                Some(client) => client.flush_pending_signal_state().await,
                None => Ok(()),
            }
        };
        while let Err(error) = self.settle_by(store).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "ratchets wait");
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn settle_by<E, F>(&self, store: impl Fn() -> F) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
    {
        let State { turned, stored, leaving, catchup, .. } = &*self.0;
        let turned = turned.load(Ordering::Acquire);
        let due = leaving.load(Ordering::Acquire) > 0 && catchup.is_drained();
        if due && stored.load(Ordering::Acquire) < turned {
            store().await?;
            stored.fetch_max(turned, Ordering::AcqRel);
        }
        Ok(())
    }
}

impl fmt::Debug for Ratchets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // a client has nothing to show
        f.debug_struct("Ratchets").finish_non_exhaustive()
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leaving.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Those of a device to which nothing came while it was away.
    fn live() -> Ratchets {
        let ratchets = Ratchets::default();
        ratchets.0.catchup.drained();
        ratchets
    }

    /// How often what has turned is written down when something leaves now.
    async fn stores(ratchets: &Ratchets) -> usize {
        let stores = Cell::new(0);
        let store = || async {
            stores.set(stores.get() + 1);
            Ok::<_, ()>(())
        };
        ratchets.settle_by(store).await.unwrap();
        stores.get()
    }

    #[tokio::test]
    async fn what_turned_is_stored_once_before_a_message_leaves() {
        let ratchets = live();
        let leaving = ratchets.leave();
        assert_eq!(stores(&ratchets).await, 0, "nothing has come");
        ratchets.turn();
        ratchets.turn();
        assert_eq!(stores(&ratchets).await, 1);
        assert_eq!(stores(&ratchets).await, 0);
        ratchets.turn();
        drop(leaving);
        assert_eq!(stores(&ratchets).await, 0, "nothing of ours is in what leaves");
        let _leaving = ratchets.leave();
        assert_eq!(stores(&ratchets).await, 1);
    }

    #[tokio::test]
    async fn what_came_meanwhile_is_left_to_the_next() {
        let ratchets = live();
        let _leaving = ratchets.leave();
        ratchets.turn();
        let store = || async {
            ratchets.turn();
            Ok::<_, ()>(())
        };
        ratchets.settle_by(store).await.unwrap();
        assert_eq!(stores(&ratchets).await, 1);
    }

    #[tokio::test]
    async fn nothing_is_stored_while_what_came_meanwhile_is_drained() {
        let catchup = Catchup::default();
        let ratchets = Ratchets::new(catchup.clone());
        let _leaving = ratchets.leave();
        ratchets.turn();
        assert_eq!(stores(&ratchets).await, 0);
        catchup.drained();
        assert_eq!(stores(&ratchets).await, 1);
    }

    #[tokio::test]
    async fn what_turned_is_stored_before_a_message_that_is_leaving_when_another_is_missed() {
        let ratchets = live();
        let _leaving = ratchets.leave();
        ratchets.turn();
        ratchets.0.catchup.missed();
        assert_eq!(stores(&ratchets).await, 1);
    }

    #[tokio::test]
    async fn what_could_not_be_stored_is_still_to_be() {
        let ratchets = live();
        let _leaving = ratchets.leave();
        ratchets.turn();
        assert_eq!(ratchets.settle_by(|| async { Err("away") }).await, Err("away"));
        assert_eq!(stores(&ratchets).await, 1);
    }
}
