//! What the caller may do beyond coming in.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wagate_domain::auth::Permissions;

use crate::{ApiState, extract::Caller, problem::Problem};

/// What the caller may do: the most it can give to others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grants(Permissions);

impl Grants {
    /// All of it.
    pub(crate) const fn permissions(&self) -> Permissions {
        self.0
    }
}

impl FromRequestParts<ApiState> for Grants {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        // a key may do everything in its workspace
        Caller::from_request_parts(parts, state).await.map(|_| Self(Permissions::WORKSPACE))
    }
}
