//! Messages of a chat do not pass each other on their way to the record.
//!
//! What was not stored comes again over the next connection, and what came behind it with it: a connection that has missed
//! a message stores no more of them. The protocol crate may still be at work on messages of the last connection when the
//! next one is there (connecting takes milliseconds, reading keys from a busy database longer), and takes what it finds
//! for messages of the next: before what came ahead of them has come again. They are told by the connection that their
//! stanza came over, and left to come again as well.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use whatsapp_rust::Client;

use super::catchup::Catchup;

/// Messages under way at a time before those that got lost on it are forgotten.
const MOST: usize = 10_000;

/// Pause before a connection is given up for messages that have to come again: so that what is still at work can end.
const SETTLE: Duration = Duration::from_secs(1);

/// The messages of a device. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Order(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Knows of what was missed over this connection; changed under the lock of the state.
    catchup: Catchup,
    /// Rings when messages have to come again that do not by themselves.
    again: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Connections so far.
    connection: u64,
    /// The connections that messages came over as they were sent, by WhatsApp's id, until they are stored or refused. Those
    /// sent while the device was away are not among them: the protocol crate ends with these before it connects again.
    came: HashMap<String, u64>,
}

impl Order {
    /// How far the device has come.
    pub(super) fn catchup(&self) -> &Catchup {
        &self.0.catchup
    }

    /// A new connection begins.
    pub(super) fn connect(&self) {
        let mut state = self.state();
        state.connection += 1;
        self.0.catchup.connect();
    }

    /// A message has come over this connection, as it was sent.
    pub(super) fn came(&self, id: &str) {
        let mut state = self.state();
        if state.came.len() >= MOST {
            state.came.clear();
        }
        let connection = state.connection;
        state.came.insert(id.to_owned(), connection);
    }

    /// Whether a message that comes again is still at work over an older connection. Nobody knows yet how that ends.
    pub(super) fn is_at_work(&self, id: &str) -> bool {
        let state = self.state();
        state.came.get(id).is_some_and(|came| *came != state.connection)
    }

    /// The connection that these may be stored from; `None` when they come again, or something before them does. Each by its
    /// id and whether it was sent while the device was away.
    pub(super) fn admit<'a>(&self, batch: impl IntoIterator<Item = (&'a str, bool)> + Clone) -> Option<u64> {
        let mut state = self.state();
        let (mut late, mut on_time) = (false, false);
        for (id, offline) in batch.clone() {
            let is_late = !offline && state.came.remove(id).is_some_and(|came| came != state.connection);
            late |= is_late;
            on_time |= !is_late;
        }
        if late && on_time {
            // those on time have come again already
            self.0.again();
        }
        if late || self.0.catchup.has_missed() {
            return None;
        }
        // whoever is still at work on one of them has come too late
        for (id, _) in batch {
            state.came.remove(id);
        }
        Some(state.connection)
    }

    /// One that came over a connection was not stored: nothing that came behind it may be.
    pub(super) fn missed(&self, connection: u64) {
        let state = self.state();
        // what failed late has come again already
        if state.connection == connection {
            self.0.catchup.missed();
        }
    }

    /// One that has come could not be taken; it comes again over the next connection, which begins soon.
    pub(super) fn ask_again(&self) {
        let _state = self.state();
        self.0.again();
    }

    /// Connects again for messages that do not come again by themselves.
    pub(super) async fn keep_asking(&self, client: &Arc<Client>) -> Infallible {
        loop {
            self.0.again.notified().await;
            tokio::time::sleep(SETTLE).await;
            if self.0.catchup.has_missed() {
                tracing::info!("reconnecting for messages that came too late");
                client.reconnect_immediately().await;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn again(&self) {
        self.catchup.missed();
        self.again.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const NOW: bool = false;
    const OFFLINE: bool = true;

    impl Order {
        fn is_asked_again(&self) -> bool {
            self.0.again.notified().now_or_never().is_some()
        }
    }

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

    /// An order whose first message was not stored, and a second one that is still at work over that connection; the next
    /// one is there.
    fn behind_one_that_was_missed() -> (Order, u64) {
        let order = Order::default();
        order.connect();
        order.came("1");
        let first = order.admit([("1", NOW)]).unwrap();
        order.came("2");
        order.missed(first);
        order.connect();
        (order, first + 1)
    }

    #[test]
    fn one_of_the_last_connection_is_left_to_come_again() {
        let (order, second) = behind_one_that_was_missed();
        assert!(order.is_at_work("2"));
        assert_eq!(order.admit([("2", NOW)]), None, "it would pass the first");
        assert!(!order.is_at_work("2"));
        for id in ["1", "2"] {
            assert_eq!(order.admit([(id, OFFLINE)]), Some(second), "it has come again");
        }
        assert!(!order.is_asked_again());
        assert!(order.state().came.is_empty());
    }

    #[test]
    fn one_of_the_last_connection_among_those_of_the_next_lets_none_of_them_pass() {
        let (order, second) = behind_one_that_was_missed();
        assert_eq!(order.admit([("2", NOW), ("1", OFFLINE)]), None);
        assert!(order.is_asked_again(), "the first has come again, and does not a third time");
        assert_eq!(order.admit([("3", NOW)]), None, "it came behind them");
        order.connect();
        assert_eq!(order.admit([("1", OFFLINE), ("2", OFFLINE), ("3", OFFLINE)]), Some(second + 1));
    }

    #[test]
    fn one_that_has_come_again_does_not_wait_for_its_first_copy() {
        let (order, second) = behind_one_that_was_missed();
        assert_eq!(order.admit([("1", OFFLINE), ("2", OFFLINE)]), Some(second));
        assert!(!order.is_at_work("2"));
        assert!(order.state().came.is_empty());
    }

    #[test]
    fn what_could_not_be_taken_holds_back_what_comes_behind_it() {
        let (order, second) = behind_one_that_was_missed();
        order.ask_again();
        assert!(order.is_asked_again());
        assert_eq!(order.admit([("3", OFFLINE)]), None);
        order.connect();
        assert!(order.is_at_work("2"), "that of the first connection may still be");
        assert_eq!(order.admit([("2", OFFLINE)]), Some(second + 1));
    }
}
