//! Waiting for something to come true: the one place where tests pause.

use std::time::{Duration, Instant};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks again and again until `look` finds something.
///
/// # Panics
/// With `what` when it found nothing within `patience`, which only ends a failing test.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "never came true: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
