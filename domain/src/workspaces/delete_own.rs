//! An owner has their own workspace deleted, and takes that back.

use std::net::IpAddr;

use super::{Asker, DeleteError, DeletePorts, DeleteWorkspace, Deletion, Workspace, delete::ask};
use crate::{
    Env, Timestamp, WorkspaceId,
    auth::{Actor, Principal},
    people::{ChangePasswordError, Password, PeoplePorts, knows_password},
    ports::{PortError, Workspaces},
};

/// Why an owner's workspace is not going to be deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteOwnError {
    /// A program asks. It has no password to show, and a key may be stolen.
    #[error("this takes a person")]
    NotAPerson,
    /// The password was not shown.
    #[error(transparent)]
    Password(#[from] ChangePasswordError),
    /// It was not confirmed.
    #[error(transparent)]
    Delete(#[from] DeleteError),
    /// An operator has it deleted, after this moment.
    #[error("an operator has it deleted after {0}")]
    Operators(Timestamp),
}

/// Why a deletion goes on.
#[derive(Debug, thiserror::Error)]
pub enum TakeBackError {
    /// There is no such workspace (any more).
    #[error("no such workspace")]
    NotFound,
    /// An operator asked for it, to be done after this moment.
    #[error("an operator has it deleted after {0}")]
    Operators(Timestamp),
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Has the caller's workspace deleted as [`super::delete`] does, when they show their password once more: an access token
/// may be stolen.
///
/// # Errors
/// See [`DeleteOwnError`].
pub async fn delete_own(
    env: &Env,
    (ports, people): (DeletePorts<'_>, PeoplePorts<'_>),
    caller: Principal,
    (password, origin): (&Password, Option<IpAddr>),
    request: DeleteWorkspace,
) -> Result<Deletion, DeleteOwnError> {
    let Actor::Person(user) = caller.actor else { return Err(DeleteOwnError::NotAPerson) };
    knows_password(people, user, password, origin).await?;
    let asked = ask(env, ports, caller.workspace, request, Asker::Owner).await?;
    match asked.deletion {
        Some(Deletion { by: Asker::Operator, due_at, .. }) => Err(DeleteOwnError::Operators(due_at)),
        Some(deletion) => Ok(deletion),
        None => Err(DeleteError::NotFound.into()),
    }
}

/// Undoes a deletion that an owner asked for and that has not begun. Where none is asked for nothing changes.
///
/// # Errors
/// See [`TakeBackError`].
pub async fn take_back(workspaces: &dyn Workspaces, id: WorkspaceId) -> Result<Workspace, TakeBackError> {
    let left = workspaces.set_deletion(id, None, Asker::Owner).await?.ok_or(TakeBackError::NotFound)?;
    match left.deletion {
        Some(deletion) => Err(TakeBackError::Operators(deletion.due_at)),
        None => Ok(left),
    }
}
