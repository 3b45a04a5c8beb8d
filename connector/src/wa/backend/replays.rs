//! Inbound messages that the library took from the store because they came a second time.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

/// Replays remembered at most: each is asked for at once, so that more are none of ours.
const MOST: usize = 10_000;

/// Ids of messages that are replayed. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Replays(Arc<Mutex<HashSet<String>>>);

impl Replays {
    /// A message was handed out again.
    pub(super) fn add(&self, id: &str) {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= MOST {
            ids.clear();
        }
        ids.insert(id.to_owned());
    }

    /// Whether a message was, since somebody last asked.
    pub(crate) fn take(&self, id: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }
}
