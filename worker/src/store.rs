//! Event log → SQL: read in order, apply in one transaction, acknowledge.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use wagate_domain::{
    events::Event,
    ports::{EventLog, Group, LogEntry, PortError, PortResult},
};

use crate::WorkerPorts;

/// Entries read per shard at once.
const BATCH: u32 = 256;
/// Longest wait for the first entry.
const BLOCK: Duration = Duration::from_secs(2);
/// Wait after a failure, before the same entries are read again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often acknowledged entries are dropped.
const TRIM_EVERY: Duration = Duration::from_secs(30);

/// Applies the log until told to stop. Nothing is acknowledged before SQL has it.
pub(crate) async fn run(ports: WorkerPorts, consumer: String, stop: CancellationToken) {
    let mut healthy = true;
    while !stop.is_cancelled() {
        let step = tokio::select! {
            () = stop.cancelled() => return,
            entries = ports.log.read(Group::Store, &consumer, BATCH, BLOCK) => entries,
        };
        let outcome = match step {
            Ok(entries) => apply(&ports, &entries).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => healthy = true,
            Err(error) => {
                report(&error, std::mem::replace(&mut healthy, false));
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }
}

async fn apply(ports: &WorkerPorts, entries: &[LogEntry]) -> PortResult<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let events: Vec<Event> = entries.iter().filter_map(|entry| entry.event.clone()).collect();
    let unreadable = entries.len() - events.len();
    if unreadable > 0 {
        metrics::counter!("wagate_log_unreadable_total").increment(unreadable as u64);
        tracing::error!(unreadable, "event log entries of an unknown form were passed over");
    }
    ports.projection.apply(&events).await?;
    let positions: Vec<_> = entries.iter().map(|entry| entry.position.clone()).collect();
    ports.log.ack(Group::Store, &positions).await?;
    metrics::counter!("wagate_log_stored_total").increment(events.len() as u64);
    Ok(())
}

/// Drops what every group has acknowledged, now and then.
pub(crate) async fn trim(log: Arc<dyn EventLog>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TRIM_EVERY) => {}
        }
        match log.trim().await {
            Ok(dropped) => tracing::debug!(dropped, "event log trimmed"),
            Err(error) => report(&error, true),
        }
        if let Ok(lag) = log.lag(Group::Store).await {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            metrics::gauge!("wagate_log_lag", "group" => Group::Store.name()).set(lag as f64);
        }
    }
}

/// One line when trouble begins, not one per attempt.
fn report(error: &PortError, first: bool) {
    if first {
        tracing::warn!(error = error as &dyn std::error::Error, "event log consumer waits");
    }
}
