//! Setting how long a workspace keeps what, within its plan.

use crate::{
    Invalid,
    auth::Principal,
    limits::{Refusal, Share, Terms},
    ports::{PortError, PortResult, Retentions},
    retention::Retention,
};

/// Why it was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// A time is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The plan keeps nothing for so long, or the workspace may change nothing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Sets how long the caller's workspace keeps what.
///
/// # Errors
/// See [`SetError`].
pub async fn set(
    terms: Terms<'_>,
    retentions: &dyn Retentions,
    caller: Principal,
    retention: &Retention,
) -> Result<(), SetError> {
    retention.check()?;
    let plan = terms.active(caller.workspace).await?;
    if let Some(most) = plan.retention_days
        && retention.within(Some(most)) != *retention
    {
        return Err(Refusal::Plan { share: Share::RetentionDays, most }.into());
    }
    Ok(retentions.put(caller.workspace, retention).await?)
}

/// How long the caller's workspace keeps what: as it is set, and no longer than its plan allows.
///
/// # Errors
/// As the record reports them.
pub async fn get(terms: Terms<'_>, retentions: &dyn Retentions, caller: Principal) -> PortResult<Retention> {
    let plan = terms.standing(caller.workspace).await?.plan;
    Ok(retentions.get(caller.workspace).await?.within(plan.retention_days))
}
