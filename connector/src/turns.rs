//! Whose turn it is to encrypt and write: workspaces in a ring, and within each its sessions in a ring, so that a
//! tenant with a thousand busy sessions gets no more of this process than one with a single session.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use wagate_domain::{SessionId, WorkspaceId, sessions::SessionKey};

/// Hands out turns. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Mutex<Ring>>);

/// A turn; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Absent in one that was never taken.
    of: Option<Turns>,
}

#[derive(Debug)]
struct Ring {
    free: usize,
    waiting: Circle<WorkspaceId, Circle<SessionId, VecDeque<oneshot::Sender<Turn>>>>,
}

/// Takes from several queues in turn.
#[derive(Debug)]
struct Circle<K, Q> {
    /// Keys with somebody waiting, the next one first.
    next: VecDeque<K>,
    queues: HashMap<K, Q>,
}

impl<K, Q> Default for Circle<K, Q> {
    fn default() -> Self {
        Self { next: VecDeque::new(), queues: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash, Q: Default> Circle<K, Q> {
    /// The queue of a key, for adding to it.
    fn queue(&mut self, key: K) -> &mut Q {
        let Self { next, queues } = self;
        queues.entry(key).or_insert_with(|| {
            next.push_back(key);
            Q::default()
        })
    }

    /// Takes from the queue whose turn it is; `take` tells also whether it is empty then.
    fn take<T>(&mut self, take: impl FnOnce(&mut Q) -> (Option<T>, bool)) -> Option<T> {
        let key = self.next.pop_front()?;
        let (taken, empty) = take(self.queues.get_mut(&key)?);
        if empty {
            self.queues.remove(&key);
        } else {
            self.next.push_back(key);
        }
        taken
    }

    fn is_empty(&self) -> bool {
        self.next.is_empty()
    }
}

impl Turns {
    /// So many turns at a time.
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(Ring { free: at_once.max(1), waiting: Circle::default() })))
    }

    /// Waits for a turn of this session.
    pub(crate) async fn take(&self, session: SessionKey) -> Turn {
        let waiting = {
            let mut ring = self.lock();
            if ring.free > 0 {
                ring.free -= 1;
                return self.turn();
            }
            let (sender, receiver) = oneshot::channel();
            ring.waiting.queue(session.workspace).queue(session.id).push_back(sender);
            receiver
        };
        // every turn is handed on or freed when it ends, so one comes; should the ring be gone, nothing is left to share
        waiting.await.unwrap_or_else(|_| self.turn())
    }

    fn turn(&self) -> Turn {
        Turn { of: Some(self.clone()) }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is next; frees the turn when nobody waits.
    fn pass_on(&self) -> Option<oneshot::Sender<Turn>> {
        let mut ring = self.lock();
        let next = ring.waiting.take(|sessions| {
            let next = sessions.take(|queue| (queue.pop_front(), queue.is_empty()));
            (next, sessions.is_empty())
        });
        ring.free += usize::from(next.is_none());
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.of.take() else { return };
        while let Some(next) = turns.pass_on() {
            match next.send(turns.turn()) {
                Ok(()) => return,
                // it stopped waiting: the turn goes on to the next
                Err(mut unused) => unused.of = None,
            }
        }
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
