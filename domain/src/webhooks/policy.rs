//! When a delivery is tried again, when it is given up, and when an endpoint is left in peace.

use std::time::Duration;

use crate::{Timestamp, backoff::Backoff};

/// How patient we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Pause after the first failure; each further one doubles it.
    pub first_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
    /// After so long a delivery that fails once more is given up.
    pub give_up_after: Duration,
    /// After so long without any success a webhook is switched off.
    pub disable_after: Duration,
    /// Failures in a row after which an endpoint is tried with one event at a time.
    pub trip_after: u32,
}

impl Default for Policy {
    /// 5 seconds to 6 hours over 3 days; off after 5 days; 8 failures.
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_hours(6),
            give_up_after: Duration::from_hours(72),
            disable_after: Duration::from_hours(120),
            trip_after: 8,
        }
    }
}

/// What an answer (or its absence) means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx: it has the event.
    Delivered,
    /// Anything else: once more, not before the time the server asks for.
    Failed {
        /// From `Retry-After`.
        not_before: Option<Duration>,
    },
    /// 410: it wants no more events.
    Gone,
}

impl Outcome {
    /// The name used in figures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed { .. } => "failed",
            Self::Gone => "gone",
        }
    }
}

/// Judges an answer; without a status there was none.
#[must_use]
pub const fn judge(status: Option<u16>, retry_after: Option<Duration>) -> Outcome {
    match status {
        Some(200..=299) => Outcome::Delivered,
        Some(410) => Outcome::Gone,
        _ => Outcome::Failed { not_before: retry_after },
    }
}

impl Policy {
    /// The pause after the `tries`th failure ([`Backoff`]). A server's `Retry-After` is honoured up to the longest pause.
    #[must_use]
    pub fn pause(&self, tries: u32, not_before: Option<Duration>, random: f64) -> Duration {
        let pause = Backoff { first: self.first_pause, longest: self.longest_pause }.pause(tries, random);
        not_before.map_or(pause, |asked| asked.min(self.longest_pause).max(pause))
    }

    /// When a delivery is tried again that has just failed; `None`: never.
    #[must_use]
    pub fn next_try(
        &self,
        created_at: Timestamp,
        now: Timestamp,
        tries: u32,
        not_before: Option<Duration>,
        random: f64,
    ) -> Option<Timestamp> {
        let end = created_at.plus(self.give_up_after);
        (now < end).then(|| now.plus(self.pause(tries, not_before, random)))
    }
}

/// Whether an endpoint is well, as its last answers show.
///
/// Closed: several events at a time. Open: none before a moment. Then one, and its answer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circuit {
    failures: u32,
    open_until: Option<Timestamp>,
}

impl Circuit {
    /// How many may be under way at this moment, of `most`.
    #[must_use]
    pub fn room(&self, now: Timestamp, most: usize) -> usize {
        match self.open_until {
            None => most,
            Some(until) if now < until => 0,
            Some(_) => 1,
        }
    }

    /// Until when nothing is tried.
    #[must_use]
    pub const fn open_until(&self) -> Option<Timestamp> {
        self.open_until
    }

    /// An event got through.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// One did not.
    pub fn failed(&mut self, policy: &Policy, now: Timestamp, random: f64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= policy.trip_after {
            let level = self.failures - policy.trip_after + 1;
            self.open_until = Some(now.plus(policy.pause(level, None, random)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let asked = Some(Duration::from_secs(9));
        for (status, outcome) in [
            (Some(200), Outcome::Delivered),
            (Some(204), Outcome::Delivered),
            (Some(301), Outcome::Failed { not_before: asked }),
            (Some(400), Outcome::Failed { not_before: asked }),
            (Some(410), Outcome::Gone),
            (Some(429), Outcome::Failed { not_before: asked }),
            (Some(500), Outcome::Failed { not_before: asked }),
            (None, Outcome::Failed { not_before: asked }),
        ] {
            assert_eq!(judge(status, asked), outcome, "{status:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_honour_what_is_asked() {
        let policy = Policy::default();
        let secs = |n| Duration::from_secs(n);
        for (tries, asked, random, pause) in [
            (1, None, 0.0, secs(5)),
            (2, None, 0.0, secs(10)),
            (4, None, 0.0, secs(40)),
            (2, None, 1.0, Duration::from_millis(7_500)),
            (40, None, 0.0, secs(6 * 3_600)),
            (1, Some(secs(120)), 0.0, secs(120)),
            (3, Some(secs(1)), 0.0, secs(20)),
            (1, Some(secs(1_000_000)), 0.0, secs(6 * 3_600)),
        ] {
            assert_eq!(policy.pause(tries, asked, random), pause, "{tries} {asked:?} {random}");
        }
    }

    #[test]
    fn the_documented_tries_are_those_of_the_default() {
        let page = include_str!("../../../docs/webhooks.md");
        let (policy, mut since_first) = (Policy::default(), Duration::ZERO);
        for tries in 1..=15 {
            let pause = policy.pause(tries, None, 0.0);
            since_first += pause;
            let row = format!("| {} | {} | {} |", tries + 1, written(pause), written(since_first));
            assert!(page.contains(&row), "docs/webhooks.md has not: {row}");
        }
    }

    /// `5 s`, `1 min 20 s`, `6 h`.
    fn written(time: Duration) -> String {
        let seconds = time.as_secs();
        let parts = [(seconds / 3_600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
        let parts =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}"));
        parts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_is_given_up_before_its_time() {
        let policy = Policy::default();
        let (made, day) = (Timestamp::from_millis(0), 24 * 3_600_000);
        assert!(policy.next_try(made, Timestamp::from_millis(2 * day), 12, None, 0.5).is_some());
        assert_eq!(policy.next_try(made, Timestamp::from_millis(3 * day), 14, None, 0.5), None);
    }

    #[test]
    fn an_endpoint_that_fails_is_tried_with_one_event_at_a_time() {
        let (policy, mut circuit) = (Policy { trip_after: 2, ..Policy::default() }, Circuit::default());
        let at = Timestamp::from_millis;
        circuit.failed(&policy, at(0), 0.0);
        assert_eq!(circuit.room(at(0), 8), 8);
        circuit.failed(&policy, at(0), 0.0);
        assert_eq!((circuit.room(at(4_999), 8), circuit.room(at(5_000), 8)), (0, 1));
        circuit.failed(&policy, at(5_000), 0.0);
        assert_eq!((circuit.room(at(14_999), 8), circuit.room(at(15_000), 8)), (0, 1));
        circuit.succeeded();
        assert_eq!(circuit.room(at(15_000), 8), 8);
    }
}
