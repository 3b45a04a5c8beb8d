//! How many sessions stand where.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use metrics::gauge;
use wagate_domain::sessions::State;

/// Counts the sessions of one connector. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Census(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    held: AtomicUsize,
    connected: AtomicUsize,
}

impl Census {
    /// Sessions that are held right now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Those among them that can send right now.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.0.connected.load(Ordering::Relaxed)
    }

    /// Counts a session until what is returned is dropped.
    pub(crate) fn enter(&self, state: State) -> Counted {
        self.0.held.fetch_add(1, Ordering::Relaxed);
        self.stand(state);
        Counted { census: self.clone(), state }
    }

    fn stand(&self, state: State) {
        gauge!("wagate_sessions", "state" => state.name()).increment(1.0);
        if state.can_send() {
            self.0.connected.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn leave(&self, state: State) {
        gauge!("wagate_sessions", "state" => state.name()).decrement(1.0);
        if state.can_send() {
            self.0.connected.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A session that is counted.
#[derive(Debug)]
pub(crate) struct Counted {
    census: Census,
    state: State,
}

impl Counted {
    /// It stands elsewhere now.
    pub(crate) fn move_to(&mut self, state: State) {
        self.census.leave(self.state);
        self.census.stand(state);
        self.state = state;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.census.leave(self.state);
        self.census.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_counted_until_they_are_let_go() {
        let census = Census::default();
        let mut first = census.enter(State::Starting);
        let second = census.enter(State::Connected);
        assert_eq!((census.held(), census.connected()), (2, 1));
        first.move_to(State::Restricted);
        assert_eq!((census.held(), census.connected()), (2, 2));
        first.move_to(State::Reconnecting);
        drop(second);
        assert_eq!((census.held(), census.connected()), (1, 0));
        drop(first);
        assert_eq!(census.held(), 0);
    }
}
