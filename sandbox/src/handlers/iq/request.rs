//! A request, its answer, its refusal.

use std::sync::Arc;

use futures::future::BoxFuture;
use wacore_binary::{Jid, Node};

use crate::core::Core;
use crate::groups::Refusal;
use crate::pairing::Link;
use crate::ports::PortError;
use crate::router::Origin;
use crate::stream::Stage;
use crate::wire::Conn;

/// An IQ request of a client or of a phone.
pub(in crate::handlers) struct Request {
    pub(in crate::handlers) core: Arc<Core>,
    /// Where a client asks; a phone has no connection.
    pub(in crate::handlers) conn: Option<Arc<Conn>>,
    pub(in crate::handlers) stage: Stage,
    pub(in crate::handlers) node: Node,
}

impl Request {
    /// Who asks, for the log.
    pub(super) fn sender(&self) -> String {
        match (&self.stage, &self.conn) {
            (Stage::Online(origin), _) => origin.key().to_string(),
            (Stage::Pairing(_), Some(conn)) => format!("connection {}", conn.id),
            (Stage::Pairing(_), None) => "nobody".to_owned(),
        }
    }

    /// The logged-in device.
    pub(super) fn origin(&self) -> Result<&Origin, IqError> {
        match &self.stage {
            Stage::Online(origin) => Ok(origin),
            Stage::Pairing(_) => Err(IqError::NotLoggedIn),
        }
    }

    /// The companion that waits to be linked.
    pub(super) fn link(&self) -> Result<&Arc<Link>, IqError> {
        match &self.stage {
            Stage::Pairing(link) => Ok(link),
            Stage::Online(_) => Err(IqError::BadRequest("already linked")),
        }
    }

    /// Whether an address is one of the account that asks.
    pub(super) fn is_own(&self, jid: &Jid) -> bool {
        let own = |origin: &Origin| jid.user == origin.account.info.pn || jid.user == origin.account.info.lid;
        self.origin().is_ok_and(own)
    }

    /// A child of the request.
    pub(super) fn child(&self, tag: &'static str) -> Result<&Node, IqError> {
        self.node.get_optional_child(tag).ok_or(IqError::BadRequest(tag))
    }
}

/// A result, and work that follows it.
pub(super) struct Answer {
    pub(super) children: Vec<Node>,
    pub(super) then: Option<BoxFuture<'static, ()>>,
}

impl Answer {
    /// A result without content.
    pub(super) fn empty() -> Self {
        Self { children: Vec::new(), then: None }
    }

    /// A result with one child.
    pub(super) fn with(child: Node) -> Self {
        Self { children: vec![child], then: None }
    }

    /// Adds work that starts once the result is on its way.
    pub(super) fn then(self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { then: Some(Box::pin(work)), ..self }
    }
}

/// A refused request.
#[derive(Debug, thiserror::Error)]
pub(super) enum IqError {
    #[error("not logged in")]
    NotLoggedIn,
    #[error("malformed request: {0}")]
    BadRequest(&'static str),
    #[error("{0} does not exist")]
    NotFound(String),
    #[error("{0}")]
    Forbidden(String),
    #[error("not acceptable: {0}")]
    NotAcceptable(&'static str),
    #[error(transparent)]
    Group(#[from] Refusal),
    #[error("{0:#}")]
    Internal(#[from] anyhow::Error),
}

impl IqError {
    /// Code and text on the wire.
    pub(super) fn code(&self) -> (u16, &'static str) {
        match self {
            Self::NotLoggedIn => (401, "not-authorized"),
            Self::BadRequest(_) => (400, "bad-request"),
            Self::NotFound(_) => (404, "item-not-found"),
            Self::Forbidden(_) => (403, "forbidden"),
            Self::NotAcceptable(_) => (406, "not-acceptable"),
            Self::Group(refusal) => refusal.code(),
            Self::Internal(_) => (500, "internal-server-error"),
        }
    }
}

impl From<PortError> for IqError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::NotFound(what) => Self::NotFound(what),
            PortError::Refused(why) => Self::Forbidden(why),
            PortError::Internal(error) => Self::Internal(error),
        }
    }
}
