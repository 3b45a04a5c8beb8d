//! Pauses that grow while something keeps failing.

use std::time::Duration;

/// The pause after the first failure and the longest one; each further failure doubles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// Never longer.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after the `tries`th failure, shortened by up to a quarter by chance (`random` in 0..1), so that what
    /// failed together does not come back together.
    #[must_use]
    pub fn pause(self, tries: u32, random: f64) -> Duration {
        let doublings = tries.saturating_sub(1).min(30);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        whole.mul_f64(1.0 - 0.25 * random.clamp(0.0, 1.0))
    }
}
