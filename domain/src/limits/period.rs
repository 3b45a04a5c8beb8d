//! Days and months of UTC, which counts of messages begin anew with.

use jiff::{Span, civil::Date, tz::TimeZone};

use crate::Timestamp;

/// What a count of messages is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A day of UTC.
    Day,
    /// A month of UTC.
    Month,
}

/// Beginnings of periods that [`Period::around`] tells.
pub const BEGINNINGS: usize = 4;

impl Period {
    /// Every period.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// Its name, as it stands in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// When the periods around a moment begin: the one before, its own, and two after it. Whoever has a clock that is
    /// a little different finds its own among them.
    #[must_use]
    pub fn around(self, moment: Timestamp) -> [Timestamp; BEGINNINGS] {
        let zoned = jiff::Timestamp::from_millisecond(moment.as_millis()).unwrap_or_default();
        let today = zoned.to_zoned(TimeZone::UTC).date();
        let first = match self {
            Self::Day => today,
            Self::Month => today.first_of_month(),
        };
        [-1, 0, 1, 2].map(|away| beginning(first.saturating_add(self.span(away))))
    }

    fn span(self, count: i64) -> Span {
        match self {
            Self::Day => Span::new().days(count),
            Self::Month => Span::new().months(count),
        }
    }
}

fn beginning(date: Date) -> Timestamp {
    let midnight = date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_millisecond());
    Timestamp::from_millis(midnight.unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_begin_at_midnight_in_utc() {
        for (period, moment, expected) in [
            (Period::Day, "2026-11-20T20:13:04Z", ["2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"]),
            (Period::Day, "2026-01-01T00:00:00Z", ["2025-12-31", "2026-01-01", "2026-01-02", "2026-01-03"]),
            (
                Period::Day,
                "2028-02-28T23:59:59.999Z",
                ["2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01"],
            ),
            (Period::Month, "2026-11-20T20:13:04Z", ["2026-10-01", "2026-11-01", "2026-12-01", "2027-01-01"]),
            (Period::Month, "2026-01-31T23:59:59Z", ["2025-12-01", "2026-01-01", "2026-02-01", "2026-03-01"]),
        ] {
            let expected = expected.map(|day| format!("{day}T00:00:00.000Z"));
            let told = period.around(moment.parse().unwrap()).map(|moment| moment.to_string());
            assert_eq!(told, expected, "{moment}");
        }
    }
}
