//! Where a request comes from, for those who are not signed in yet.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::{header, request::Parts};
use wagate_domain::{WorkspaceId, people::Visit};

use crate::ApiState;

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

    async fn from_request_parts(parts: &mut Parts, _: &ApiState) -> Result<Self, Infallible> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self { origin: peer.map(|peer| peer.0.ip().to_canonical()), agent: agent.map(str::to_owned) })
    }
}
