//! Waiting for something to come true.

use std::{future::Future, time::Duration};

/// How long anything may take on a slow, crowded machine. Never a measure of speed.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Asks again and again until `look` finds something; panics with `what` when it never does.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    wagate_infra::testing::eventually(PATIENCE, what, look).await
}
