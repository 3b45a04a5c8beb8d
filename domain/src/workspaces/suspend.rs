//! Letting a workspace only read, and everything again. The operator's side.

use super::{Asker, ChangeError, Suspension, Workspace};
use crate::{Env, Invalid, WorkspaceId, ports::Workspaces};

/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// Suspends a workspace: it may read, and its sessions are let go of. The reason is told to whoever is refused.
///
/// # Errors
/// See [`ChangeError`].
pub async fn suspend(
    env: &Env,
    workspaces: &dyn Workspaces,
    id: WorkspaceId,
    reason: &str,
) -> Result<Workspace, ChangeError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > MAX_REASON {
        let remedy = format!("say in 1 to {MAX_REASON} characters why, for those who are refused");
        return Err(Invalid::new("reason", "is empty or too long", remedy).into());
    }
    let suspension = Suspension { at: env.now(), reason: reason.to_owned() };
    workspaces.suspend(id, &suspension).await?.ok_or(ChangeError::NotFound)
}

/// Undoes a deletion that has not begun; of a workspace that is not to be deleted it ends the suspension. Sessions that
/// were wanted are taken up again.
///
/// # Errors
/// See [`ChangeError`].
pub async fn restore(workspaces: &dyn Workspaces, id: WorkspaceId) -> Result<Workspace, ChangeError> {
    let found = workspaces.get(id).await?.ok_or(ChangeError::NotFound)?;
    if found.deletion.is_some() {
        return workspaces.set_deletion(id, None, Asker::Operator).await?.ok_or(ChangeError::NotFound);
    }
    workspaces.restore(id).await?.ok_or(ChangeError::NotFound)
}
