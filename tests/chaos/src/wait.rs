//! Waiting for what comes to rest.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How long nothing may change before what is missing counts as missing for good: longer than a dead socket is
/// noticed, an ack waited for, and a message tried again after both. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(150);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(250);

/// Looks until the look says that all is done, or until what it sees has not changed for long; what was seen last.
pub(crate) async fn until_still<T: PartialEq>(mut look: impl AsyncFnMut() -> Result<(bool, T)>) -> Result<T> {
    let mut changed = Instant::now();
    let (mut done, mut seen) = look().await?;
    while !done && changed.elapsed() < PATIENCE {
        tokio::time::sleep(PAUSE).await;
        let now = look().await?;
        if now.1 != seen {
            changed = Instant::now();
        }
        (done, seen) = now;
    }
    Ok(seen)
}
