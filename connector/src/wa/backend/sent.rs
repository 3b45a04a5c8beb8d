//! Sent messages on their way into the store.
//!
//! The library keeps a message before it writes it to the wire, to answer a recipient that could not read it. A
//! recipient asks after the message has arrived, so the wire need not wait for the disk: the message is kept
//! meanwhile, and the queue forgets it only when that is done. A process that dies in between sends it again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;
use wagate_domain::ports::PortResult;

/// Writes that are known at a time before those that are done are forgotten.
const TIDY: usize = 64;

/// Writes of sent messages, by message id; cancelled is what is over. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct SentMessages(Arc<Mutex<HashMap<String, CancellationToken>>>);

impl SentMessages {
    /// Begins to keep a message; after one of the same id.
    pub(super) fn keep(&self, id: &str, write: impl Future<Output = PortResult<()>> + Send + 'static) {
        let mut writes = self.writes();
        if writes.len() >= TIDY {
            writes.retain(|_, over| !over.is_cancelled());
        }
        let over = CancellationToken::new();
        let before = writes.insert(id.to_owned(), over.clone());
        // also when it panics
        let over = over.drop_guard();
        tokio::spawn(async move {
            let _over = over;
            if let Some(before) = before {
                before.cancelled().await;
            }
            if let Err(error) = write.await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a sent message was not kept");
            }
        });
    }

    /// Waits until a message is in the store, or could not be put there.
    pub(crate) async fn kept(&self, id: &str) {
        let over = self.writes().get(id).cloned();
        if let Some(over) = over {
            over.cancelled().await;
        }
    }

    /// Waits until every message is.
    pub(super) async fn all_kept(&self) {
        let writes: Vec<_> = self.writes().values().cloned().collect();
        for over in writes {
            over.cancelled().await;
        }
    }

    fn writes(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_message_waits_for_its_write_and_for_no_other() {
        let sent = SentMessages::default();
        let (disk, written) = oneshot::channel::<()>();
        sent.keep("A", async move {
            let _ = written.await;
            Ok(())
        });
        sent.keep("B", std::future::pending());
        sent.kept("unknown").await;
        // the one who sent it, and one who answers a recipient that could not read it
        let waiting = [(); 2].map(|()| {
            let sent = sent.clone();
            tokio::spawn(async move { sent.kept("A").await })
        });
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|waits| !waits.is_finished()));
        disk.send(()).unwrap();
        for waits in waiting {
            waits.await.unwrap();
        }
    }

    #[tokio::test]
    async fn of_two_writes_of_one_id_the_second_is_made_last_and_done_ones_are_forgotten() {
        let sent = SentMessages::default();
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |n: u32| {
            let order = Arc::clone(&order);
            async move {
                tokio::task::yield_now().await;
                order.lock().unwrap().push(n);
                Ok(())
            }
        };
        sent.keep("A", note(1));
        sent.keep("A", note(2));
        sent.kept("A").await;
        assert_eq!(*order.lock().unwrap(), [1, 2]);
        for n in 0..500 {
            sent.keep(&n.to_string(), note(n));
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        assert!(sent.writes().len() <= TIDY, "{}", sent.writes().len());
        sent.all_kept().await;
        assert_eq!(order.lock().unwrap().len(), 502);
    }
}
