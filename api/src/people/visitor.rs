//! Where a request comes from, for those who are not signed in yet.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use wagate_domain::{WorkspaceId, people::Visit};

use crate::{ApiState, admission::client_address};

/// Network address and program of the caller.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// Network address, where it is known.
    pub(crate) origin: Option<IpAddr>,
    agent: Option<String>,
}

impl Visitor {
    /// What is known of them, for a token that is good for one workspace or for all.
    pub(crate) fn visit(self, workspace: Option<WorkspaceId>) -> Visit {
        Visit { origin: self.origin, agent: self.agent, workspace }
    }
}

impl FromRequestParts<ApiState> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Infallible> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let origin = client_address(parts, &state.trusted_proxies);
        Ok(Self { origin, agent: agent.map(str::to_owned) })
    }
}
