//! A session that was taken from an owner which had not let go: dead most likely, but perhaps asleep.

use std::time::Duration;

use tokio::time::Instant;

/// How long such an owner may wake up and connect before it knows that it is none any more.
const LASTS: Duration = Duration::from_mins(1);
/// How often a connection is taken back from it.
const TAKEN_BACK: u32 = 3;

/// Whether another connection of the device may be a former owner's.
#[derive(Debug)]
pub(super) struct Contest {
    until: Option<Instant>,
    taken_back: u32,
}

impl Contest {
    pub(super) fn new(contested: bool, now: Instant) -> Self {
        Self { until: contested.then(|| now + LASTS), taken_back: 0 }
    }

    /// Whether a connection that was lost to another one is to be taken back.
    pub(super) fn is_on(&self, now: Instant) -> bool {
        self.taken_back < TAKEN_BACK && self.until.is_some_and(|until| now < until)
    }

    /// A connection is taken back.
    pub(super) const fn take_back(&mut self) {
        self.taken_back += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_after_a_minute() {
        let now = Instant::now();
        let contest = Contest::new(true, now);
        for (after, on) in [(0, true), (59_999, true), (60_000, false)] {
            assert_eq!(contest.is_on(now + Duration::from_millis(after)), on, "{after} ms");
        }
    }

    #[test]
    fn it_is_over_when_the_other_one_keeps_coming() {
        let now = Instant::now();
        let mut contest = Contest::new(true, now);
        for _ in 0..TAKEN_BACK {
            assert!(contest.is_on(now));
            contest.take_back();
        }
        assert!(!contest.is_on(now));
    }

    #[test]
    fn there_is_none_with_an_owner_that_let_go() {
        let now = Instant::now();
        assert!(!Contest::new(false, now).is_on(now));
    }
}
