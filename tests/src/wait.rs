//! Waiting for something to come true.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How long anything may take on a slow, crowded machine. Never a measure of speed.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Asks again and again until `look` finds something; panics with `what` when it never does.
pub async fn eventually<T, F, Fut>(what: &str, mut look: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
