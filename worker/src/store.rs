//! Event log → SQL: read in order, apply in one transaction, acknowledge.
//!
//! One worker at a time does it, or a message's `sent` could be applied before the message itself. All
//! leaders read under the same name, so a new one finds what the last had taken and not acknowledged.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    events::Event,
    ports::{EventLog, Group, LogEntry, PortError, PortResult},
};

use crate::WorkerPorts;

/// Entries read per shard at once.
const BATCH: u32 = 256;
/// Entries that come within this time are applied together: a commit costs the same for one and for many.
const GATHER: Duration = Duration::from_millis(25);
/// Longest wait for the first entry.
const BLOCK: Duration = Duration::from_secs(1);
/// Wait after a failure, before the same entries are read again, and between looks whether nobody leads.
const PAUSE: Duration = Duration::from_secs(1);
/// How often acknowledged entries are dropped.
const TRIM_EVERY: Duration = Duration::from_secs(30);

/// Name of whoever leads, among the consumers of the group.
const LEADER: &str = "leader";
/// How long a leader that fell silent is waited for.
const LEAD: Duration = Duration::from_secs(15);

/// Applies the log until told to stop, whenever this process leads. Nothing is acknowledged before SQL has it.
pub(crate) async fn run(ports: WorkerPorts, process: String, stop: CancellationToken) {
    let mut healthy = true;
    while !stop.is_cancelled() {
        // never given up half-way: what a read has taken is applied before we stop
        let began = Instant::now();
        let pause = match step(&ports, &process).await {
            Ok(Some(applied)) => {
                healthy = true;
                let gathered = applied == 0 || applied >= BATCH as usize;
                if gathered { Duration::ZERO } else { GATHER.saturating_sub(began.elapsed()) }
            }
            Ok(None) => PAUSE,
            Err(error) => {
                report(&error, std::mem::replace(&mut healthy, false));
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    if let Err(error) = ports.duties.give_back(Group::Store.name(), &process).await {
        report(&error, true);
    }
}

/// Reads and applies one batch; how many entries it had, or nothing when another process leads.
async fn step(ports: &WorkerPorts, process: &str) -> PortResult<Option<usize>> {
    if !ports.duties.take(Group::Store.name(), process, LEAD).await? {
        return Ok(None);
    }
    let entries = ports.log.read(Group::Store, LEADER, BATCH, BLOCK).await?;
    apply(ports, &entries).await?;
    Ok(Some(entries.len()))
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
    let told = ports.projection.apply(&events).await?;
    let positions: Vec<_> = entries.iter().map(|entry| entry.position.clone()).collect();
    ports.log.ack(Group::Store, &positions).await?;
    metrics::counter!("wagate_log_stored_total").increment(events.len() as u64);
    if told > 0 {
        // whoever does not hear it looks by himself
        let _ = ports.bell.ring().await;
    }
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
