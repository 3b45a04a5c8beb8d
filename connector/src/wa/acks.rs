//! Sent messages that wait for the server's ack.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::oneshot;

/// The server's answer to a sent message: taken, or refused with a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ack {
    /// The code of a refusal (`463`, `479` …).
    pub(crate) error: Option<String>,
}

/// Who waits for which stanza id.
#[derive(Debug, Default)]
pub(super) struct AckBook(Mutex<HashMap<String, oneshot::Sender<Ack>>>);

impl AckBook {
    /// Waits for the ack of `id`; the receiver fails when the connection is lost or somebody else waits.
    pub(super) fn expect(&self, id: &str) -> oneshot::Receiver<Ack> {
        let (sender, receiver) = oneshot::channel();
        self.waiting().insert(id.to_owned(), sender);
        receiver
    }

    /// Nobody waits for `id` any more.
    pub(super) fn forget(&self, id: &str) {
        self.waiting().remove(id);
    }

    /// An ack has come.
    pub(super) fn resolve(&self, id: &str, ack: Ack) {
        if let Some(waiter) = self.waiting().remove(id) {
            // a waiter that gave up meanwhile sends again and gets an ack of its own
            let _ = waiter.send(ack);
        }
    }

    /// The connection is gone: no ack will come over it.
    pub(super) fn fail_all(&self) {
        self.waiting().clear();
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<String, oneshot::Sender<Ack>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ack_reaches_its_waiter_and_a_lost_connection_fails_the_rest() {
        let book = AckBook::default();
        let first = book.expect("A");
        let second = book.expect("B");
        let refusal = Ack { error: Some("463".to_owned()) };
        book.resolve("unknown", Ack { error: None });
        book.resolve("A", refusal.clone());
        book.fail_all();
        assert_eq!(first.await, Ok(refusal));
        assert!(second.await.is_err());
    }
}
