//! Starting and stopping a session: whether a connector should hold it, and telling it so.

use std::time::Duration;

use crate::{
    SessionId,
    auth::Principal,
    ports::{PortResult, SessionCalls, Sessions},
    sessions::{Command, Session},
};

/// Lets a connector take the session; one that holds it looks again. `None` when there is no such session.
///
/// # Errors
/// When a machine behind us failed.
pub async fn start(
    sessions: &dyn Sessions,
    calls: &dyn SessionCalls,
    caller: Principal,
    id: SessionId,
) -> PortResult<Option<Session>> {
    let session = sessions.set_wanted(caller.workspace, id, true).await?;
    if let Some(session) = &session {
        calls.announce(session.key()).await?;
    }
    Ok(session)
}

/// Takes the session offline; it stays linked. `None` when there is no such session.
///
/// # Errors
/// When a machine behind us failed.
pub async fn stop(
    sessions: &dyn Sessions,
    calls: &dyn SessionCalls,
    caller: Principal,
    id: SessionId,
) -> PortResult<Option<Session>> {
    let session = sessions.set_wanted(caller.workspace, id, false).await?;
    if let Some(session) = &session {
        calls.call(session.key(), &Command::Refresh, Duration::ZERO).await?;
    }
    Ok(session)
}
