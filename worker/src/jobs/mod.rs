//! Control jobs, one per file. A job's payload is ids and primitives only, it is idempotent, and its
//! error states its own fate. A changed payload is a new kind.

pub mod apply_retention;
pub mod expire_overdue;
pub mod requeue_lost;
pub mod sweep_uploads;

/// What becomes of a job that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Try again later; the cause is expected to pass.
    #[error("try again: {0}")]
    Retry(String),
    /// Give up; trying again cannot help.
    #[error("gave up: {0}")]
    Fail(String),
}

impl From<wagate_domain::ports::PortError> for JobError {
    fn from(error: wagate_domain::ports::PortError) -> Self {
        use wagate_domain::ports::PortError;
        match error {
            PortError::Unavailable { .. } => Self::Retry(error.to_string()),
            PortError::Stale | PortError::Internal { .. } => Self::Fail(error.to_string()),
        }
    }
}
