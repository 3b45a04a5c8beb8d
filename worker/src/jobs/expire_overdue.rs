//! Ends messages whose time ran out while their session could not send.

use serde::{Deserialize, Serialize};
use wagate_domain::{
    Env,
    messages::{ReconcilePorts, expire_overdue},
};

use crate::jobs::JobError;

/// Name of the job; part of its queue's name.
pub const KIND: &str = "expire-overdue-v1";

/// The job's payload.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ExpireOverdue {
    /// When the tick was due, in milliseconds since the epoch.
    pub tick: i64,
}

/// Ends what is overdue; returns how many.
///
/// # Errors
/// See [`JobError`].
pub async fn run(_: ExpireOverdue, env: &Env, ports: ReconcilePorts<'_>) -> Result<u64, JobError> {
    Ok(expire_overdue(env, ports).await?)
}
