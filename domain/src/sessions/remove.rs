//! Deleting a session: it is unlinked by its owner first, where it has one.

use std::time::Duration;

use crate::{
    Env, SessionId,
    auth::Principal,
    messages::{Failure, cancel_waiting},
    ports::{Lanes, PortError, PortResult, SessionCalls, Sessions, Which},
    sessions::{Command, SessionKey},
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

/// Where a session leaves its traces.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct RemovePorts<'a> {
    /// Sessions of the workspace.
    pub sessions: &'a dyn Sessions,
    /// The connector that holds it.
    pub calls: &'a dyn SessionCalls,
    /// What still waits to be sent.
    pub lanes: &'a dyn Lanes,
}

/// Unlinks and deletes a session with its credentials; what still waits to be sent is cancelled.
/// Messages stay readable until their retention ends. Safe to repeat after a failure.
///
/// # Errors
/// See [`RemoveError`].
pub async fn remove(
    env: &Env,
    ports: RemovePorts<'_>,
    caller: Principal,
    id: SessionId,
) -> Result<(), RemoveError> {
    let session = ports.sessions.get(caller.workspace, id).await?.ok_or(RemoveError::NotFound)?;
    if session.is_linked() && session.wanted {
        // an owner that does not answer in time must not keep a tenant from deleting its data
        ports.calls.call(session.key(), &Command::Logout, LOGOUT_PATIENCE).await?;
    }
    cancel_all(env, ports.lanes, session.key()).await?;
    ports.sessions.delete(caller.workspace, id).await?;
    // what was accepted in between
    cancel_all(env, ports.lanes, session.key()).await?;
    ports.calls.call(session.key(), &Command::Refresh, Duration::ZERO).await?;
    Ok(())
}

async fn cancel_all(env: &Env, lanes: &dyn Lanes, lane: SessionKey) -> PortResult<()> {
    let why = Failure {
        code: "session_deleted".to_owned(),
        message: "the session was deleted before the message could be sent".to_owned(),
    };
    cancel_waiting(env, lanes, lane, &Which::default(), Some(&why)).await.map(drop)
}
