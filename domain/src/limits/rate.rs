//! A rate and its burst: the generic cell rate algorithm (GCRA, ITU-T I.371) in whole microseconds.
//!
//! All that is kept of a subject is the moment at which everything it has used will have refilled. Each thing moves that
//! moment on by [`Rate::interval`]; it may lie at most [`Rate::tolerance`] ahead. Both are rounded so that never more
//! gets through than the rate says.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Things that are used up at once may be taken ahead for so long: after that they are void.
pub const HOLD: Duration = Duration::from_millis(200);
/// How much is taken ahead: what refills in this time.
const AHEAD: Duration = Duration::from_millis(100);
/// A process takes ahead where what [`HOLD`] costs is at most one part in so many of the burst.
const SHARE_OF_HOLD: u64 = 4;
/// Longest time that a rate is told for: a day.
const LONGEST: u32 = 86_400;
/// Most things in that time.
const MOST: u32 = 1_000_000;

/// So many things in so long, and so many of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Things.
    pub amount: u32,
    /// In so many seconds.
    pub seconds: u32,
    /// Most at once, after a pause.
    pub burst: u32,
}

impl Rate {
    /// So many a second.
    #[must_use]
    pub const fn a_second(amount: u32, burst: u32) -> Self {
        Self { amount, seconds: 1, burst }
    }

    /// Whether it can be meant.
    ///
    /// # Errors
    /// Names the field of `name` that cannot.
    pub fn check(&self, name: &str) -> Result<(), Invalid> {
        let fields =
            [("amount", self.amount, MOST), ("seconds", self.seconds, LONGEST), ("burst", self.burst, MOST)];
        for (field, value, most) in fields {
            if value == 0 || value > most {
                let remedy = format!("use 1 to {most}, or leave {name} out for no limit");
                return Err(Invalid::new(format!("{name}.{field}"), format!("is {value}"), remedy));
            }
        }
        Ok(())
    }

    /// Microseconds in which one thing refills.
    #[must_use]
    pub fn interval(&self) -> u64 {
        let span = u64::from(self.seconds).saturating_mul(1_000_000);
        span.div_ceil(u64::from(self.amount.max(1))).max(1)
    }

    /// Microseconds that may be used up ahead.
    ///
    /// What was taken ahead may be used [`HOLD`] later than it was taken, when as much has refilled. Where things are
    /// taken ahead the burst is therefore less by that much: over any span, no more is used than the rate says.
    #[must_use]
    pub fn tolerance(&self) -> u64 {
        let whole = self.whole();
        if self.lot().is_some() { whole - micros(HOLD) } else { whole }
    }

    /// Most things at once.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.tolerance() / self.interval()
    }

    /// How many things a process takes ahead; none where that would be noticed: there each thing is asked for.
    #[must_use]
    pub fn lot(&self) -> Option<u64> {
        let lot = micros(AHEAD) / self.interval();
        (lot >= 2 && micros(HOLD) * SHARE_OF_HOLD <= self.whole()).then_some(lot)
    }

    fn whole(&self) -> u64 {
        self.interval().saturating_mul(u64::from(self.burst))
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// What Redis keeps of a subject, and what the script does with it.
    struct Shared {
        full_at: u64,
    }

    impl Shared {
        /// Takes at least `need` things and at most `wish`.
        fn take(&mut self, rate: Rate, now: u64, need: u64, wish: u64) -> Option<u64> {
            let full_at = self.full_at.max(now);
            let room = rate.tolerance().saturating_sub(full_at - now) / rate.interval();
            let taken = (room >= need).then_some(room.min(wish.max(need)))?;
            self.full_at = full_at + taken * rate.interval();
            Some(taken)
        }
    }

    /// Whether no span of what was used holds more than the rate says.
    fn conforms(rate: Rate, used: &[(u64, u64)]) -> bool {
        let whole = rate.interval() * u64::from(rate.burst);
        used.iter().enumerate().all(|(first, (begin, _))| {
            let mut sum = 0;
            used[first..].iter().all(|(moment, things)| {
                sum += things;
                sum * rate.interval() <= whole + (moment - begin)
            })
        })
    }

    fn any_rate() -> impl Strategy<Value = Rate> {
        (1_u32..3_000, 1_u32..20, 1_u32..3_000).prop_map(|(amount, seconds, burst)| Rate {
            amount,
            seconds,
            burst,
        })
    }

    proptest! {
        #[test]
        fn asked_for_one_by_one_no_span_holds_more(
            rate in any_rate(),
            asks in proptest::collection::vec((0_u64..400_000, 1_u64..20), 1..200),
        ) {
            let (mut shared, mut now, mut used) = (Shared { full_at: 0 }, 1_000_000_000, Vec::new());
            for (pause, things) in asks {
                now += pause;
                if shared.take(rate, now, things, things).is_some() {
                    used.push((now, things));
                }
            }
            prop_assert!(conforms(rate, &used));
        }

        #[test]
        fn taken_ahead_by_several_processes_no_span_holds_more(
            rate in any_rate(),
            asks in proptest::collection::vec((0_usize..3, 0_u64..60_000, 1_u64..8), 1..400),
        ) {
            let (mut shared, mut now, mut used) = (Shared { full_at: 0 }, 1_000_000_000, Vec::new());
            // of each process: until when so many are good
            let mut held: [VecDeque<(u64, u64)>; 3] = Default::default();
            for (process, pause, things) in asks {
                now += pause;
                let lots = &mut held[process];
                lots.retain(|(until, _)| *until >= now);
                let have: u64 = lots.iter().map(|(_, left)| left).sum();
                if have < things {
                    let need = things - have;
                    match shared.take(rate, now, need, rate.lot().unwrap_or(need)) {
                        Some(taken) => lots.push_back((now + micros(HOLD), taken)),
                        None => continue,
                    }
                }
                let mut owed = things;
                for (_, left) in lots.iter_mut() {
                    let part = owed.min(*left);
                    *left -= part;
                    owed -= part;
                }
                prop_assert_eq!(owed, 0);
                used.push((now, things));
            }
            prop_assert!(conforms(rate, &used));
        }
    }

    #[test]
    fn small_rates_are_exact_and_large_ones_are_taken_ahead() {
        for (rate, interval, capacity, lot) in [
            (Rate { amount: 5, seconds: 60, burst: 5 }, 12_000_000, 5, None),
            (Rate::a_second(1, 1), 1_000_000, 1, None),
            (Rate::a_second(10, 100), 100_000, 100, None),
            (Rate::a_second(100, 20), 10_000, 20, None),
            (Rate::a_second(100, 200), 10_000, 180, Some(10)),
            (Rate::a_second(500, 1_000), 2_000, 900, Some(50)),
            // rounded to less, never to more
            (Rate::a_second(3_000, 3_000), 334, 2_401, Some(299)),
        ] {
            assert_eq!((rate.interval(), rate.capacity(), rate.lot()), (interval, capacity, lot), "{rate:?}");
        }
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        assert_eq!(Rate::a_second(1, 1).check("requests"), Ok(()));
        let field = |rate: Rate| rate.check("requests").unwrap_err().field;
        assert_eq!(field(Rate::a_second(0, 1)), "requests.amount");
        assert_eq!(field(Rate::a_second(1, 0)), "requests.burst");
        assert_eq!(field(Rate { amount: 1, seconds: LONGEST + 1, burst: 1 }), "requests.seconds");
    }
}
