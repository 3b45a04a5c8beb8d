//! Deletes what is older than its workspace keeps it.

use serde::{Deserialize, Serialize};
use wagate_domain::{
    Timestamp,
    retention::{ApplyPorts, apply},
};

use crate::jobs::JobError;

/// Name of the job; part of its queue's name.
pub const KIND: &str = "apply-retention-v1";

/// The job's payload.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ApplyRetention {
    /// When the tick was due, in milliseconds since the epoch.
    pub tick: i64,
}

/// Deletes what was too old at the tick; returns how many things went.
///
/// # Errors
/// See [`JobError`].
pub async fn run(job: ApplyRetention, ports: ApplyPorts<'_>) -> Result<u64, JobError> {
    Ok(apply(ports, Timestamp::from_millis(job.tick)).await?)
}
