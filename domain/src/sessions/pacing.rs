//! How fast a session may send: numbers that look like a person, not like a machine.

use std::time::Duration;

use jiff::{Timestamp as Moment, ToSpan, civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{Invalid, Timestamp};

/// Most messages a minute that can be asked for.
const MAX_PER_MINUTE: u32 = 6_000;
/// Longest jitter, in milliseconds.
const MAX_JITTER: u32 = 60_000;
/// Longest warm-up, in days.
const MAX_WARM_UP: u16 = 90;

/// Limits of one session; what is absent is not limited. All of them hold over restarts and changes of owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pacing {
    /// Messages a minute, on average.
    pub per_minute: Option<u32>,
    /// Messages that may leave at once after a pause; 1 when absent.
    pub burst: Option<u32>,
    /// Up to so many milliseconds, drawn anew each time, between two messages.
    pub jitter_ms: u32,
    /// Messages a day.
    pub per_day: Option<u32>,
    /// Chats a day that this account begins: with people it has not written with before.
    pub new_chats_per_day: Option<u32>,
    /// Fewer messages a day while the account is young.
    pub warm_up: Option<WarmUp>,
    /// When bulk messages do not leave; interactive ones do.
    pub quiet_hours: Option<QuietHours>,
    /// IANA time zone of days and quiet hours; UTC when absent.
    pub time_zone: Option<String>,
}

/// A daily cap that grows evenly from the day an account is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// Messages on the first day.
    pub first_day: u32,
    /// Days until `per_day` is reached.
    pub days: u16,
}

/// A daily span of time; over midnight when it ends before it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`.
    pub until: String,
}

/// A day in a session's time zone: `20261224`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Day(pub u32);

impl Pacing {
    /// What suits an account on WhatsApp: the pace of a busy person, grown into within two weeks.
    #[must_use]
    pub fn careful() -> Self {
        Self {
            per_minute: Some(20),
            burst: Some(5),
            jitter_ms: 1_500,
            per_day: Some(1_000),
            new_chats_per_day: Some(100),
            warm_up: Some(WarmUp { first_day: 50, days: 14 }),
            quiet_hours: None,
            time_zone: None,
        }
    }

