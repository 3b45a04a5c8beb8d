//! Coming in signed in.

use std::net::IpAddr;

use http::{HeaderMap, request::Parts};
use wagate_domain::{
    Invalid, UserId, WorkspaceId,
    auth::{Actor, Permission, Permissions, Principal, Role},
    ports::PortResult,
};

use super::{
    caller::{Admitted, Credential, missing_permission},
    credentials::presented,
    key,
};
use crate::{
    ApiState,
    people::SignedIn,
    problem::{Code, Problem},
};

/// Names the workspace that a request is about, of the person's several.
const WORKSPACE: &str = "wagate-workspace";

/// Whoever shows this access token.
pub(super) async fn admit(
    state: &ApiState,
    token: &str,
    headers: &HeaderMap,
    address: Option<IpAddr>,
) -> Result<Admitted, Problem> {
    let person = SignedIn::of(state, token).await?;
    let workspace = workspace(state, &person, headers).await?;
    let may = may(state, person.user, workspace).await?;
    let may = may.filter(|may| *may != Permissions::NONE).ok_or_else(|| Problem::plain(Code::NotAMember))?;
    let principal = Principal { workspace, actor: Actor::Person(person.user) };
    Ok(Admitted { principal, may, sessions: None, address, credential: Credential::new(token) })
}

/// Whether an access token is shown, rather than a key.
pub(super) fn is_one(parts: &Parts) -> bool {
    presented(&parts.headers).is_some_and(|shown| !key::is_one(shown))
}

/// The person who runs the gateway, whatever they belong to.
pub(super) async fn operator(state: &ApiState, parts: &Parts) -> Result<SignedIn, Problem> {
    let person = SignedIn::of(state, presented(&parts.headers).unwrap_or_default()).await?;
    let standing = state.people.standings.standing(person.user, None).await?;
    let runs = standing.is_some_and(|standing| standing.operator && !standing.disabled);
    if runs { Ok(person) } else { Err(missing_permission(Permission::Operate)) }
}

/// Whether the token still opens. While a machine is away it does.
pub(super) async fn still(state: &ApiState, admitted: &Admitted) -> bool {
    let token = admitted.credential.expose();
    let claims = match state.people.tokens.verify(token).await {
        Ok(Some(claims)) => claims,
        Ok(None) => return false,
        Err(_) => return true,
    };
    let now = may(state, claims.user, admitted.principal.workspace).await;
    now.map_or(true, |now| now.is_some_and(|now| now.cover(admitted.may)))
}

/// What a person may do in a workspace; `None` when they may not sign in.
async fn may(state: &ApiState, user: UserId, workspace: WorkspaceId) -> PortResult<Option<Permissions>> {
    let standing = state.people.standings.standing(user, Some(workspace)).await?;
    let standing = standing.filter(|standing| !standing.disabled);
    Ok(standing.map(|standing| {
        let operating =
            if standing.operator { Permissions::of(&[Permission::Operate]) } else { Permissions::NONE };
        standing.role.map_or(Permissions::NONE, Role::may).and(operating)
    }))
}

async fn workspace(state: &ApiState, person: &SignedIn, headers: &HeaderMap) -> Result<WorkspaceId, Problem> {
    let wrong = |problem: &str| {
        let remedy = "name one of your workspaces (ws_…); GET /api/v1/account lists them";
        Problem::field(Code::InvalidHeader, Invalid::new("Wagate-Workspace", problem, remedy))
    };
    let named: Option<WorkspaceId> = match headers.get(WORKSPACE).map(|value| value.to_str().map(str::parse))
    {
        None => None,
        Some(Ok(Ok(id))) => Some(id),
        Some(_) => return Err(wrong("is no workspace")),
    };
    match (person.workspace, named) {
        (Some(only), None) => Ok(only),
        (Some(only), Some(named)) if only != named => Err(Problem::plain(Code::NotAMember)),
        (_, Some(named)) => Ok(named),
        (None, None) => match state.people.people.memberships(person.user).await?.as_slice() {
            [] => Err(Problem::plain(Code::NotAMember)),
            [only] => Ok(only.workspace),
            _ => Err(wrong("is missing: you belong to several workspaces")),
        },
    }
}
