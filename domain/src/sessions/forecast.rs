//! When what waits in a session's queue will leave, as far as that can be told.

use crate::{
    Timestamp,
    messages::Priority,
    ports::Tally,
    sessions::{Pacing, Session},
};

/// How far a forecast looks: what waits expires before.
const DAYS: u32 = 31;

/// What decides when messages of a session leave: its pace, what it has sent today, and a hold.
#[derive(Debug, Clone, Copy)]
pub struct Forecast<'a> {
    /// How fast it may send.
    pub pacing: &'a Pacing,
    /// When its account was linked.
    pub linked_at: Option<Timestamp>,
    /// What it has sent.
    pub tally: Tally,
    /// Nothing leaves before.
    pub from: Timestamp,
}

impl<'a> Forecast<'a> {
    /// For a session that has sent so much, from a moment on.
    #[must_use]
    pub const fn of(session: &'a Session, tally: Tally, from: Timestamp) -> Self {
        Self { pacing: &session.pacing, linked_at: session.linked_at, tally, from }
    }

    /// When a message leaves that has `ahead` others before it; `None` when that lies beyond what can be told.
    #[must_use]
    pub fn expected(&self, ahead: u64, priority: Priority) -> Option<Timestamp> {
        let Self { pacing, linked_at, tally, from } = *self;
        let mut used = if tally.day == pacing.day(from) { tally.sent } else { 0 };
        let (mut moment, mut left) = (from, ahead);
        for _ in 0..DAYS {
            let room =
                pacing.cap(moment, linked_at).map_or(u64::MAX, |cap| u64::from(cap.saturating_sub(used)));
            if left < room {
                let leaves = moment.plus(pacing.takes(left));
                let quiet = pacing.quiet_until(leaves).filter(|_| priority == Priority::Bulk);
                return Some(quiet.unwrap_or(leaves));
            }
            left -= room;
            moment = pacing.end_of_day(moment);
            used = 0;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::{Day, QuietHours};

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    const NOON: &str = "2026-03-01T12:00:00Z";

    fn forecast(pacing: &Pacing, tally: Tally) -> Forecast<'_> {
        Forecast { pacing, linked_at: None, tally, from: at(NOON) }
    }

    #[test]
    fn without_a_pace_everything_leaves_at_once() {
        let pacing = Pacing::default();
        assert_eq!(forecast(&pacing, Tally::default()).expected(100_000, Priority::Bulk), Some(at(NOON)));
    }

    #[test]
    fn the_rate_counts_after_the_burst() {
        let pacing = Pacing { per_minute: Some(60), burst: Some(5), ..Pacing::default() };
        let forecast = forecast(&pacing, Tally::default());
        assert_eq!(forecast.expected(4, Priority::Interactive), Some(at(NOON)));
        assert_eq!(forecast.expected(64, Priority::Interactive), Some(at("2026-03-01T12:01:00Z")));
    }

    #[test]
    fn what_the_daily_cap_holds_back_leaves_on_a_later_day() {
        let pacing = Pacing { per_day: Some(10), ..Pacing::default() };
        let today = Tally { day: Day(20_260_301), sent: 7, new_chats: 0 };
        let yesterday = Tally { day: Day(20_260_228), ..today };
        for (tally, ahead, expected) in [
            (today, 2, Some(NOON)),
            (today, 3, Some("2026-03-02T00:00:00Z")),
            (today, 13, Some("2026-03-03T00:00:00Z")),
            (yesterday, 9, Some(NOON)),
            (yesterday, 10_000, None),
        ] {
            assert_eq!(forecast(&pacing, tally).expected(ahead, Priority::Bulk), expected.map(at), "{ahead}");
        }
    }

    #[test]
    fn quiet_hours_delay_bulk_only() {
        let quiet_hours = Some(QuietHours { from: "11:00".into(), until: "13:00".into() });
        let pacing = Pacing { quiet_hours, ..Pacing::default() };
        let forecast = forecast(&pacing, Tally::default());
        assert_eq!(forecast.expected(3, Priority::Bulk), Some(at("2026-03-01T13:00:00Z")));
        assert_eq!(forecast.expected(3, Priority::Interactive), Some(at(NOON)));
    }
}
