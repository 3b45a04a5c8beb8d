//! Phones against each other and against the client library's own verification.

mod acts;
mod behaviour;
mod companions;
mod content;
mod exchange;
mod fleet;
mod group;
mod inbox;
mod lan;
mod lan_groups;
mod linking;
mod media;
mod receipts;
mod repair;
mod requests;
mod sink;

pub(crate) use lan::World;

use std::time::{Duration, Instant};

/// Waits until `done` answers something; the limit only ends a failing test.
pub(crate) async fn eventually<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(value) = done().await {
            return value;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
