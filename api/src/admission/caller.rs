//! What admission leaves for handlers.

use std::{fmt, net::IpAddr, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use wagate_domain::{
    SessionId,
    auth::{Actor, Permission, Permissions, Principal},
    media::Media,
};

use crate::{
    ApiState,
    problem::{Code, Problem},
};

/// Who came in, with what.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(super) principal: Principal,
    pub(super) may: Permissions,
    pub(super) sessions: Option<Arc<[SessionId]>>,
    pub(super) address: Option<IpAddr>,
    pub(super) credential: Credential,
}

/// What the caller came in with, to be looked at again: the hash of a key, or an access token. Never logged.
#[derive(Clone)]
pub(super) struct Credential(Arc<str>);

impl Credential {
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<credential>")
    }
}

/// The authenticated caller. Everything a handler does starts from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller(pub(crate) Principal);

/// What the caller may do beyond coming in.
#[derive(Debug, Clone)]
pub(crate) struct Grants(Admitted);

impl Grants {
    /// Whether the caller may touch a session.
    pub(crate) fn reaches(&self, session: SessionId) -> bool {
        self.0.reaches(session)
    }

    /// Whether the caller may touch a file.
    pub(crate) fn reaches_file(&self, media: &Media) -> bool {
        self.0.reaches_file(media)
    }

    /// Who came in.
    pub(crate) const fn principal(&self) -> Principal {
        self.0.principal
    }

    /// Whether the caller may touch some sessions only.
    pub(crate) const fn is_limited(&self) -> bool {
        self.0.sessions.is_some()
    }

    /// What the caller may do: the most it can give to others.
    pub(crate) const fn permissions(&self) -> Permissions {
        self.0.may
    }

    /// Refuses what the caller may not do itself.
    pub(crate) fn cover(&self, wanted: Permissions) -> Result<(), Problem> {
        match wanted.without(self.0.may).iter().next() {
            None => Ok(()),
            Some(missing) => Err(missing_permission(missing)),
        }
    }

    /// Whether the credential still opens, for what lasts long.
    pub(crate) async fn still(&self, state: &ApiState) -> bool {
        match self.0.principal.actor {
            Actor::Key(_) => super::key::still(state, &self.0).await,
            Actor::Person(_) => super::person::still(state, &self.0).await,
        }
    }
}

impl Admitted {
    pub(super) fn reaches(&self, session: SessionId) -> bool {
        self.sessions.as_ref().is_none_or(|sessions| sessions.contains(&session))
    }

    pub(super) fn reaches_file(&self, media: &Media) -> bool {
        let within = |sessions: &[SessionId]| media.is_within(sessions, self.principal.actor);
        self.sessions.as_deref().is_none_or(within)
    }
}

/// The caller lacks a permission.
pub(super) fn missing_permission(missing: Permission) -> Problem {
    Problem::new(Code::PermissionMissing, format!("This needs the permission {missing}"))
}

impl FromRequestParts<ApiState> for Grants {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Problem> {
        // only a route without admission has nobody there
        let admitted = parts.extensions.get::<Admitted>().cloned();
        admitted.map(Self).ok_or_else(|| Problem::plain(Code::Unauthenticated))
    }
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        Grants::from_request_parts(parts, state).await.map(|Grants(admitted)| Self(admitted.principal))
    }
}
