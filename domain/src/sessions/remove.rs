//! Deleting a session: it is unlinked by its owner first, where it has one.

use std::time::Duration;

use crate::{
    SessionId,
    auth::Principal,
    ports::{PortError, SessionCalls, Sessions},
    sessions::Command,
};

/// How long the owner has to unlink the device before the session is deleted without it.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(5);

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// No such session in this workspace.
    #[error("no such session")]
    NotFound,
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Unlinks and deletes a session with its credentials. Messages stay readable until their retention ends.
///
/// # Errors
/// See [`RemoveError`].
pub async fn remove(
    sessions: &dyn Sessions,
    calls: &dyn SessionCalls,
    caller: Principal,
    id: SessionId,
) -> Result<(), RemoveError> {
    let session = sessions.get(caller.workspace, id).await?.ok_or(RemoveError::NotFound)?;
    if session.is_linked() && session.wanted {
        // an owner that does not answer in time must not keep a tenant from deleting its data
        calls.call(session.key(), &Command::Logout, LOGOUT_PATIENCE).await?;
    }
    sessions.delete(caller.workspace, id).await?;
    calls.call(session.key(), &Command::Refresh, Duration::ZERO).await?;
    Ok(())
}
