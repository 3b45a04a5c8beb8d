//! Messages of a chat do not pass each other on their way to the record.
//!
//! What was not stored comes again over the next connection, and what came behind it must wait until then. The protocol
//! crate may still be at work on a message of the last connection when the next one is there, so a new connection alone
//! forgives nothing: a chat goes on with the message that it owes.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Connections over which a message is waited for. One that WhatsApp does not send again must not hold its chat up for ever.
const PATIENCE: u64 = 3;

/// A message, by its chat and WhatsApp's id.
pub(super) type Place<'a> = (&'a str, &'a str);

/// The messages of a device.
#[derive(Debug, Default)]
pub(super) struct Order(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Connections so far.
    connection: u64,
    /// A message that came over this one was not stored.
    missed: bool,
    /// What was not stored, in the order in which it came.
    owed: Vec<Owed>,
}

#[derive(Debug)]
struct Owed {
    chat: String,
    id: String,
    connection: u64,
}

impl Order {
    /// A new connection begins.
    pub(super) fn connect(&self) {
        let mut state = self.state();
        state.connection += 1;
        state.missed = false;
        let connection = state.connection;
        state.owed.retain(|owed| owed.connection + PATIENCE >= connection);
    }

    /// The connection that these may be stored from; `None` when something before them was not stored.
    pub(super) fn admit<'a>(&self, batch: impl IntoIterator<Item = Place<'a>>) -> Option<u64> {
        let state = self.state();
        let mut owed: Vec<Place<'_>> = state.owed.iter().map(|owed| (&*owed.chat, &*owed.id)).collect();
        let mut in_turn = |(chat, id): Place<'a>| {
            let Some(first) = owed.iter().position(|(of, _)| *of == chat) else { return true };
            owed[first].1 == id && owed.remove(first).1 == id
        };
        (!state.missed && batch.into_iter().all(&mut in_turn)).then_some(state.connection)
    }

    /// These were stored.
    pub(super) fn stored<'a>(&self, batch: impl IntoIterator<Item = Place<'a>>) {
        let mut state = self.state();
        for place in batch {
            state.owed.retain(|owed| (&*owed.chat, &*owed.id) != place);
        }
    }

    /// These, which came over a connection, were not: nothing that came behind them may be.
    pub(super) fn missed<'a>(&self, connection: u64, batch: impl IntoIterator<Item = Place<'a>>) {
        let mut state = self.state();
        // what failed late has come again already
        if state.connection != connection {
            return;
        }
        state.missed = true;
        for (chat, id) in batch {
            if !state.owed.iter().any(|owed| owed.chat == chat && owed.id == id) {
                state.owed.push(Owed { chat: chat.to_owned(), id: id.to_owned(), connection });
            }
        }
    }

    /// The connection that messages come over now.
    pub(super) fn connection(&self) -> u64 {
        self.state().connection
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Place<'_> = ("ayu", "1");
    const TWO: Place<'_> = ("ayu", "2");
    const OTHER: Place<'_> = ("budi", "9");

    #[test]
    fn what_came_behind_a_message_that_was_not_stored_waits_for_the_next_connection() {
        let order = Order::default();
        order.connect();
        let connection = order.admit([ONE]).unwrap();
        order.missed(connection, [ONE]);
        assert_eq!(order.admit([TWO]), None);
        assert_eq!(order.admit([OTHER]), None, "WhatsApp sends all of it again");
        order.connect();
        assert_eq!(order.admit([OTHER]), Some(connection + 1));
        assert_eq!(order.admit([ONE, TWO]), Some(connection + 1));
        // one that failed late has come again already
        order.missed(connection, [TWO]);
        assert_eq!(order.admit([ONE]), Some(connection + 1));
    }

    #[test]
    fn one_of_the_last_connection_does_not_pass_what_its_chat_owes() {
        let order = Order::default();
        order.connect();
        order.missed(order.connection(), [ONE]);
        order.connect();
        assert_eq!(order.admit([TWO]), None, "the first has not come again yet");
        order.missed(order.connection(), [TWO]);
        order.connect();
        assert_eq!(order.admit([TWO]), None);
        assert!(order.admit([ONE]).is_some());
        order.stored([ONE]);
        assert!(order.admit([TWO]).is_some());
        order.stored([TWO]);
        assert!(order.admit([("ayu", "3")]).is_some());
    }

    #[test]
    fn what_never_comes_again_is_not_waited_for_for_ever() {
        let order = Order::default();
        order.connect();
        order.missed(order.connection(), [ONE]);
        for _ in 0..PATIENCE {
            order.connect();
            assert_eq!(order.admit([TWO]), None);
        }
        order.connect();
        assert!(order.admit([TWO]).is_some());
    }
}