    /// Checks what a caller asks for. Fields are named below `pacing`.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        let above_zero = [
            ("per_minute", self.per_minute),
            ("burst", self.burst),
            ("per_day", self.per_day),
            ("new_chats_per_day", self.new_chats_per_day),
        ];
        for (name, value) in above_zero {
            if value == Some(0) {
                let remedy = "use 1 or more, leave it out for no limit, or pause the queue";
                return Err(Invalid::new(format!("pacing.{name}"), "is 0", remedy));
            }
        }
        let at_most = |name: &str, value: u32, most: u32| {
            let remedy = format!("use at most {most}");
            if value > most {
                Err(Invalid::new(format!("pacing.{name}"), "is too large", remedy))
            } else {
                Ok(())
            }
        };
        at_most("per_minute", self.per_minute.unwrap_or(0), MAX_PER_MINUTE)?;
        at_most("burst", self.burst.unwrap_or(0), MAX_PER_MINUTE)?;
        at_most("jitter_ms", self.jitter_ms, MAX_JITTER)?;
        if let Some(warm_up) = self.warm_up {
            at_most("warm_up.days", warm_up.days.into(), MAX_WARM_UP.into())?;
            let Some(per_day) = self.per_day else {
                let remedy = "add per_day: it is where the warm-up leads";
                return Err(Invalid::new("pacing.warm_up", "needs per_day", remedy));
            };
            at_most("warm_up.first_day", warm_up.first_day, per_day)?;
        }
        if let Some(quiet) = &self.quiet_hours {
            for (name, text) in [("from", &quiet.from), ("until", &quiet.until)] {
                if time_of(text).is_none() {
                    let field = format!("pacing.quiet_hours.{name}");
                    return Err(Invalid::new(field, "is not a time of day", "write it as 22:30"));
                }
            }
            if quiet.from == quiet.until {
                let remedy = "choose another end, or pause the queue";
                return Err(Invalid::new("pacing.quiet_hours.until", "is when they begin", remedy));
            }
        }
        match &self.time_zone {
            Some(name) if TimeZone::get(name).is_err() => {
                let remedy = "use an IANA name such as Asia/Jakarta";
                Err(Invalid::new("pacing.time_zone", "is not a known time zone", remedy))
            }
            _ => Ok(()),
        }
    }

    /// The day that holds a moment.
    #[must_use]
    pub fn day(&self, now: Timestamp) -> Day {
        let date = self.local(now).date();
        let (year, month, day) = (date.year(), date.month(), date.day());
        Day(u32::from(year.unsigned_abs()) * 10_000
            + u32::from(month.unsigned_abs()) * 100
            + u32::from(day.unsigned_abs()))
    }

    /// When the day that holds a moment is over.
    #[must_use]
    pub fn end_of_day(&self, now: Timestamp) -> Timestamp {
        let local = self.local(now);
        let tomorrow = local.tomorrow().and_then(|tomorrow| tomorrow.start_of_day());
        tomorrow.map_or(now, |start| Timestamp::from_millis(start.timestamp().as_millisecond()))
    }

    /// Messages that may leave on the day of `now`, for an account linked at `linked`.
    #[must_use]
    pub fn cap(&self, now: Timestamp, linked: Option<Timestamp>) -> Option<u32> {
        let per_day = self.per_day?;
        let (Some(warm_up), Some(linked)) = (self.warm_up, linked) else { return Some(per_day) };
        let age = now.since(linked).as_secs() / 86_400;
        if age >= u64::from(warm_up.days) {
            return Some(per_day);
        }
        let grown =
            u64::from(per_day.saturating_sub(warm_up.first_day)) * age / u64::from(warm_up.days.max(1));
        Some(warm_up.first_day.saturating_add(u32::try_from(grown).unwrap_or(u32::MAX)))
    }

    /// When the quiet hours that hold a moment are over; `None` when it is not within any.
    #[must_use]
    pub fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let quiet = self.quiet_hours.as_ref()?;
        let (from, until) = (time_of(&quiet.from)?, time_of(&quiet.until)?);
        let local = self.local(now);
        let time = local.time();
        let within = if from < until { from <= time && time < until } else { from <= time || time < until };
        if !within {
            return None;
        }
        let day = if time < until { local.date() } else { local.date().saturating_add(1.day()) };
        let end = day.to_datetime(until).to_zoned(local.time_zone().clone()).ok()?;
        Some(Timestamp::from_millis(end.timestamp().as_millisecond()))
    }

    /// How long `ahead` messages take to leave, by rate and jitter alone, after a pause.
    #[must_use]
    pub fn takes(&self, ahead: u64) -> Duration {
        let waits = ahead.saturating_sub(u64::from(self.burst.unwrap_or(1).saturating_sub(1)));
        let rate = self
            .per_minute
            .map_or(0, |per_minute| waits.saturating_mul(60_000) / u64::from(per_minute.max(1)));
        let jitter = ahead.saturating_mul(u64::from(self.jitter_ms)) / 2;
        Duration::from_millis(rate.max(jitter))
    }

    fn local(&self, now: Timestamp) -> jiff::Zoned {
        let zone =
            self.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        Moment::from_millisecond(now.as_millis()).unwrap_or(Moment::UNIX_EPOCH).to_zoned(zone)
    }
}

