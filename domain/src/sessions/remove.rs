//! Deleting a session: it is unlinked by its owner first, where it has one.

use std::time::Duration;

use crate::{
    Env, MessageId, SessionId,
    auth::Principal,
    events::{Event, EventData},
    messages::{Failure, Status},
    ports::{Lanes, PortError, PortResult, SessionCalls, Sessions, Which},
    sessions::{Command, SessionKey},
};

/// How long the owner has to unlink the device before the session is deleted without it.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(5);
/// Messages cancelled at a time.
const BATCH: usize = 500;

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
    cancel_waiting(env, ports.lanes, session.key()).await?;
    ports.sessions.delete(caller.workspace, id).await?;
    // what was accepted in between
    cancel_waiting(env, ports.lanes, session.key()).await?;
    ports.calls.call(session.key(), &Command::Refresh, Duration::ZERO).await?;
    Ok(())
}

async fn cancel_waiting(env: &Env, lanes: &dyn Lanes, lane: SessionKey) -> PortResult<()> {
    for group in lanes.waiting(lane, &Which::default()).await?.chunks(BATCH) {
        let events: Vec<_> = group.iter().map(|id| (*id, cancelled(env, lane, *id))).collect();
        lanes.cancel(lane, &events).await?;
    }
    Ok(())
}

fn cancelled(env: &Env, lane: SessionKey, message: MessageId) -> Event {
    let failure = Failure {
        code: "session_deleted".to_owned(),
        message: "the session was deleted before the message could be sent".to_owned(),
    };
    let data = EventData::MessageStatus { message, status: Status::Cancelled, failure: Some(failure) };
    Event::new(env, lane, data)
}
