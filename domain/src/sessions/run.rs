//! Starting and stopping a session: whether a connector should hold it, and telling it so.

use std::time::Duration;

use crate::{
    SessionId,
    auth::Principal,
    limits::{Refusal, Terms},
    ports::{PortResult, SessionCalls, Sessions},
    sessions::{Command, Session},
};

/// Lets a connector take the session; one that holds it looks again. `None` when there is no such session.
///
/// # Errors
/// When the workspace is suspended or a machine behind us failed.
pub async fn start(
    terms: Terms<'_>,
    sessions: &dyn Sessions,
    calls: &dyn SessionCalls,
    caller: Principal,
    id: SessionId,
) -> Result<Option<Session>, Refusal> {
    terms.active(caller.workspace).await?;
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
