//! The two things a use-case may not take for itself: the time and randomness.

use std::{fmt, sync::Arc};

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
        Self { clock, entropy }
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

    /// A fresh identifier.
    #[must_use]
    pub fn new_id<T: ids::Id>(&self) -> T {
        T::from_ulid(ids::ulid(self.now(), self.random()))
    }
}
