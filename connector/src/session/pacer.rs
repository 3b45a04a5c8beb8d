//! Decides when the next message of a session may leave. Owned by the session's actor, the one that sends.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock};
use rand::RngExt;
use wagate_domain::{
    Timestamp,
    ports::Tally,
    sessions::{Day, Pacing},
};

/// Whether a message may be claimed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// Yes; bulk messages only when `bulk`, else not before the moment.
    Open {
        /// Bulk messages, too.
        bulk: Result<(), Timestamp>,
    },
    /// Not before then.
    Shut(Timestamp),
}

/// The pace of one session and what it has used up.
pub(super) struct Pacer {
    pacing: Pacing,
    linked_at: Option<Timestamp>,
    limiter: Option<DefaultDirectRateLimiter>,
    /// The rate has been paid for a message that has not been claimed yet.
    paid: bool,
    /// Jitter: not before then.
    rest: Option<Timestamp>,
    tally: Tally,
}

impl Pacer {
    pub(super) fn new(pacing: Pacing, linked_at: Option<Timestamp>) -> Self {
        let limiter = limiter(&pacing);
        Self { pacing, linked_at, limiter, paid: false, rest: None, tally: Tally::default() }
    }

    /// Goes on at another pace; what was used up today stays so.
    pub(super) fn change(&mut self, pacing: Pacing, linked_at: Option<Timestamp>) {
        self.linked_at = linked_at;
        if pacing != self.pacing {
            self.limiter = limiter(&pacing);
            self.paid = false;
            self.rest = None;
            self.pacing = pacing;
        }
    }

    /// What former owners have sent today.
    pub(super) fn remember(&mut self, tally: Tally) {
        self.tally = tally;
    }

    /// Whether a message may be claimed; pays for it when it may.
    pub(super) fn gate(&mut self, now: Timestamp) -> Gate {
        if let Some(rest) = self.rest.filter(|rest| *rest > now) {
            return Gate::Shut(rest);
        }
        if self.pacing.cap(now, self.linked_at).is_some_and(|cap| self.today(now).sent >= cap) {
            return Gate::Shut(self.pacing.end_of_day(now));
        }
        if !self.paid
            && let Some(limiter) = &self.limiter
            && let Err(early) = limiter.check()
        {
            return Gate::Shut(now.plus(early.wait_time_from(limiter.clock().now())));
        }
        self.paid = true;
        Gate::Open { bulk: self.pacing.quiet_until(now).map_or(Ok(()), Err) }
    }

    /// Whether nothing paces the session, so that several messages may be under way at a time.
    pub(super) fn is_free(&self, now: Timestamp) -> bool {
        self.limiter.is_none()
            && self.pacing.jitter_ms == 0
            && self.pacing.cap(now, self.linked_at).is_none()
            && !self.counts_new_chats()
    }

    /// Whether another chat may be begun today; else from when on.
    pub(super) fn new_chat(&self, now: Timestamp) -> Result<(), Timestamp> {
        match self.pacing.new_chats_per_day {
            Some(most) if self.today(now).new_chats >= most => Err(self.pacing.end_of_day(now)),
            _ => Ok(()),
        }
    }

    /// Whether it matters if a chat is new.
    pub(super) const fn counts_new_chats(&self) -> bool {
        self.pacing.new_chats_per_day.is_some()
    }

    /// The day to count a message on.
    pub(super) fn day(&self, now: Timestamp) -> Day {
        self.pacing.day(now)
    }

    /// A message is on its way.
    pub(super) fn leaves(&mut self, now: Timestamp) {
        self.paid = false;
        if self.pacing.jitter_ms > 0 {
            let pause = rand::rng().random_range(0..=self.pacing.jitter_ms);
            self.rest = Some(now.plus(std::time::Duration::from_millis(pause.into())));
        }
    }

    /// A message has been sent.
    pub(super) fn sent(&mut self, now: Timestamp, new_chat: bool) {
        let mut tally = self.today(now);
        tally.sent += 1;
        tally.new_chats += u32::from(new_chat);
        self.tally = tally;
    }

    fn today(&self, now: Timestamp) -> Tally {
        let day = self.pacing.day(now);
        if self.tally.day == day { self.tally } else { Tally { day, ..Tally::default() } }
    }
}

fn limiter(pacing: &Pacing) -> Option<DefaultDirectRateLimiter> {
    let per_minute = NonZeroU32::new(pacing.per_minute?)?;
    let burst = NonZeroU32::new(pacing.burst.unwrap_or(1))?;
    Some(RateLimiter::direct(Quota::per_minute(per_minute).allow_burst(burst)))
}

#[cfg(test)]
mod tests {
    use wagate_domain::sessions::QuietHours;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    const NOON: &str = "2026-03-01T12:00:00Z";

    #[test]
    fn without_limits_everything_passes() {
        let mut pacer = Pacer::new(Pacing::default(), None);
        for _ in 0..1_000 {
            assert_eq!(pacer.gate(at(NOON)), Gate::Open { bulk: Ok(()) });
            pacer.leaves(at(NOON));
            pacer.sent(at(NOON), true);
        }
        assert_eq!(pacer.new_chat(at(NOON)), Ok(()));
    }

    #[test]
    fn the_burst_passes_and_then_the_rate_holds() {
        let pacing = Pacing { per_minute: Some(1), burst: Some(3), ..Pacing::default() };
        let mut pacer = Pacer::new(pacing, None);
        let now = at(NOON);
        for _ in 0..3 {
            assert_eq!(pacer.gate(now), Gate::Open { bulk: Ok(()) });
            // looking twice pays once
            assert_eq!(pacer.gate(now), Gate::Open { bulk: Ok(()) });
            pacer.leaves(now);
        }
        assert!(matches!(pacer.gate(now), Gate::Shut(until) if until > now), "the fourth waits");
    }

    #[test]
    fn the_daily_cap_counts_what_others_have_sent_and_ends_with_the_day() {
        let pacing = Pacing { per_day: Some(3), new_chats_per_day: Some(1), ..Pacing::default() };
        let mut pacer = Pacer::new(pacing, None);
        pacer.remember(Tally { day: Day(20_260_301), sent: 2, new_chats: 0 });
        assert_eq!(pacer.gate(at(NOON)), Gate::Open { bulk: Ok(()) });
        pacer.leaves(at(NOON));
        pacer.sent(at(NOON), true);
        assert_eq!(pacer.gate(at(NOON)), Gate::Shut(at("2026-03-02T00:00:00Z")));
        assert_eq!(pacer.new_chat(at(NOON)), Err(at("2026-03-02T00:00:00Z")));
        assert_eq!(pacer.gate(at("2026-03-02T00:00:00Z")), Gate::Open { bulk: Ok(()) });
        assert_eq!(pacer.new_chat(at("2026-03-02T00:00:00Z")), Ok(()));
    }

    #[test]
    fn quiet_hours_hold_bulk_only() {
        let quiet = QuietHours { from: "11:00".into(), until: "13:00".into() };
        let mut pacer = Pacer::new(Pacing { quiet_hours: Some(quiet), ..Pacing::default() }, None);
        assert_eq!(pacer.gate(at(NOON)), Gate::Open { bulk: Err(at("2026-03-01T13:00:00Z")) });
    }

    #[test]
    fn jitter_keeps_messages_apart_for_a_while_and_no_longer() {
        let mut pacer = Pacer::new(Pacing { jitter_ms: 500, ..Pacing::default() }, None);
        pacer.leaves(at(NOON));
        assert_eq!(pacer.gate(at("2026-03-01T12:00:00.501Z")), Gate::Open { bulk: Ok(()) });
    }
}
