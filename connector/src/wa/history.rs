//! Pieces of history that were announced and are not on record yet.
//!
//! The phone announces a piece of history in a message. The protocol crate takes the announcement out, sends the
//! receipt by which the server forgets the message, then fetches the piece and tells us of it. Nothing there can be
//! held back: that receipt is sent before anybody is asked, and holding the wire would hold the fetching, too. But the
//! crate keeps every message that comes in until the durability hook has taken it, and the hook takes an announcement
//! only when everything of its piece is in the log. So what a process leaves behind when it dies half-way is known to
//! the next one ([`Owed`]), which asks the phone for the message once more, as for one that could not be decrypted; the
//! phone announces the piece anew, and what was written of it already is written again to no effect. The same is done
//! when a piece does not come in time (its file cannot be fetched) and when an announcement is replayed, which the
//! crate does without what was announced.
//!
//! What is left is the moment between that receipt and the writing of the announcement: milliseconds on a connection
//! that is up, and up to three seconds while the crate gathers what came in while nobody was connected.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Notify, watch};
use wacore_binary::builder::NodeBuilder;
use whatsapp_rust::{Client, ClientError};

use super::{Owed, hook::Inbound};
use crate::convert::announces_history;

/// How long a piece may take from its announcement into the log.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the phone is asked for one announcement; it answers no more than four times.
const QUESTIONS: u8 = 4;
/// Announcements remembered for that at most.
const MOST_ASKED: usize = 100;

/// How many pieces were announced, and how many have been stored, of those that somebody waits for.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    announced: u64,
    stored: u64,
}

/// The history of a device.
#[derive(Debug, Default)]
pub(super) struct History {
    count: watch::Sender<Count>,
    /// How often the phone was asked for which announcement.
    asked: Mutex<HashMap<String, u8>>,
    /// What it is to be asked for as soon as it can be.
    owed: Mutex<Vec<Owed>>,
    connected: Notify,
}

/// A piece on its way to the record. Dropped without being stored, its announcement is not acknowledged for it.
#[derive(Debug)]
pub(crate) struct Piece(Arc<History>);

impl Piece {
    /// Everything of it is on record.
    pub(crate) fn stored(self) {
        self.0.count.send_modify(|count| count.stored += 1);
    }
}

/// Announcements whose pieces are waited for; over when dropped.
struct Waiting<'a> {
    history: &'a History,
    announced: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.history.count.send_modify(|count| {
            count.announced -= self.announced;
            count.stored = count.stored.saturating_sub(self.announced);
        });
    }
}

/// Announcements of which nothing has come yet; what is left when it is dropped (the connection ended, the phone
/// could not be asked) is asked for on the next connection.
struct Unsettled<'a> {
    history: &'a History,
    owed: Vec<Owed>,
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        self.history.owed().append(&mut self.owed);
    }
}

impl History {
    /// Of a device that begins with what an earlier owner was owed.
    pub(super) fn new(owed: Vec<Owed>) -> Self {
        Self { owed: Mutex::new(owed), ..Self::default() }
    }

    /// The device is logged in.
    pub(super) fn connected(&self) {
        self.connected.notify_one();
    }

    /// Asks for what is owed, on every connection.
    pub(super) async fn keep_asking(&self, client: &Client) -> Infallible {
        loop {
            self.connected.notified().await;
            let owed = std::mem::take(&mut *self.owed());
            for owed in owed {
                if self.ask_again(client, &owed).await.is_err() {
                    self.owed().push(owed);
                }
            }
        }
    }

    /// A piece has come.
    pub(super) fn piece(self: &Arc<Self>) -> Piece {
        Piece(Arc::clone(self))
    }

    /// Waits until every piece that a batch announces is on record, or the phone has been asked for it again.
    /// `replayed` says of which announcements nothing comes any more.
    ///
    /// Fails when the phone cannot be asked: then the announcement is still owed.
    pub(super) async fn settle(
        &self,
        client: &Client,
        batch: &[Inbound],
        replayed: impl Fn(&str) -> bool,
    ) -> Result<(), ClientError> {
        let announced =
            batch.iter().filter(|item| item.info.source.is_from_me && announces_history(&item.message));
        let owed =
            |item: &Inbound| Owed { sender: item.info.source.sender.to_string(), id: item.info.id.clone() };
        let (lost, fresh): (Vec<_>, Vec<_>) = announced.map(owed).partition(|owed| replayed(&owed.id));
        let announced = fresh.len();
        let mut unsettled = Unsettled { history: self, owed: lost };
        let lost = unsettled.owed.len();
        unsettled.owed.extend(fresh);
        if self.all_stored(announced).await {
            let mut asked = self.asked();
            for owed in unsettled.owed.drain(lost..) {
                asked.remove(&owed.id);
            }
        }
        while let Some(owed) = unsettled.owed.last() {
            self.ask_again(client, owed).await?;
            unsettled.owed.pop();
        }
        Ok(())
    }

