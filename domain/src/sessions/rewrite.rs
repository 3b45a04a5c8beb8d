//! Changing a session while it runs.

use std::time::Duration;

use super::create::check_name;
use crate::{
    SessionId,
    auth::Principal,
    ports::{SessionCalls, Sessions},
    sessions::{Command, CreateError, Pacing, Proxy, Session},
};

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct RewriteSession {
    /// A name for people.
    pub name: Option<String>,
    /// How fast it may send, whole.
    pub pacing: Option<Pacing>,
    /// What it reaches WhatsApp by; `None` inside: straight.
    pub proxy: Option<Option<Proxy>>,
}

/// Changes a session; its owner goes by the new pace at once, and connects anew by a new
/// proxy. `None` when there is no such session.
///
/// # Errors
/// See [`CreateError`]; then nothing was changed.
pub async fn rewrite(
    sessions: &dyn Sessions,
    calls: &dyn SessionCalls,
    caller: Principal,
    id: SessionId,
    change: RewriteSession,
) -> Result<Option<Session>, CreateError> {
    let name = change.name.as_deref().map(check_name).transpose()?;
    let change = RewriteSession { name, ..change };
    if let Some(pacing) = &change.pacing {
        pacing.check()?;
    }
    let changed = sessions.rewrite(caller.workspace, id, &change).await?;
    if let Some(session) = &changed {
        calls.call(session.key(), &Command::Refresh, Duration::ZERO).await?;
    }
    Ok(changed)
}