fn time_of(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<i8>().ok()).flatten();
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    fn night(zone: &str) -> Pacing {
        Pacing {
            quiet_hours: Some(QuietHours { from: "22:00".into(), until: "07:30".into() }),
            time_zone: Some(zone.to_owned()),
            ..Pacing::default()
        }
    }

    #[test]
    fn quiet_hours_go_over_midnight_in_their_time_zone() {
        let pacing = night("Asia/Jakarta");
        for (now, until) in [
            ("2026-03-01T14:59:00Z", None),
            ("2026-03-01T15:00:00Z", Some("2026-03-02T00:30:00.000Z")),
            ("2026-03-01T23:00:00Z", Some("2026-03-02T00:30:00.000Z")),
            ("2026-03-02T00:30:00Z", None),
        ] {
            assert_eq!(pacing.quiet_until(at(now)).map(|at| at.to_string()).as_deref(), until, "{now}");
        }
        let siesta = QuietHours { from: "13:00".into(), until: "14:00".into() };
        let pacing = Pacing { quiet_hours: Some(siesta), ..Pacing::default() };
        assert_eq!(pacing.quiet_until(at("2026-03-01T13:30:00Z")), Some(at("2026-03-01T14:00:00Z")));
        assert_eq!(pacing.quiet_until(at("2026-03-01T14:00:00Z")), None);
    }

    #[test]
    fn days_begin_and_end_in_the_time_zone() {
        let pacing = night("Asia/Jakarta");
        assert_eq!(pacing.day(at("2026-03-01T16:59:59Z")), Day(20_260_301));
        assert_eq!(pacing.day(at("2026-03-01T17:00:00Z")), Day(20_260_302));
        assert_eq!(pacing.end_of_day(at("2026-03-01T17:00:00Z")), at("2026-03-02T17:00:00Z"));
    }

    #[test]
    fn the_daily_cap_grows_with_the_accounts_age() {
        let pacing = Pacing {
            per_day: Some(1_000),
            warm_up: Some(WarmUp { first_day: 100, days: 10 }),
            ..Pacing::default()
        };
        let linked = at("2026-03-01T12:00:00Z");
        for (now, cap) in [
            ("2026-03-01T12:00:00Z", 100),
            ("2026-03-02T11:59:59Z", 100),
            ("2026-03-02T12:00:00Z", 190),
            ("2026-03-06T12:00:00Z", 550),
            ("2026-03-11T12:00:00Z", 1_000),
            ("2027-03-11T12:00:00Z", 1_000),
        ] {
            assert_eq!(pacing.cap(at(now), Some(linked)), Some(cap), "{now}");
        }
        assert_eq!(pacing.cap(linked, None), Some(1_000));
        assert_eq!(Pacing::default().cap(linked, Some(linked)), None);
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let wrong = |change: fn(&mut Pacing)| {
            let mut pacing = Pacing::careful();
            change(&mut pacing);
            pacing.check().map_or_else(|wrong| wrong.field, |()| "fine".to_owned())
        };
        assert_eq!(wrong(|_| {}), "fine");
        assert_eq!(wrong(|p| p.per_minute = Some(0)), "pacing.per_minute");
        assert_eq!(wrong(|p| p.per_minute = Some(6_001)), "pacing.per_minute");
        assert_eq!(wrong(|p| p.jitter_ms = 60_001), "pacing.jitter_ms");
        assert_eq!(wrong(|p| p.per_day = None), "pacing.warm_up");
        assert_eq!(wrong(|p| p.per_day = Some(10)), "pacing.warm_up.first_day");
        assert_eq!(wrong(|p| p.time_zone = Some("Nowhere".into())), "pacing.time_zone");
        let quiet = |from: &str, until: &str| {
            let quiet_hours = Some(QuietHours { from: from.to_owned(), until: until.to_owned() });
            let pacing = Pacing { quiet_hours, ..Pacing::default() };
            pacing.check().map_or_else(|wrong| wrong.field, |()| "fine".to_owned())
        };
        assert_eq!(quiet("22:00", "07:00"), "fine");
        assert_eq!(quiet("22", "07:00"), "pacing.quiet_hours.from");
        assert_eq!(quiet("22:00", "24:00"), "pacing.quiet_hours.until");
        assert_eq!(quiet("22:00", "22:00"), "pacing.quiet_hours.until");
    }
}
