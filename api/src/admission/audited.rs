//! What goes into the audit log, once it is done.

use std::net::IpAddr;

use axum::{
    extract::RawPathParams,
    response::{IntoResponseParts, Response, ResponseParts},
};
use serde::Serialize;
use serde_json::Value;
use wagate_domain::{
    WorkspaceId,
    audit::{AuditActor, AuditEntry, difference},
    auth::Actor,
};

use crate::{ApiState, layers::RequestId};

/// What a handler changed; it goes out beside its answer, for admission to put down. As people are shown it: secrets are
/// cut out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changed {
    target: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Changed {
    /// Something was made.
    pub(crate) fn made(target: &str, after: &impl Serialize) -> Self {
        Self { target: Some(target.to_owned()), after: json(after), ..Self::default() }
    }

    /// Something was changed.
    pub(crate) fn rewritten(target: &str, before: &impl Serialize, after: &impl Serialize) -> Self {
        Self { before: json(before), ..Self::made(target, after) }
    }

    /// Something was taken away.
    pub(crate) fn gone(target: &str, before: &impl Serialize) -> Self {
        Self { target: Some(target.to_owned()), before: json(before), ..Self::default() }
    }
}

fn json(value: &impl Serialize) -> Option<Value> {
    serde_json::to_value(value).ok()
}

impl IntoResponseParts for Changed {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// An operation that goes into the audit log when it succeeds.
pub(super) struct Pending {
    pub(super) action: &'static str,
    /// The tenant it concerns; none for one's own account.
    pub(super) workspace: Option<WorkspaceId>,
    /// Who did it, if anybody said.
    pub(super) actor: Option<Actor>,
    pub(super) address: Option<IpAddr>,
    pub(super) request_id: Option<RequestId>,
    /// What the path names.
    pub(super) named: Option<String>,
}

/// What the last parameter of the path names.
pub(super) fn named(params: &RawPathParams) -> Option<String> {
    params.iter().last().map(|(_, value)| value.to_owned())
}

impl Pending {
    /// Puts it down, unless it was refused, failed, or is the repetition of an earlier answer. What was done is done:
    /// when the record is away, the entry goes to the log instead.
    pub(super) async fn settle(self, state: &ApiState, response: &mut Response) {
        let repeated = response.headers().contains_key("idempotent-replayed");
        if !response.status().is_success() || repeated {
            return;
        }
        let Changed { target, before, after } =
            response.extensions_mut().remove::<Changed>().unwrap_or_default();
        let (before, after) = difference(before, after);
        let entry = AuditEntry {
            id: state.env.new_id(),
            workspace: self.workspace,
            at: state.env.now(),
            actor: self.actor.map_or(AuditActor::Unknown, AuditActor::Caller),
            address: self.address,
            request_id: self.request_id.map(|RequestId(id)| id),
            action: self.action.to_owned(),
            target: target.or(self.named),
            before,
            after,
        };
        if let Err(error) = state.audit.insert(&entry).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                ?entry,
                "an entry of the audit log is not on record"
            );
        }
    }
}
