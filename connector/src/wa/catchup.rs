//! What came while a device was away, and whether it is through: messages of ours wait for it.
//!
//! They may rest on what was written before them. And each that is read on the other side turns the ratchet: Signal knows
//! no more than the last five turns, so that what was missed and comes again behind more of them can be read by nobody.

use std::time::Duration;

use tokio::sync::watch;

/// Longest wait for what came while the device was away: as long as the protocol crate waits for its end.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a device has come. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Catchup(watch::Sender<Stage>);

/// How far it has come over one connection.
#[derive(Debug, Clone, Copy, Default)]
struct Stage {
    /// The server has said that it has sent everything.
    drained: bool,
    /// Something was not stored, and comes again over the next connection.
    missed: bool,
    /// This was waited for too long.
    given_up: bool,
    /// The connection is over.
    over: bool,
}

impl Stage {
    const fn is_through(self) -> bool {
        !self.over && (self.given_up || (self.drained && !self.missed))
    }
}

impl Catchup {
    /// A new connection begins.
    pub(super) fn connect(&self) {
        self.0.send_replace(Stage::default());
    }

    /// Everything that came while the device was away has been sent over this connection.
    pub(super) fn drained(&self) {
        self.0.send_modify(|stage| stage.drained = true);
    }

    /// Something that came over this connection was not stored.
    pub(super) fn missed(&self) {
        self.0.send_modify(|stage| stage.missed = true);
    }

    /// This connection is over: whoever waits for it waits in vain.
    pub(super) fn over(&self) {
        self.0.send_modify(|stage| stage.over = true);
    }

    /// Whether the server has said that it has sent everything.
    pub(super) fn is_drained(&self) -> bool {
        self.0.borrow().drained
    }

    /// Whether something that came over this connection was not stored.
    pub(super) fn has_missed(&self) -> bool {
        self.0.borrow().missed
    }

    /// Whether messages of ours may leave.
    pub(super) fn is_through(&self) -> bool {
        self.0.borrow().is_through()
    }

    /// Waits until messages of ours may leave; `false` when the connection is over.
    pub(super) async fn through(&self) -> bool {
        self.through_within(PATIENCE).await
    }

    async fn through_within(&self, limit: Duration) -> bool {
        let mut stages = self.0.subscribe();
        let decided = stages.wait_for(|stage| stage.over || stage.is_through());
        match tokio::time::timeout(limit, decided).await {
            // the sender is ours, so that the channel cannot close
            Ok(stage) => stage.is_ok_and(|stage| stage.is_through()),
            Err(_) => {
                // a server that never says so is not waited for any longer
                self.0.send_modify(|stage| (stage.drained, stage.given_up) = (true, true));
                self.is_through()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn messages_of_ours_wait_for_what_came_while_the_device_was_away() {
        let catchup = Catchup::default();
        let mut through = Box::pin(catchup.through());
        assert!(through.as_mut().now_or_never().is_none());
        catchup.drained();
        assert_eq!(through.now_or_never(), Some(true));
        catchup.connect();
        assert!(!catchup.is_through());
    }

    #[tokio::test]
    async fn they_wait_for_what_was_missed_until_it_has_come_over_the_next_connection() {
        let catchup = Catchup::default();
        catchup.missed();
        catchup.drained();
        assert!(!catchup.is_through(), "what was missed among what came is not there");
        assert!(catchup.is_drained());
        catchup.connect();
        assert!(!catchup.has_missed());
        catchup.drained();
        assert!(catchup.is_through());
        catchup.missed();
        assert!(!catchup.is_through());
        let mut through = Box::pin(catchup.through());
        assert!(through.as_mut().now_or_never().is_none());
        catchup.over();
        assert_eq!(
            through.now_or_never(),
            Some(false),
            "none may leave in front of what comes over the next"
        );
        assert!(catchup.has_missed(), "nor must what comes late pass what was missed");
    }

    #[tokio::test]
    async fn they_do_not_wait_for_ever() {
        let catchup = Catchup::default();
        catchup.missed();
        assert!(catchup.through_within(Duration::ZERO).await, "the server never said so");
        assert!(catchup.is_through() && catchup.is_drained() && catchup.has_missed());
        catchup.over();
        assert!(!catchup.is_through());
    }
}
