//! The moments a caller names: when to send, and until when.

use std::time::Duration;

use jiff::{Timestamp as Moment, civil::DateTime, tz::TimeZone};

use crate::{Invalid, Timestamp, messages::Status};

/// How far in the past a moment may lie and still mean "now": clocks differ, requests travel.
const PAST: Duration = Duration::from_mins(5);
/// How far ahead a message can be scheduled.
const HORIZON: Duration = Duration::from_hours(366 * 24);
/// How long a message waits for its session before it expires, unless the caller says otherwise.
const PATIENCE: Duration = Duration::from_hours(24);
/// Longest time between the moment of sending and the end.
const LONGEST_PATIENCE: Duration = Duration::from_hours(30 * 24);

/// A moment as the caller wrote it: RFC 3339, or a date and time of day in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// `2026-12-24T18:00:00+07:00`, or `2026-12-24T18:00` with a time zone.
    pub at: String,
    /// IANA name, such as `Asia/Jakarta`; only without an offset in `at`.
    pub time_zone: Option<String>,
}

impl When {
    /// The moment meant. A local time that a change of clocks skips is the one after the gap, one
    /// that happens twice is the first (RFC 5545, section 3.3.5).
    ///
    /// # Errors
    /// Names `send_at` or `time_zone`.
    fn resolve(&self) -> Result<Timestamp, Invalid> {
        let Some(zone) = &self.time_zone else {
            return self.at.parse().map_err(|_| self.unreadable());
        };
        if self.at.parse::<Moment>().is_ok() {
            let remedy = "leave it out, or write send_at without an offset";
            return Err(Invalid::new("time_zone", "does not go with a send_at that has an offset", remedy));
        }
        let local: DateTime = self.at.parse().map_err(|_| self.unreadable())?;
        let zone = TimeZone::get(zone).map_err(|_| {
            Invalid::new("time_zone", "is not a known time zone", "use an IANA name such as Asia/Jakarta")
        })?;
        let moment = local.to_zoned(zone).map_err(|_| self.unreadable())?.timestamp();
        Ok(Timestamp::from_millis(moment.as_millisecond()))
    }

    fn unreadable(&self) -> Invalid {
        Invalid::new(
            "send_at",
            "is not a date and time",
            "write it as 2026-12-24T18:00:00+07:00, or as 2026-12-24T18:00 together with time_zone",
        )
    }
}

/// When a message leaves and when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Schedule {
    /// The moment it waits for; none when it leaves at once.
    pub(super) send_at: Option<Timestamp>,
    /// After this moment it is not sent any more.
    pub(super) expires_at: Timestamp,
}

impl Schedule {
    /// The status of a message that begins to wait.
    pub(super) const fn status(&self) -> Status {
        if self.send_at.is_some() { Status::Scheduled } else { Status::Accepted }
    }
}

/// Checks the moments of a request made at `now`. `expires_at` is RFC 3339.
pub(super) fn schedule(
    now: Timestamp,
    send_at: Option<&When>,
    expires_at: Option<&str>,
) -> Result<Schedule, Invalid> {
    let send_at = match send_at {
        None => None,
        Some(when) => {
            let moment = when.resolve()?;
            if now.since(moment) > PAST {
                return Err(Invalid::new("send_at", "lies in the past", "leave it out to send at once"));
            }
            if moment.since(now) > HORIZON {
                let problem = "lies more than a year ahead";
                return Err(Invalid::new("send_at", problem, "schedule it within 366 days"));
            }
            Some(moment).filter(|moment| *moment > now)
        }
    };
    let leaves = send_at.unwrap_or(now);
    let expires_at = match expires_at {
        None => leaves.plus(PATIENCE),
        Some(text) => text.parse().map_err(|_| {
            Invalid::new("expires_at", "is not a date and time", "write it as 2026-12-24T18:00:00+07:00")
        })?,
    };
    if expires_at <= leaves {
        return Err(Invalid::new(
            "expires_at",
            "is not after the moment the message is to leave",
            "choose a later moment, or leave it out for 24 hours",
        ));
    }
    if expires_at.since(leaves) > LONGEST_PATIENCE {
        let remedy = "choose a moment within 30 days after the message is to leave";
        return Err(Invalid::new("expires_at", "lies too far ahead", remedy));
    }
    Ok(Schedule { send_at, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-01T00:00:00Z
    const NOW: Timestamp = Timestamp::from_millis(1_772_323_200_000);

    fn at(at: &str, zone: Option<&str>) -> When {
        When { at: at.to_owned(), time_zone: zone.map(str::to_owned) }
    }

    fn field(result: Result<Schedule, Invalid>) -> String {
        result.map_or_else(|wrong| wrong.field, |_| "fine".to_owned())
    }

    #[test]
    fn moments_are_read_as_people_mean_them() {
        for (text, zone, expected) in [
            ("2026-03-02T09:00:00+07:00", None, "2026-03-02T02:00:00.000Z"),
            ("2026-03-02T09:00", Some("Asia/Jakarta"), "2026-03-02T02:00:00.000Z"),
            ("2026-03-02T09:00:30.5", Some("UTC"), "2026-03-02T09:00:30.500Z"),
            // clocks go forward: 02:30 does not exist, 03:30 is meant
            ("2026-03-29T02:30", Some("Europe/Berlin"), "2026-03-29T01:30:00.000Z"),
            // clocks go back: the first 02:30
            ("2026-10-25T02:30", Some("Europe/Berlin"), "2026-10-25T00:30:00.000Z"),
        ] {
            assert_eq!(at(text, zone).resolve().expect(text).to_string(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (when, expires, wrong) in [
            (at("tomorrow", None), None, "send_at"),
            (at("2026-03-02T09:00", None), None, "send_at"),
            (at("2026-03-02T09:00", Some("Mars/Olympus")), None, "time_zone"),
            (at("2026-03-02T09:00:00Z", Some("UTC")), None, "time_zone"),
            (at("2026-02-28T23:00:00Z", None), None, "send_at"),
            (at("2027-04-01T00:00:00Z", None), None, "send_at"),
            (at("2026-03-02T09:00:00Z", None), Some("2026-03-02T09:00:00Z"), "expires_at"),
            (at("2026-03-02T09:00:00Z", None), Some("2026-05-02T09:00:00Z"), "expires_at"),
            (at("2026-03-02T09:00:00Z", None), Some("soon"), "expires_at"),
            (at("2026-03-02T09:00:00Z", None), Some("2026-03-03T09:00:00Z"), "fine"),
        ] {
            assert_eq!(field(schedule(NOW, Some(&when), expires)), wrong, "{when:?} {expires:?}");
        }
    }

    #[test]
    fn a_moment_that_has_just_passed_means_now() {
        let plan = schedule(NOW, Some(&at("2026-02-28T23:59:00Z", None)), None).expect("plan");
        assert_eq!(plan, Schedule { send_at: None, expires_at: NOW.plus(PATIENCE) });
    }
}
