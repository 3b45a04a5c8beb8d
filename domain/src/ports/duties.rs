//! Which of several alike processes does what only one may do at a time.

use std::time::Duration;

use async_trait::async_trait;

use crate::ports::PortResult;

/// Duties among workers.
#[async_trait]
pub trait Duties: Send + Sync {
    /// Says "I am here" for `ttl`; returns how many are, this one included.
    async fn present(&self, process: &str, ttl: Duration) -> PortResult<u32>;

    /// Is not here any more.
    async fn leave(&self, process: &str) -> PortResult<()>;

    /// Whether `process` has a duty now. It lasts for `ttl` and is kept by asking again.
    async fn take(&self, duty: &str, process: &str, ttl: Duration) -> PortResult<bool>;

    /// Gives a duty back at once, if it is this process's.
    async fn give_back(&self, duty: &str, process: &str) -> PortResult<()>;
}
