//! Whose turn it is to encrypt and write: workspaces in a ring, and within each its sessions in a ring, so that a
//! tenant with a thousand busy sessions gets no more of this process than one with a single session.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;
use wagate_domain::{WorkspaceId, sessions::SessionKey};

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
    /// Workspaces with somebody waiting, the next one first.
    next: VecDeque<WorkspaceId>,
    /// Who waits, by workspace. A session asks for one turn at a time, so its place is its turn in the ring.
    waiting: HashMap<WorkspaceId, VecDeque<oneshot::Sender<Turn>>>,
}

impl Turns {
    /// So many turns at a time.
    pub(crate) fn new(at_once: usize) -> Self {
        Self(Arc::new(Mutex::new(Ring {
            free: at_once.max(1),
            next: VecDeque::new(),
            waiting: HashMap::new(),
        })))
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
            let queue = ring.waiting.entry(session.workspace).or_default();
            let first = queue.is_empty();
            queue.push_back(sender);
            if first {
                ring.next.push_back(session.workspace);
            }
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
        let Some(workspace) = ring.next.pop_front() else {
            ring.free += 1;
            return None;
        };
        let queue = ring.waiting.get_mut(&workspace);
        let next = queue.and_then(|queue| {
            let next = queue.pop_front();
            next.map(|next| (next, queue.is_empty()))
        });
        match next {
            Some((next, last)) => {
                if last {
                    ring.waiting.remove(&workspace);
                } else {
                    ring.next.push_back(workspace);
                }
                Some(next)
            }
            None => {
                ring.free += 1;
                None
            }
        }
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