    /// Whether so many further pieces, and those that others wait for, were stored in time. They come in no order.
    async fn all_stored(&self, announced: usize) -> bool {
        let announced = announced as u64;
        if announced == 0 {
            return true;
        }
        self.count.send_modify(|count| count.announced += announced);
        let _waiting = Waiting { history: self, announced };
        let mut counts = self.count.subscribe();
        let stored = counts.wait_for(|count| count.stored >= count.announced);
        tokio::time::timeout(PATIENCE, stored).await.is_ok()
    }

    async fn ask_again(&self, client: &Client, owed: &Owed) -> Result<(), ClientError> {
        let Some(count) = self.question(&owed.id) else {
            tracing::error!(
                message = owed.id,
                "a piece of history was given up: the phone's file cannot be had"
            );
            return Ok(());
        };
        tracing::info!(message = owed.id, count, "asking the phone for a piece of history again");
        let registration = client.persistence_manager().get_device_snapshot().registration_id;
        let retry = NodeBuilder::new("retry")
            .attr("v", "1")
            .attr("id", owed.id.clone())
            .attr("t", wacore::time::now_secs())
            .attr("count", count);
        let registration = NodeBuilder::new("registration").bytes(registration.to_be_bytes().to_vec());
        let receipt = NodeBuilder::new("receipt")
            .attr("to", owed.sender.clone())
            .attr("id", owed.id.clone())
            .attr("type", "retry")
            .attr("category", "peer")
            .children([retry.build(), registration.build()]);
        let sent = client.send_node(receipt.build()).await;
        if sent.is_err() {
            self.asked().remove(&owed.id);
        }
        sent
    }

    /// The number of the next question for an announcement, unless there were enough.
    fn question(&self, id: &str) -> Option<u8> {
        let mut asked = self.asked();
        if asked.len() >= MOST_ASKED {
            asked.clear();
        }
        let count = asked.entry(id.to_owned()).or_default();
        *count += 1;
        (*count <= QUESTIONS).then_some(*count)
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<String, u8>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owed(&self) -> MutexGuard<'_, Vec<Owed>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn announcements_wait_for_all_pieces_whatever_their_order() {
        let history = Arc::new(History::default());
        assert_eq!(history.all_stored(0).now_or_never(), Some(true), "nothing was announced");
        // a piece may be there before anybody waits for it
        history.piece().stored();
        assert_eq!(history.all_stored(1).now_or_never(), Some(true));
        let (first, second) = (history.piece(), history.piece());
        let mut one = Box::pin(history.all_stored(1));
        assert_eq!(one.as_mut().now_or_never(), None);
        let mut other = Box::pin(history.all_stored(1));
        assert_eq!(other.as_mut().now_or_never(), None);
        second.stored();
        assert_eq!(one.as_mut().now_or_never(), None, "nobody knows whose piece it was");
        first.stored();
        assert_eq!((one.now_or_never(), other.now_or_never()), (Some(true), Some(true)));
        let mut next = Box::pin(history.all_stored(1));
        assert_eq!(next.as_mut().now_or_never(), None, "what was waited for does not count twice");
    }

    #[tokio::test]
    async fn who_gives_up_leaves_nothing_behind() {
        let history = Arc::new(History::default());
        let mut given_up = Box::pin(history.all_stored(2));
        assert_eq!(given_up.as_mut().now_or_never(), None);
        history.piece().stored();
        drop(given_up);
        let mut next = Box::pin(history.all_stored(1));
        assert_eq!(next.as_mut().now_or_never(), None);
        history.piece().stored();
        assert_eq!(next.now_or_never(), Some(true));
    }

    #[test]
    fn what_was_not_settled_is_owed() {
        let owed = |id: &str| Owed { sender: "491511111111@s.whatsapp.net".to_owned(), id: id.to_owned() };
        let history = History::new(vec![owed("A")]);
        let mut unsettled = Unsettled { history: &history, owed: vec![owed("B"), owed("C")] };
        unsettled.owed.pop();
        drop(unsettled);
        assert_eq!(*history.owed(), [owed("A"), owed("B")]);
    }

    #[test]
    fn the_phone_is_not_asked_for_ever() {
        let history = History::default();
        let asked: Vec<_> = (0..6).map(|_| history.question("A")).collect();
        assert_eq!(asked, [Some(1), Some(2), Some(3), Some(4), None, None]);
        assert_eq!(history.question("B"), Some(1));
        for n in 0..1_000 {
            history.question(&n.to_string());
        }
        assert!(history.asked().len() <= MOST_ASKED);
    }
}
