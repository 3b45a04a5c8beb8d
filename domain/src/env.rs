//! The two things a use-case may not take for itself: the time and randomness.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use ulid::Ulid;

use crate::{Timestamp, ids};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives unpredictable bits.
pub trait Entropy: Send + Sync {
    /// 128 bits from a cryptographic source.
    fn random(&self) -> u128;
}

/// Clock and entropy, passed to use-cases.
#[derive(Clone)]
pub struct Env {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    last: Arc<Mutex<Ulid>>,
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

impl Env {
    /// From its two parts.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Arc::default() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// 128 unpredictable bits.
    #[must_use]
    pub fn random(&self) -> u128 {
        self.entropy.random()
    }

    /// A number in 0..1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "any number will do")]
    pub fn chance(&self) -> f64 {
        (self.random() % 1_000_000) as f64 / 1_000_000.0
    }

    /// A fresh ULID. Those made in the same millisecond ascend in the order they were made in, so that
    /// lists by (time, id) show what one process made in its order.
    #[must_use]
    pub fn ulid(&self) -> Ulid {
        let fresh = ids::ulid(self.now(), self.random());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let tied = fresh.timestamp_ms() == last.timestamp_ms() && fresh <= *last;
        *last = if tied { last.increment().unwrap_or(fresh) } else { fresh };
        *last
    }

    /// A fresh identifier.
    #[must_use]
    pub fn new_id<T: ids::Id>(&self) -> T {
        T::from_ulid(self.ulid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_000)
        }
    }

    impl Entropy for Stopped {
        fn random(&self) -> u128 {
            42
        }
    }

    #[test]
    fn ids_of_one_millisecond_ascend() {
        let env = Env::new(Arc::new(Stopped), Arc::new(Stopped));
        let made: Vec<Ulid> = (0..100).map(|_| env.ulid()).collect();
        assert!(made.is_sorted_by(|earlier, later| earlier < later));
        assert!(made.iter().all(|ulid| ulid.timestamp_ms() == 1_000));
    }
}
