//! Making a session: stored, announced, and taken by a connector soon after.

use crate::{
    Env, Invalid, SessionId,
    auth::Principal,
    ids::Id,
    limits::{Refusal, Share, Terms},
    ports::{PortError, SessionCalls, Sessions},
    sessions::{Pacing, Proxy, Session, State},
};

/// Longest name of a session, in characters.
const MAX_NAME: usize = 100;

/// What a caller says of the session it wants.
#[derive(Debug, Clone, Default)]
pub struct CreateSession {
    /// A name for people; invented when absent.
    pub name: Option<String>,
    /// How fast it may send.
    pub pacing: Pacing,
    /// What it reaches WhatsApp by; straight when absent.
    pub proxy: Option<Proxy>,
    /// Whether a connector should start it at once.
    pub start: bool,
    /// Fixes the id, so that a repeated request makes one session.
    pub seed: Option<ulid::Ulid>,
}

/// Why no session was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// A field is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The workspace may have no more sessions, or change nothing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A machine behind us failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What making a session needs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct CreatePorts<'a> {
    /// What workspaces may have.
    pub terms: Terms<'a>,
    /// Sessions on record.
    pub sessions: &'a dyn Sessions,
    /// Calls to connectors.
    pub calls: &'a dyn SessionCalls,
}

/// Stores a new session and tells connectors that it wants an owner.
///
/// # Errors
/// See [`CreateError`].
pub async fn create(
    env: &Env,
    ports: CreatePorts<'_>,
    caller: Principal,
    request: CreateSession,
) -> Result<Session, CreateError> {
    let id = request.seed.map_or_else(|| env.new_id::<SessionId>(), SessionId::from_ulid);
    request.pacing.check()?;
    let CreatePorts { terms, sessions, calls } = ports;
    let plan = terms.active(caller.workspace).await?;
    let name = match request.name {
        Some(name) => check_name(&name)?,
        None => format!("session {}", &id.to_string()[4..12]),
    };
    let now = env.now();
    let session = Session {
        id,
        workspace: caller.workspace,
        name,
        state: State::Created,
        reason: None,
        wanted: request.start,
        pn: None,
        lid: None,
        push_name: None,
        epoch: 0,
        pacing: request.pacing,
        proxy: request.proxy,
        linked_at: None,
        created_at: now,
        updated_at: now,
    };
    let stored = match plan.sessions {
        Some(most) => {
            let stored = sessions.insert_within(&session, most).await?;
            stored.ok_or(Refusal::Plan { share: Share::Sessions, most })?
        }
        None => sessions.insert(&session).await?,
    };
    if stored.wanted {
        calls.announce(stored.key()).await?;
    }
    Ok(stored)
}

/// A name for people.
pub(super) fn check_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return Err(Invalid::new("name", "is empty or too long", format!("use 1 to {MAX_NAME} characters")));
    }
    Ok(name.to_owned())
}
