//! When a fault works.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chance::chance;
use super::invalid::Invalid;

/// When a fault works on what it is about; always, unless told otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trigger {
    /// On the nth match only, from 1; stands for `after` n-1 and `times` 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Matches that are let through first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// On every nth match behind those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// With this probability, above 0 and up to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Repeats the same chances; 0 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// At most so many times; without end unless given, once in a script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Begins so many seconds after it was set, on the network's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin_after_seconds: Option<u64>,
    /// Ends so many seconds after it began, on the network's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
}

impl Trigger {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let from_one = [
            ("when.nth", self.nth),
            ("when.every", self.every),
            ("when.times", self.times),
            ("when.for_seconds", self.for_seconds),
        ];
        for (field, value) in from_one {
            if value == Some(0) {
                return Err(Invalid::new(field, "0 would mean never.", "Give 1 or more."));
            }
        }
        if self.nth.is_some() && (self.after.is_some() || self.every.is_some() || self.times.is_some()) {
            return Err(Invalid::new(
                "when.nth",
                "nth stands for after and times.",
                "Give nth alone, or after, every and times.",
            ));
        }
        if self.probability.is_some_and(|p| !(p > 0.0 && p <= 1.0)) {
            return Err(Invalid::new(
                "when.probability",
                "This is not a probability.",
                "Give a number above 0 and up to 1.",
            ));
        }
        Ok(())
    }

    /// How often it works at most.
    pub(super) fn times(&self) -> Option<u64> {
        self.nth.map(|_| 1).or(self.times)
    }

    /// Whether it works on the match with this number, from 1.
    pub(super) fn works_on(&self, fault: u64, number: u64) -> bool {
        let after = self.nth.map(|nth| nth - 1).or(self.after).unwrap_or(0);
        let Some(place) = number.checked_sub(after).filter(|place| *place > 0) else { return false };
        let turn = place.is_multiple_of(self.every.unwrap_or(1));
        turn && self.probability.is_none_or(|p| chance(&[self.seed.unwrap_or(0), fault, number]) < p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn works(trigger: &Trigger) -> Vec<u64> {
        (1..=10).filter(|number| trigger.works_on(1, *number)).collect()
    }

    #[test]
    fn triggers_count() {
        let table = [
            (Trigger::default(), (1..=10).collect::<Vec<_>>()),
            (Trigger { after: Some(7), ..Default::default() }, vec![8, 9, 10]),
            (Trigger { every: Some(3), ..Default::default() }, vec![3, 6, 9]),
            (Trigger { after: Some(2), every: Some(4), ..Default::default() }, vec![6, 10]),
        ];
        for (trigger, expected) in table {
            assert_eq!(works(&trigger), expected, "{trigger:?}");
        }
        let third = Trigger { nth: Some(3), ..Default::default() };
        assert_eq!((works(&third)[0], third.times()), (3, Some(1)));
    }

    #[test]
    fn chances_are_repeated_by_their_seed() {
        let half = |seed| Trigger { probability: Some(0.5), seed: Some(seed), ..Default::default() };
        assert_eq!(works(&half(1)), works(&half(1)));
        assert_ne!(works(&half(1)), works(&half(2)));
    }

    #[test]
    fn triggers_that_never_work_are_refused() {
        for (trigger, field) in [
            (Trigger { nth: Some(0), ..Default::default() }, "when.nth"),
            (Trigger { nth: Some(1), times: Some(1), ..Default::default() }, "when.nth"),
            (Trigger { every: Some(0), ..Default::default() }, "when.every"),
            (Trigger { probability: Some(1.5), ..Default::default() }, "when.probability"),
            (Trigger { probability: Some(f64::NAN), ..Default::default() }, "when.probability"),
        ] {
            assert_eq!(trigger.check().expect_err("refused").field, field);
        }
    }
}
