//! Asking for a workspace to be deleted. It is removed later, by [`super::remove_due`]; until then it can be restored.

use std::time::Duration;

use super::{Asker, Deletion, Workspace};
use crate::{
    Env, Invalid, WorkspaceId,
    exports::Export,
    ports::{Exports, PortError, Workspaces},
};

/// Shortest time until the removal: other processes may act on what was true a second ago.
const SETTLING: Duration = Duration::from_secs(3);

/// Why a workspace is not going to be deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// It was not confirmed.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such workspace.
    #[error("no such workspace")]
    NotFound,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A wish to delete a workspace.
#[derive(Debug, Clone)]
pub struct DeleteWorkspace {
    /// Its name, to show that it is this one that is meant.
    pub confirm: String,
    /// Whether everything is exported before.
    pub export: bool,
    /// How long it can still be restored.
    pub grace: Duration,
}

/// What asking for a deletion needs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct DeletePorts<'a> {
    /// Tenants.
    pub workspaces: &'a dyn Workspaces,
    /// Exports on record.
    pub exports: &'a dyn Exports,
}

/// Has a workspace deleted once its grace is over and its export, if it gets one, is done. From now on it may only read,
/// and its sessions are let go of. Asked again it changes whether there is an export; the grace goes on. The operator's side.
///
/// # Errors
/// See [`DeleteError`].
pub async fn delete(
    env: &Env,
    ports: DeletePorts<'_>,
    id: WorkspaceId,
    request: DeleteWorkspace,
) -> Result<Workspace, DeleteError> {
    ask(env, ports, id, request, Asker::Operator).await
}

pub(super) async fn ask(
    env: &Env,
    ports: DeletePorts<'_>,
    id: WorkspaceId,
    request: DeleteWorkspace,
    by: Asker,
) -> Result<Workspace, DeleteError> {
    let workspace = ports.workspaces.get(id).await?.ok_or(DeleteError::NotFound)?;
    if request.confirm.trim() != workspace.name {
        let remedy = "send the name of the workspace, as it is shown, to confirm that it is this one";
        return Err(Invalid::new("confirm", "is not the workspace's name", remedy).into());
    }
    let now = env.now();
    let asked = workspace.deletion.unwrap_or(Deletion {
        asked_at: now,
        due_at: now.plus(request.grace.max(SETTLING)),
        exports: false,
        by,
    });
    // one that was made before may lack what was changed since
    if request.export && !asked.exports {
        ports.exports.insert(&Export::new(env.new_id(), id, now)).await?;
    }
    let deletion = Deletion { exports: request.export, by, ..asked };
    ports.workspaces.set_deletion(id, Some(deletion), by).await?.ok_or(DeleteError::NotFound)
}
