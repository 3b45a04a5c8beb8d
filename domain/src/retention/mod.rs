//! How long a workspace keeps what.

mod apply;
mod set;

pub use apply::{ApplyPorts, Bounds, apply};
pub use set::{SetError, get, set};

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Longest time in days that can be set: ten years.
pub const MAX_DAYS: u32 = 3_653;

/// How long a workspace keeps what, in days; none: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Messages in and out; those that have not ended stay.
    pub messages_days: Option<u32>,
    /// Files, in storage and on record.
    pub media_days: Option<u32>,
    /// Events that subscribers can ask for.
    pub events_days: Option<u32>,
    /// Logs of webhook deliveries.
    pub deliveries_days: Option<u32>,
}

/// A kind of record that is deleted by its age alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aged {
    /// Messages that have ended.
    Messages,
    /// What subscribers were told.
    Events,
    /// Deliveries to webhooks that have ended.
    Deliveries,
}

impl Default for Retention {
    /// Messages and media for ever, events and logs of deliveries for 30 days: they say what is on record in any case.
    fn default() -> Self {
        Self { messages_days: None, media_days: None, events_days: Some(30), deliveries_days: Some(30) }
    }
}

impl Aged {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Messages, Self::Events, Self::Deliveries];

    /// How long a workspace keeps this kind.
    #[must_use]
    pub const fn days(self, retention: &Retention) -> Option<u32> {
        match self {
            Self::Messages => retention.messages_days,
            Self::Events => retention.events_days,
            Self::Deliveries => retention.deliveries_days,
        }
    }
}

impl Retention {
    /// The same, with nothing kept for more than so many days.
    #[must_use]
    pub fn within(&self, most: Option<u32>) -> Self {
        let Some(most) = most else { return *self };
        let within = |days: Option<u32>| Some(days.map_or(most, |days| days.min(most)));
        Self {
            messages_days: within(self.messages_days),
            media_days: within(self.media_days),
            events_days: within(self.events_days),
            deliveries_days: within(self.deliveries_days),
        }
    }

    /// Whether every time can be meant.
    ///
    /// # Errors
    /// Names the first that cannot.
    pub fn check(&self) -> Result<(), Invalid> {
        for (field, days) in [
            ("messages_days", self.messages_days),
            ("media_days", self.media_days),
            ("events_days", self.events_days),
            ("deliveries_days", self.deliveries_days),
        ] {
            if days.is_some_and(|days| !(1..=MAX_DAYS).contains(&days)) {
                let remedy = format!("use 1 to {MAX_DAYS}, or null to keep it for ever");
                return Err(Invalid::new(field, "is out of range", remedy));
            }
        }
        Ok(())
    }
}

const fn span(days: u32) -> Duration {
    Duration::from_hours(24 * days as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_keeps_nothing_longer_than_it_says() {
        let set = Retention { messages_days: None, media_days: Some(90), ..Retention::default() };
        assert_eq!(set.within(None), set);
        let within = Retention {
            messages_days: Some(60),
            media_days: Some(60),
            events_days: Some(30),
            deliveries_days: Some(30),
        };
        assert_eq!(set.within(Some(60)), within);
    }

    #[test]
    fn times_are_checked() {
        assert_eq!(Retention::default().check(), Ok(()));
        let with = |days| Retention { media_days: Some(days), ..Retention::default() };
        assert_eq!(with(1).check(), Ok(()));
        assert_eq!(with(MAX_DAYS).check(), Ok(()));
        for wrong in [0, MAX_DAYS + 1] {
            assert_eq!(with(wrong).check().unwrap_err().field, "media_days");
        }
    }
}
