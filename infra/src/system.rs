//! The real clock and the real source of randomness.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use wagate_domain::{Clock, Entropy, Env, Timestamp};

/// The wall clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A cryptographic generator seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn random(&self) -> u128 {
        rand::random()
    }
}

/// The environment of a running process.
#[must_use]
pub fn env() -> Env {
    Env::new(Arc::new(SystemClock), Arc::new(OsEntropy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_this_century_and_never_repeats_itself() {
        let env = env();
        let start_of_2020 = Timestamp::from_millis(1_577_836_800_000);
        assert!(env.now() > start_of_2020);
        assert_ne!(env.random(), env.random());
    }
}
