//! What goes into the audit log, once it is done or refused.

use std::net::IpAddr;

use axum::{
    extract::RawPathParams,
    response::{IntoResponseParts, Response, ResponseParts},
};
use serde::Serialize;
use serde_json::{Value, json};
use wagate_domain::{
    SignInId, UserId, WorkspaceId,
    audit::{AuditActor, AuditEntry, difference},
    auth::Actor,
};

use super::refused::refusal;
use crate::{ApiState, layers::RequestId, problem::Code};

/// What a handler changed; it goes out beside its answer, for admission to put down. As people are shown it: secrets are
/// cut out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changed {
    /// Who did it, where the operation found that out.
    by: Option<UserId>,
    target: Option<String>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Changed {
    /// Something was made.
    pub(crate) fn made(target: &str, after: &impl Serialize) -> Self {
        Self { target: Some(target.to_owned()), after: shown(after), ..Self::default() }
    }

    /// Something was changed.
    pub(crate) fn rewritten(target: &str, before: &impl Serialize, after: &impl Serialize) -> Self {
        Self { before: shown(before), ..Self::made(target, after) }
    }

    /// Somebody came in.
    pub(crate) fn entered(by: UserId, sign_in: SignInId) -> Self {
        Self { by: Some(by), target: Some(sign_in.to_string()), ..Self::default() }
    }

    /// Whom it was about, whatever came of it.
    pub(crate) fn about(target: UserId) -> Self {
        Self { target: Some(target.to_string()), ..Self::default() }
    }

    /// Something was taken away.
    pub(crate) fn gone(target: &str, before: &impl Serialize) -> Self {
        Self { target: Some(target.to_owned()), before: shown(before), ..Self::default() }
    }
}

fn shown(value: &impl Serialize) -> Option<Value> {
    serde_json::to_value(value).ok()
}

impl IntoResponseParts for Changed {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// An operation that goes into the audit log when it succeeds, or is refused.
pub(super) struct Pending {
    pub(super) action: &'static str,
    /// The tenant it concerns; none for one's own account.
    pub(super) workspace: Option<WorkspaceId>,
    /// Who did it, if anybody said.
    pub(super) actor: Option<Actor>,
    /// Whether anybody may do it: it says itself when it has, and its refusals are worth noting.
    pub(super) open: bool,
    pub(super) address: Option<IpAddr>,
    pub(super) request_id: Option<RequestId>,
    /// What the path names.
    pub(super) named: Option<String>,
}

/// What the last parameter of the path names.
pub(super) fn named(params: &RawPathParams) -> Option<String> {
    params.iter().last().map(|(_, value)| value.to_owned())
}

/// What a refusal is called in the log; what was refused stands in `after`.
const REFUSED: &str = "access.refused";

impl Pending {
    /// Puts it down when it was done, or refused to somebody who is known; not when it failed or is the repetition of an
    /// earlier answer. What was done is done: when the record is away, the entry goes to the log instead.
    pub(super) async fn settle(self, state: &ApiState, response: &mut Response) {
        let changed = response.extensions_mut().remove::<Changed>();
        let repeated = response.headers().contains_key("idempotent-replayed");
        // what anybody may do says by itself when it has come to something
        let done = response.status().is_success() && !repeated && (!self.open || changed.is_some());
        let refused = refusal(response, self.open).filter(|_| self.open || self.actor.is_some());
        let entry = match refused {
            Some(code) => self.refused(state, changed.unwrap_or_default(), code),
            None if done => self.done(state, changed.unwrap_or_default()),
            None => return,
        };
        if let Err(error) = state.audit.insert(&entry).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                ?entry,
                "an entry of the audit log is not on record"
            );
        }
    }

    fn refused(self, state: &ApiState, changed: Changed, code: Code) -> AuditEntry {
        let after = json!({"operation": self.action, "refused": code.name()});
        let entry = self.done(state, Changed { before: None, after: None, ..changed });
        AuditEntry { action: REFUSED.to_owned(), after: Some(after), ..entry }
    }

    fn done(self, state: &ApiState, Changed { by, target, before, after }: Changed) -> AuditEntry {
        let (before, after) = difference(before, after);
        let actor = self.actor.or(by.map(Actor::Person));
        AuditEntry {
            id: state.env.new_id(),
            workspace: self.workspace,
            at: state.env.now(),
            actor: actor.map_or(AuditActor::Unknown, AuditActor::Caller),
            address: self.address,
            request_id: self.request_id.map(|RequestId(id)| id),
            action: self.action.to_owned(),
            target: target.or(self.named),
            before,
            after,
        }
    }
}
