//! Coming in: how a sign-in begins, and what is handed out.

use std::{net::IpAddr, time::Duration};

use super::{PeoplePorts, Person, SignIn, TokenSecret};
use crate::{
    Env, SignInId, Timestamp, UserId, WorkspaceId,
    ports::{Claims, PortResult},
};

/// How long an access token is good.
pub const ACCESS_TTL: Duration = Duration::from_mins(10);
/// When a sign-in ends, however much it is used.
pub const SIGN_IN_TTL: Duration = Duration::from_hours(180 * 24);
/// A sign-in that gets no new token for so long is over.
const IDLE: Duration = Duration::from_hours(30 * 24);
/// Longest description of a program that is kept, in characters.
const MAX_AGENT: usize = 200;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visit {
    /// Network address.
    pub origin: Option<IpAddr>,
    /// What the program says it is.
    pub agent: Option<String>,
    /// The only workspace that the access token is to be good for.
    pub workspace: Option<WorkspaceId>,
}

/// What somebody holds who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Who.
    pub user: UserId,
    /// By which sign-in.
    pub sign_in: SignInId,
    /// For each request.
    pub access: String,
    /// Until when.
    pub access_expires_at: Timestamp,
    /// For the next access token; good once.
    pub refresh: TokenSecret,
    /// Until when, if it is not used before.
    pub refresh_expires_at: Timestamp,
}

/// Sign-ins without a new token since then are over.
pub(super) fn idle_since(now: Timestamp) -> Timestamp {
    now.minus(IDLE)
}

/// Begins a sign-in.
pub(super) async fn enter(
    env: &Env,
    ports: PeoplePorts<'_>,
    person: &Person,
    visit: &Visit,
) -> PortResult<Entered> {
    let now = env.now();
    let agent = visit.agent.as_deref().map(|agent| agent.chars().take(MAX_AGENT).collect());
    let sign_in = SignIn {
        id: env.new_id(),
        user: person.id,
        created_at: now,
        used_at: now,
        expires_at: now.plus(SIGN_IN_TTL),
        agent,
        origin: visit.origin,
    };
    let token = TokenSecret::generate(env);
    ports.sign_ins.begin(&sign_in, &token.hash()).await?;
    hand_out(ports, &sign_in, token, visit.workspace, now).await
}

/// The tokens of a sign-in that goes on.
pub(super) async fn hand_out(
    ports: PeoplePorts<'_>,
    sign_in: &SignIn,
    refresh: TokenSecret,
    workspace: Option<WorkspaceId>,
    now: Timestamp,
) -> PortResult<Entered> {
    let access_expires_at = now.plus(ACCESS_TTL);
    let claims = Claims { user: sign_in.user, sign_in: sign_in.id, expires_at: access_expires_at, workspace };
    let access = ports.tokens.issue(&claims).await?;
    let refresh_expires_at = sign_in.expires_at.min(now.plus(IDLE));
    Ok(Entered {
        user: sign_in.user,
        sign_in: sign_in.id,
        access,
        access_expires_at,
        refresh,
        refresh_expires_at,
    })
}

/// Whether a person belongs to the workspace that they ask a token for.
pub(super) async fn may_ask_for(ports: PeoplePorts<'_>, person: &Person, visit: &Visit) -> PortResult<bool> {
    match visit.workspace {
        Some(workspace) => Ok(ports.members.get(workspace, person.id).await?.is_some()),
        None => Ok(true),
    }
}
