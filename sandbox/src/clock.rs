//! Time of one network: the wall clock, moved ahead when a test asks for it.

use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Furthest a clock may be moved ahead of the wall clock.
pub(crate) const FURTHEST: Duration = Duration::from_secs(50 * 365 * 24 * 3600);

/// The clock of a network and its phones. Clones show the same time.
///
/// What is only about a peer process (a handshake, a stalled socket) keeps to the wall clock.
#[derive(Debug, Clone)]
pub struct Clock {
    started: Instant,
    ahead: watch::Sender<Duration>,
}

/// A moment on a [`Clock`], for lifetimes and deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Clock {
    /// A clock that is this far ahead of the wall clock.
    #[must_use]
    pub fn ahead_by(ahead: Duration) -> Self {
        Self { started: Instant::now(), ahead: watch::Sender::new(ahead.min(FURTHEST)) }
    }

    /// How far it is ahead of the wall clock.
    #[must_use]
    pub fn ahead(&self) -> Duration {
        *self.ahead.borrow()
    }

    /// Makes time pass at once, up to [`FURTHEST`]; returns how far ahead the clock is now.
    /// What sleeps on the clock and is due by then wakes.
    pub fn advance(&self, by: Duration) -> Duration {
        self.ahead.send_modify(|ahead| *ahead = ahead.saturating_add(by).min(FURTHEST));
        self.ahead()
    }

    /// Unix time in whole seconds.
    #[must_use]
    pub fn unix_secs(&self) -> u64 {
        self.unix_millis() / 1000
    }

    /// Unix time in milliseconds.
    #[must_use]
    pub fn unix_millis(&self) -> u64 {
        let wall = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
        wall + u64::try_from(self.ahead().as_millis()).unwrap_or(0)
    }

    /// Now, for [`Clock::since`].
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment(self.started.elapsed() + self.ahead())
    }

    /// Time that has passed since a moment.
    #[must_use]
    pub fn since(&self, moment: Moment) -> Duration {
        self.moment().0.saturating_sub(moment.0)
    }

    /// Waits until this much time has passed on the clock.
    pub async fn sleep(&self, time: Duration) {
        self.sleep_until(self.moment().after(time)).await;
    }

    /// Waits until a moment.
    pub async fn sleep_until(&self, moment: Moment) {
        let mut moved = self.ahead.subscribe();
        while let Some(left) = moment.0.checked_sub(self.moment().0).filter(|left| !left.is_zero()) {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                // Cannot fail: this clock is a sender.
                _ = moved.changed() => {}
            }
        }
    }

    /// Waits until it is this late, in Unix milliseconds. What is due by the calendar waits here: a length of time
    /// that is reckoned first and slept then would be too long when the clock is moved in between.
    pub async fn sleep_until_unix_millis(&self, due: u64) {
        let mut moved = self.ahead.subscribe();
        while let Some(left) = due.checked_sub(self.unix_millis()).filter(|left| *left > 0) {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(left)) => {}
                // Cannot fail: this clock is a sender.
                _ = moved.changed() => {}
            }
        }
    }
}

impl Moment {
    /// The moment so much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(time))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::ahead_by(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn an_hour_passes_for_every_clone_and_every_measure() {
        let clock = Clock::default();
        let (other, begun, unix) = (clock.clone(), clock.moment(), clock.unix_secs());
        assert_eq!(other.advance(HOUR), HOUR);
        assert!(clock.unix_secs() >= unix + 3600);
        assert!(clock.since(begun) >= HOUR);
        assert_eq!(clock.ahead(), HOUR);
    }

    #[test]
    fn it_cannot_be_moved_out_of_the_calendar() {
        let clock = Clock::ahead_by(Duration::MAX);
        assert_eq!(clock.advance(Duration::MAX), FURTHEST);
        assert!(jiff::Timestamp::from_second(clock.unix_secs().cast_signed()).is_ok());
    }

    #[tokio::test]
    async fn sleepers_wake_when_their_time_is_skipped() {
        let clock = Clock::default();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(HOUR).await }
        });
        // However late it begins to sleep: each step is longer than it wants to.
        while !sleeper.is_finished() {
            clock.advance(2 * HOUR);
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_time_of_day_is_reached_by_a_clock_that_moves_before_the_wait_begins() {
        let clock = Clock::default();
        let due = clock.unix_millis() + 3_600_000;
        let waiting = clock.sleep_until_unix_millis(due);
        clock.advance(HOUR);
        waiting.await;
        assert!(clock.unix_millis() >= due);
    }
}
