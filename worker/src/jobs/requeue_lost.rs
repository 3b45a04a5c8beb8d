//! Queues again what Redis has lost and SQL knows as waiting.

use serde::{Deserialize, Serialize};
use wagate_domain::{
    Env,
    messages::{ReconcilePorts, requeue_lost},
};

use crate::jobs::JobError;

/// Name of the job; part of its queue's name.
pub const KIND: &str = "requeue-lost-v1";

/// The job's payload.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RequeueLost {
    /// When the tick was due, in milliseconds since the epoch.
    pub tick: i64,
}

/// Queues again what was lost; returns how many.
///
/// # Errors
/// See [`JobError`].
pub async fn run(_: RequeueLost, env: &Env, ports: ReconcilePorts<'_>) -> Result<u64, JobError> {
    Ok(requeue_lost(env, ports).await?)
}
