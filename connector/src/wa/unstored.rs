//! News (receipts, notifications, calls) that came in and are not on record yet.
//!
//! The protocol crate acknowledges a receipt as soon as it has told us of it, and WhatsApp forgets it then. So
//! nothing leaves a connection before the news that came over it are on record: what was not stored was
//! not acknowledged either, and comes again over the next connection.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

/// The news of a device.
#[derive(Debug, Default)]
pub(super) struct Unstored(watch::Sender<Count>);

#[derive(Debug, Default)]
struct Count {
    /// Connections so far; counts are of the last one.
    connection: u64,
    came: u64,
    stored: u64,
}

/// A piece of news on its way to the record. Dropped without being stored, it holds its connection back for good.
#[derive(Debug)]
pub(crate) struct Held {
    unstored: Arc<Unstored>,
    connection: u64,
}

/// One connection, which waits for its news.
#[derive(Debug)]
pub(super) struct Line {
    unstored: Arc<Unstored>,
    connection: u64,
}

/// The connection is over; its news come again over the next one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection ended before its news were stored")]
pub(super) struct Over;

impl Unstored {
    /// Something has come.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        let mut connection = 0;
        self.0.send_modify(|count| {
            count.came += 1;
            connection = count.connection;
        });
        Held { unstored: Arc::clone(self), connection }
    }

    /// A new connection begins; what the last one owes does not hold it back.
    pub(super) fn connect(self: &Arc<Self>) -> Line {
        let mut connection = 0;
        self.0.send_modify(|count| {
            *count = Count { connection: count.connection + 1, came: 0, stored: 0 };
            connection = count.connection;
        });
        Line { unstored: Arc::clone(self), connection }
    }
}

impl Held {
    /// It is on record.
    pub(crate) fn stored(self) {
        self.unstored.0.send_if_modified(|count| {
            let ours = count.connection == self.connection;
            count.stored += u64::from(ours);
            ours
        });
    }
}

impl Line {
    /// Waits until everything that has come so far is on record.
    pub(super) async fn clear(&self) -> Result<(), Over> {
        let mut counts = self.unstored.0.subscribe();
        let came = counts.borrow_and_update().came;
        // the sender is ours, so that the channel cannot close
        let count = counts
            .wait_for(|count| count.connection != self.connection || count.stored >= came)
            .await
            .map_err(|_| Over)?;
        if count.connection == self.connection { Ok(()) } else { Err(Over) }
    }

    /// Does something within `limit` that is of no use any more when the connection is over.
    pub(super) async fn while_up<T>(
        &self,
        limit: Duration,
        doing: impl Future<Output = T>,
    ) -> Result<T, Over> {
        let mut counts = self.unstored.0.subscribe();
        tokio::select! {
            biased;
            _ = counts.wait_for(|count| count.connection != self.connection) => Err(Over),
            done = tokio::time::timeout(limit, doing) => done.map_err(|_| Over),
        }
    }

    /// The connection is over: whoever waits is told.
    pub(super) fn end(&self) {
        self.unstored.0.send_if_modified(|count| {
            let ours = count.connection == self.connection;
            count.connection += u64::from(ours);
            ours
        });
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn nothing_leaves_before_the_news_that_came_are_stored() {
        let unstored = Arc::new(Unstored::default());
        let line = unstored.connect();
        assert_eq!(line.clear().now_or_never(), Some(Ok(())), "nothing has come");
        let (first, second) = (unstored.hold(), unstored.hold());
        let mut waiting = Box::pin(line.clear());
        assert_eq!(waiting.as_mut().now_or_never(), None);
        second.stored();
        assert_eq!(waiting.as_mut().now_or_never(), None, "one is missing");
        let third = unstored.hold();
        first.stored();
        assert_eq!(waiting.now_or_never(), Some(Ok(())), "the third came later");
        drop(third);
        assert_eq!(line.clear().now_or_never(), None, "a dropped one was not stored");
    }

    #[tokio::test]
    async fn a_connection_that_is_over_sends_nothing_and_holds_nobody_back() {
        let unstored = Arc::new(Unstored::default());
        let old = unstored.connect();
        let held = unstored.hold();
        let mut waiting = Box::pin(old.clear());
        assert_eq!(waiting.as_mut().now_or_never(), None);
        let new = unstored.connect();
        assert_eq!(waiting.now_or_never(), Some(Err(Over)));
        assert_eq!(new.clear().now_or_never(), Some(Ok(())));
        // what was stored late counts for nobody
        let _held = unstored.hold();
        held.stored();
        assert_eq!(new.clear().now_or_never(), None);
        new.end();
        assert_eq!(new.clear().now_or_never(), Some(Err(Over)));
    }

    #[tokio::test]
    async fn nothing_is_done_longer_than_the_connection_is_up_or_than_its_limit() {
        let line = Arc::new(Unstored::default()).connect();
        let long = Duration::from_hours(1);
        assert_eq!(line.while_up(long, async { 1 }).await, Ok(1));
        let never = || std::future::pending::<()>();
        assert_eq!(line.while_up(Duration::ZERO, never()).await, Err(Over));
        let (done, ()) = tokio::join!(line.while_up(long, never()), async { line.end() });
        assert_eq!(done, Err(Over));
    }
}
