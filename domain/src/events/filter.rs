//! Which types of events a subscriber wants.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::EventKind;

/// A type (`message.received`), a family (`message.*`) or everything (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventFilter {
    /// Everything, also types that later versions add.
    All,
    /// A family, named by the word before the dot.
    Family(String),
    /// One type.
    One(EventKind),
}

/// The text names no type of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no type of event")]
pub struct BadFilter;

impl BadFilter {
    /// What to send instead.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        "name a type (message.received), a family (message.*) or everything (*)"
    }
}

impl EventFilter {
    /// Whether an event of this type is wanted.
    #[must_use]
    pub fn takes(&self, kind: EventKind) -> bool {
        match self {
            Self::All => true,
            Self::Family(family) => family_of(kind) == family,
            Self::One(one) => *one == kind,
        }
    }

    /// The types that several want together; none: all.
    #[must_use]
    pub fn kinds(filters: &[Self]) -> Vec<EventKind> {
        let wanted: Vec<EventKind> =
            EventKind::ALL.iter().copied().filter(|kind| Self::any(filters, *kind)).collect();
        if wanted.len() == EventKind::ALL.len() { Vec::new() } else { wanted }
    }

    /// Whether any of several wants it; no filter at all wants everything.
    #[must_use]
    pub fn any(filters: &[Self], kind: EventKind) -> bool {
        filters.is_empty() || filters.iter().any(|filter| filter.takes(kind))
    }
}

fn family_of(kind: EventKind) -> &'static str {
    kind.name().split('.').next().unwrap_or_default()
}

impl FromStr for EventFilter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some(family) = text.strip_suffix(".*") {
            let known = EventKind::ALL.iter().any(|kind| family_of(*kind) == family);
            return if known { Ok(Self::Family(family.to_owned())) } else { Err(BadFilter) };
        }
        EventKind::from_name(text).map(Self::One).ok_or(BadFilter)
    }
}

impl std::fmt::Display for EventFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Family(family) => write!(f, "{family}.*"),
            Self::One(kind) => f.write_str(kind.name()),
        }
    }
}

impl Serialize for EventFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_take_what_they_name() {
        for (filter, kind, takes) in [
            ("*", EventKind::CallReceived, true),
            ("message.*", EventKind::MessageStatus, true),
            ("message.*", EventKind::MediaReady, false),
            ("session.*", EventKind::SessionQr, true),
            ("message.received", EventKind::MessageReceived, true),
            ("message.received", EventKind::MessageSent, false),
        ] {
            let parsed: EventFilter = filter.parse().unwrap();
            assert_eq!(parsed.takes(kind), takes, "{filter} {kind}");
            assert_eq!(parsed.to_string(), filter);
        }
        for bad in ["", "message", "mess*", "message.", "massage.*", "*.received", "message.read"] {
            assert_eq!(bad.parse::<EventFilter>(), Err(BadFilter), "{bad}");
        }
        assert!(EventFilter::any(&[], EventKind::PollVote));
    }
}
