//! What a client has told so far, and waiting for what comes next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::{Event, PATIENCE};

/// Everything a client told, in order.
#[derive(Debug, Default)]
pub(crate) struct Log {
    events: Mutex<Vec<Event>>,
    over: AtomicBool,
    bell: Notify,
}

impl Log {
    pub(crate) fn push(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.bell.notify_waiters();
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.bell.notify_waiters();
    }

    pub(crate) fn all(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first event after the first `from` that `pick` accepts, told already or still to come; `None` when none
    /// comes.
    pub(crate) async fn first<T>(&self, from: usize, pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
        let search = async {
            loop {
                let rung = self.bell.notified();
                tokio::pin!(rung);
                // a bell that rings between looking and waiting must be heard
                rung.as_mut().enable();
                let found = self.all().iter().skip(from).find_map(&pick);
                if found.is_some() || self.over.load(Ordering::Acquire) {
                    return found;
                }
                rung.await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.unwrap_or_default()
    }
}
