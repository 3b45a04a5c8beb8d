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
mod tests {
    use futures::FutureExt;
    use wagate_domain::{SessionId, ids::Id};

    use super::*;

    fn session(workspace: u128, session: u128) -> SessionKey {
        SessionKey {
            workspace: WorkspaceId::from_ulid(ulid::Ulid(workspace)),
            id: SessionId::from_ulid(ulid::Ulid(session)),
        }
    }

    /// Sends `total` messages from busy sessions over one turn; how many each workspace got.
    async fn share(sessions: &[SessionKey], total: usize) -> HashMap<WorkspaceId, usize> {
        let turns = Turns::new(1);
        let mut got = HashMap::new();
        let mut current = turns.take(sessions[0]).await;
        let mut waiting: Vec<_> = sessions.iter().map(|s| (*s, Box::pin(turns.take(*s)))).collect();
        for (_, turn) in &mut waiting {
            assert!(turn.as_mut().now_or_never().is_none(), "the only turn is taken");
        }
        for _ in 0..total {
            drop(current);
            let mut asked = waiting.iter_mut().enumerate();
            let taken = asked.find_map(|(index, (_, turn))| Some((index, turn.as_mut().now_or_never()?)));
            let (index, turn) = taken.expect("somebody's turn");
            current = turn;
            let (session, _) = waiting.remove(index);
            *got.entry(session.workspace).or_default() += 1;
            // it has more to send
            let mut again = Box::pin(turns.take(session));
            assert!(again.as_mut().now_or_never().is_none());
            waiting.push((session, again));
        }
        got
    }

    #[test]
    fn a_tenant_with_many_busy_sessions_gets_no_more_than_one_with_one() {
        // outside of tokio, whose tasks may poll only so often in a row
        futures::executor::block_on(async {
            let mut sessions: Vec<_> = (0..500).map(|n| session(1, n)).collect();
            sessions.push(session(2, 900));
            let got = share(&sessions, 200).await;
            assert_eq!(got[&session(1, 0).workspace], 100);
            assert_eq!(got[&session(2, 0).workspace], 100);
        });
    }

    #[test]
    fn sessions_of_a_tenant_take_turns() {
        // outside of tokio, whose tasks may poll only so often in a row
        futures::executor::block_on(async {
            let turns = Turns::new(1);
            let held = turns.take(session(1, 0)).await;
            let mut order = Vec::new();
            let mut waiting: Vec<_> = (1..=5).map(|n| (n, Box::pin(turns.take(session(1, n))))).collect();
            for (_, turn) in &mut waiting {
                assert!(turn.as_mut().now_or_never().is_none());
            }
            drop(held);
            for (n, turn) in waiting {
                drop(turn.await);
                order.push(n);
            }
            assert_eq!(order, [1, 2, 3, 4, 5]);
        });
    }

    #[test]
    fn who_stops_waiting_takes_no_turn_along() {
        // outside of tokio, whose tasks may poll only so often in a row
        futures::executor::block_on(async {
            let turns = Turns::new(1);
            let held = turns.take(session(1, 0)).await;
            let mut gone = Box::pin(turns.take(session(1, 1)));
            assert!(gone.as_mut().now_or_never().is_none());
            drop(gone);
            drop(held);
            let turn = turns.take(session(1, 2)).now_or_never();
            assert!(turn.is_some(), "the turn is free again");
            drop(turn);
            assert_eq!(turns.lock().free, 1);
        });
    }

    #[test]
    fn no_more_than_so_many_at_once() {
        // outside of tokio, whose tasks may poll only so often in a row
        futures::executor::block_on(async {
            let turns = Turns::new(3);
            let held: Vec<_> = (0..3).filter_map(|n| turns.take(session(n, n)).now_or_never()).collect();
            assert_eq!(held.len(), 3);
            assert!(turns.take(session(9, 9)).now_or_never().is_none());
        });
    }
}
