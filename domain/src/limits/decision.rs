//! What came of asking for things.

use std::{cmp::Reverse, time::Duration};

use super::{Rule, Spent, Subject};
use crate::Timestamp;

/// What came of asking for things of several subjects: all or nothing. It tells of the subject that refused, or else of the one
/// that is nearest to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether everything was taken.
    pub allowed: bool,
    /// The subject it tells of.
    pub subject: Subject,
    /// What that subject may.
    pub rule: Rule,
    /// How many are left of it.
    pub remaining: u64,
    /// Time until everything is there again.
    pub reset_after: Duration,
    /// Time after which the same may be asked for again; none when it is allowed, and when it is more than there ever is.
    pub retry_after: Option<Duration>,
    /// When a quota begins anew.
    pub ends: Option<Timestamp>,
    /// What was taken of quotas, for giving it back.
    pub spent: Vec<Spent>,
}

impl Decision {
    /// Whether what was asked for is more than there ever is at once.
    #[must_use]
    pub const fn is_hopeless(&self) -> bool {
        !self.allowed && self.retry_after.is_none()
    }

    /// The one of two that a caller should know of: the refusal that lasts longer, or else what is nearer to one.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        if other.room() < self.room() { other } else { self }
    }

    /// How far it is from refusing for ever: refusals by their time, then what is left in parts of the capacity.
    fn room(&self) -> (bool, Reverse<Duration>, u128) {
        const PARTS: u128 = 1 << 32;
        let capacity = u128::from(self.rule.capacity().max(1));
        let refused = if self.allowed { Duration::ZERO } else { self.retry_after.unwrap_or(Duration::MAX) };
        (self.allowed, Reverse(refused), u128::from(self.remaining) * PARTS / capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{Period, Rate};

    fn left(rule: Rule, remaining: u64, allowed: bool) -> Decision {
        Decision {
            allowed,
            subject: Subject::Workspace,
            rule,
            remaining,
            reset_after: Duration::ZERO,
            retry_after: None,
            ends: None,
            spent: Vec::new(),
        }
    }

    fn waits(remaining: u64, seconds: Option<u64>) -> Decision {
        let retry_after = seconds.map(Duration::from_secs);
        Decision { retry_after, ..left(Rule::Quota { period: Period::Day, amount: 10 }, remaining, false) }
    }

    #[test]
    fn the_tighter_one_is_told() {
        let ten = Rule::Rate(Rate { amount: 10, seconds: 60, burst: 10 });
        let many = Rule::Quota { period: Period::Day, amount: 1_000 };
        for (one, other, told) in [
            (left(ten, 5, true), left(many, 600, true), 5),
            (left(ten, 5, true), left(many, 400, true), 400),
            (left(ten, 0, true), left(many, 700, false), 700),
            (left(ten, 9, true), left(ten, 3, true), 3),
            // after the shorter wait the longer one would still refuse; `None` is for ever
            (waits(1, Some(1)), waits(9, Some(60)), 9),
            (waits(1, Some(60)), waits(9, None), 9),
        ] {
            assert_eq!(one.clone().tighter(other.clone()).remaining, told);
            assert_eq!(other.tighter(one).remaining, told);
        }
    }
}
