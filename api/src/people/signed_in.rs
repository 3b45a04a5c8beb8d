//! A person who is signed in, whatever workspaces they belong to.

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use wagate_domain::{SignInId, UserId, WorkspaceId};

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// The person behind an access token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedIn {
    /// Who.
    pub(crate) user: UserId,
    /// By which sign-in.
    pub(crate) sign_in: SignInId,
    /// The only workspace the token is good for.
    pub(crate) workspace: Option<WorkspaceId>,
}

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or_else(|| refused("The request carries no access token"))?;
        let person = Self::of(state, token).await?;
        person.ok_or_else(|| refused("The access token is unknown, has run out or was revoked"))
    }
}

impl SignedIn {
    /// The person of an access token, if it is good and they may still sign in.
    pub(crate) async fn of(state: &ApiState, token: &str) -> Result<Option<Self>, Problem> {
        let Some(claims) = state.people.tokens.verify(token).await? else { return Ok(None) };
        let standing = state.people.standings.standing(claims.user, None).await?;
        let allowed = standing.is_some_and(|standing| !standing.disabled);
        let person = Self { user: claims.user, sign_in: claims.sign_in, workspace: claims.workspace };
        Ok(allowed.then_some(person))
    }
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(Code::Unauthenticated, detail).remedy(
        "sign in with POST /api/v1/account/sign-in and send the token as Authorization: Bearer <token>",
    )
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
