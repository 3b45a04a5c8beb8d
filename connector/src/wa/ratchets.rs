//! Signal ratchets that a message has turned and that are not on record yet.
//!
//! The protocol crate writes them down a moment after the message (`signal_flush.rs`), and an answer may leave in that
//! moment. It carries a new ratchet key, whose secret a process that dies now takes with it: what the phone writes next can
//! be read by nobody. It comes again when it is asked for, but behind what was written after it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Messages that may come while ratchets are written down and make it necessary once more.
const ROUNDS: usize = 3;

/// Ratchets of one device. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Ratchets(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    turned: AtomicU64,
    stored: AtomicU64,
}

impl Ratchets {
    /// A message was decrypted.
    pub(super) fn turn(&self) {
        self.0.turned.fetch_add(1, Ordering::AcqRel);
    }

    /// Has them written down by `store`, unless they are.
    ///
    /// # Errors
    /// Those of `store`: nothing may leave then.
    pub(super) async fn settle<E, F>(&self, store: impl Fn() -> F) -> Result<(), E>
    where
        F: Future<Output = Result<(), E>>,
    {
        for _ in 0..ROUNDS {
            let turned = self.0.turned.load(Ordering::Acquire);
            if self.0.stored.load(Ordering::Acquire) >= turned {
                break;
            }
            store().await?;
            self.0.stored.fetch_max(turned, Ordering::AcqRel);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_turned_is_stored_once() {
        let ratchets = Ratchets::default();
        let stores = Cell::new(0);
        let store = || async {
            stores.set(stores.get() + 1);
            Ok::<_, ()>(())
        };
        ratchets.settle(store).await.unwrap();
        assert_eq!(stores.get(), 0, "nothing has come");
        ratchets.turn();
        ratchets.turn();
        ratchets.settle(store).await.unwrap();
        ratchets.settle(store).await.unwrap();
        assert_eq!(stores.get(), 1);
    }

    #[tokio::test]
    async fn what_turns_meanwhile_is_stored_too_but_not_for_ever() {
        let ratchets = Ratchets::default();
        let stores = Cell::new(0);
        ratchets.turn();
        let store = || async {
            stores.set(stores.get() + 1);
            ratchets.turn();
            Ok::<_, ()>(())
        };
        ratchets.settle(store).await.unwrap();
        assert_eq!(stores.get(), ROUNDS);
    }

    #[tokio::test]
    async fn what_could_not_be_stored_is_still_to_be() {
        let ratchets = Ratchets::default();
        ratchets.turn();
        assert_eq!(ratchets.settle(|| async { Err("away") }).await, Err("away"));
        let stored = Cell::new(false);
        let store = || async {
            stored.set(true);
            Ok::<_, ()>(())
        };
        ratchets.settle(store).await.unwrap();
        assert!(stored.get());
    }
}
