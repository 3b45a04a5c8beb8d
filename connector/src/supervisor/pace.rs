//! How fast sessions are opened: a token bucket, so that a restart with thousands of them is spread over a while.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// The pace of claiming sessions, which opens them.
pub(super) struct ConnectPace {
    limiter: DefaultDirectRateLimiter,
    /// The last call wanted more than there was.
    pub(super) held_back: bool,
}

impl ConnectPace {
    /// So many a second; as many at once after a pause.
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        Self { limiter: RateLimiter::direct(Quota::per_second(per_second)), held_back: false }
    }

    /// How many of `wanted` may be opened now; they count as opened.
    pub(super) fn room(&mut self, wanted: usize) -> usize {
        let granted = (0..wanted).take_while(|_| self.limiter.check().is_ok()).count();
        self.held_back = granted < wanted;
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_let_in_by_and_by() {
        let mut pace = ConnectPace::new(10);
        assert_eq!(pace.room(4), 4);
        assert!(!pace.held_back);
        let more = pace.room(1_000);
        assert!((6..20).contains(&more), "the rest of the bucket, and what dripped in meanwhile: {more}");
        assert!(pace.held_back);
        assert_eq!(pace.room(0), 0);
        assert!(!pace.held_back);
    }
}
