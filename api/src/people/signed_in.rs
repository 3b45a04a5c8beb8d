//! A person who is signed in, whatever workspaces they belong to.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wagate_domain::{SignInId, UserId, WorkspaceId};

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// The person behind an access token. Admission leaves it for the routes of one's own account.
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

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        // only a route without admission has nobody there
        parts.extensions.get::<Self>().copied().ok_or_else(|| refused("The request carries no access token"))
    }
}

impl SignedIn {
    /// The person of an access token, if it is good and they may still sign in.
    pub(crate) async fn of(state: &ApiState, token: &str) -> Result<Self, Problem> {
        let unknown = || refused("The access token is unknown, has run out or was revoked");
        let claims = state.people.tokens.verify(token).await?.ok_or_else(unknown)?;
        let standing = state.people.standings.standing(claims.user, None).await?;
        if standing.is_none_or(|standing| standing.disabled) {
            return Err(unknown());
        }
        Ok(Self { user: claims.user, sign_in: claims.sign_in, workspace: claims.workspace })
    }
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(Code::Unauthenticated, detail)
        .remedy("Sign in with POST /api/v1/account/sign-in and send `Authorization: Bearer <access_token>`.")
}
