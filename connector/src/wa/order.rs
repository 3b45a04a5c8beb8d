//! Messages of a chat do not pass each other on their way to the record.
//!
//! What was not stored comes again over the next connection, and what came behind it with it: a connection that has missed
//! a message stores no more of them. The protocol crate may still be at work on messages of the last connection when the
//! next one is there (connecting takes milliseconds, writing to a busy database longer). Those come again, too, in their
//! order, and are left to that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Messages that are under way at a time before those that got lost on it are forgotten.
const MOST: usize = 10_000;

/// The messages of a device. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Order(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Connections so far.
    connection: u64,
    /// A message that came over this one was not stored.
    missed: bool,
    /// The connections that messages came over, by WhatsApp's id, until they are admitted.
    came: HashMap<String, Vec<u64>>,
}

impl Order {
    /// A new connection begins.
    pub(super) fn connect(&self) {
        let mut state = self.state();
        state.connection += 1;
        state.missed = false;
    }

    /// A message was decrypted.
    pub(super) fn came(&self, id: &str) {
        let mut state = self.state();
        if state.came.len() >= MOST {
            state.came.clear();
        }
        let connection = state.connection;
        state.came.entry(id.to_owned()).or_default().push(connection);
    }

    /// The connection that these may be stored from; `None` when they come again, or something before them does. Each by its
    /// id and whether it was sent while the device was away: while one is still at work that came when it was sent, it may have
    /// come again already, as one of those.
    pub(super) fn admit<'a>(&self, batch: impl IntoIterator<Item = (&'a str, bool)>) -> Option<u64> {
        let mut state = self.state();
        let mut late = false;
        for (id, offline) in batch {
            late |= state.leave(id, offline).is_some_and(|came| came != state.connection);
        }
        (!late && !state.missed).then_some(state.connection)
    }

    /// One that came over a connection was not stored: nothing that came behind it may be.
    pub(super) fn missed(&self, connection: u64) {
        let mut state = self.state();
        // what failed late has come again already
        state.missed |= state.connection == connection;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The connection that a message came over.
    fn leave(&mut self, id: &str, offline: bool) -> Option<u64> {
        let came = self.came.get_mut(id)?;
        let connection = if offline { came.pop() } else { Some(came.remove(0)) };
        if came.is_empty() {
            self.came.remove(id);
        }
        connection
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: bool = false;
    const OFFLINE: bool = true;

    #[test]
    fn what_came_behind_a_message_that_was_not_stored_waits_for_the_next_connection() {
        let order = Order::default();
        order.connect();
        let connection = order.admit([("1", NOW)]).unwrap();
        order.missed(connection);
        assert_eq!(order.admit([("2", NOW)]), None);
        order.connect();
        assert_eq!(order.admit([("1", OFFLINE), ("2", OFFLINE)]), Some(connection + 1));
        // one that failed late has come again already
        order.missed(connection);
        assert_eq!(order.admit([("3", NOW)]), Some(connection + 1));
    }

    #[test]
    fn one_of_the_last_connection_is_left_to_come_again() {
        let order = Order::default();
        order.connect();
        order.came("1");
        let connection = order.admit([("1", NOW)]).unwrap();
        order.came("2");
        order.missed(connection);
        order.connect();
        assert_eq!(order.admit([("2", NOW)]), None, "it would pass the first");
        for id in ["1", "2"] {
            order.came(id);
            assert_eq!(order.admit([(id, OFFLINE)]), Some(connection + 1), "it has come again");
        }
    }

    #[test]
    fn one_that_has_come_again_already_does_not_pass_the_one_before_it() {
        for twice_at_work in [false, true] {
            let order = Order::default();
            order.connect();
            order.came("1");
            let first = order.admit([("1", NOW)]).unwrap();
            order.came("2");
            order.missed(first);
            order.connect();
            order.came("1");
            order.came("2");
            if twice_at_work {
                assert_eq!(order.admit([("2", NOW)]), None, "it came over the last connection");
            }
            assert_eq!(order.admit([("1", OFFLINE), ("2", OFFLINE)]), Some(first + 1));
            if !twice_at_work {
                assert_eq!(order.admit([("2", NOW)]), None, "it is stored already");
            }
            assert!(order.state().came.is_empty());
        }
    }
}
