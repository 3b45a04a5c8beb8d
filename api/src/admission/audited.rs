//! What goes into the audit log: that it is begun, and then what came of it. Some changes are in Redis and some in SQL, so no
//! transaction holds a change and its entry together; an entry that comes first does.

use std::net::IpAddr;

use axum::{
    extract::RawPathParams,
    response::{IntoResponseParts, Response, ResponseParts},
};
use serde::Serialize;
use serde_json::{Value, json};
use wagate_domain::{
    SignInId, UserId, WorkspaceId,
    audit::{AuditActor, AuditEntry, Outcome, difference},
    auth::Actor,
    ports::PortResult,
};

use super::refused::refusal;
use crate::{
    ApiState,
    layers::RequestId,
    problem::{Code, Problem},
};

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

    /// Whom or what it was about, whatever came of it.
    pub(crate) fn about(target: &impl ToString) -> Self {
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

/// An operation that goes into the audit log.
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
    /// Puts down that it is begun. Without that on record nothing is: a change never stands without an entry.
    pub(super) async fn begin(self, state: &ApiState) -> Result<Begun, Problem> {
        let entry = self.entry(state);
        state.audit.insert(&entry).await?;
        Ok(Begun { entry, open: self.open })
    }

    /// Puts down that somebody who is known was not let in, or that somebody guesses.
    pub(super) async fn refuse(self, state: &ApiState, response: &mut Response) {
        let changed = response.extensions_mut().remove::<Changed>().unwrap_or_default();
        let Some(code) = refusal(response, self.open).filter(|_| self.open || self.actor.is_some()) else {
            return;
        };
        let entry = refused(self.entry(state), changed, code);
        noted(state.audit.insert(&entry).await, &entry);
    }

    fn entry(&self, state: &ApiState) -> AuditEntry {
        AuditEntry {
            id: state.env.new_id(),
            workspace: self.workspace,
            at: state.env.now(),
            actor: self.actor.map_or(AuditActor::Unknown, AuditActor::Caller),
            address: self.address,
            request_id: self.request_id.as_ref().map(|RequestId(id)| id.clone()),
            action: self.action.to_owned(),
            outcome: Outcome::Unknown,
            target: self.named.clone(),
            before: None,
            after: None,
        }
    }
}

/// An operation that is on record as begun. If nobody comes back to settle it, that is what stays of it.
pub(super) struct Begun {
    entry: AuditEntry,
    open: bool,
}

impl Begun {
    /// Settles the entry by the answer: done, refused to somebody, or taken back when nothing was done. After a failure of
    /// ours it may have been done all the same: then the entry stays as it is. When the record is away it does too, and what is known goes
    /// to the process's log.
    pub(super) async fn settle(self, state: &ApiState, response: &mut Response) {
        let changed = response.extensions_mut().remove::<Changed>();
        let repeated = response.headers().contains_key("idempotent-replayed");
        // what anybody may do says by itself when it has come to something
        let done = response.status().is_success() || response.status().is_redirection();
        let done = done && !repeated && (!self.open || changed.is_some());
        let entry = match refusal(response, self.open) {
            Some(code) => refused(self.entry, changed.unwrap_or_default(), code),
            None if done => settled(self.entry, changed.unwrap_or_default()),
            None if response.status().is_server_error() => return,
            None => return noted(state.audit.withdraw(&self.entry).await, &self.entry),
        };
        noted(state.audit.settle(&entry).await, &entry);
    }
}

fn refused(entry: AuditEntry, changed: Changed, code: Code) -> AuditEntry {
    let after = json!({"operation": entry.action, "refused": code.name()});
    let entry = settled(entry, Changed { before: None, after: None, ..changed });
    AuditEntry { action: REFUSED.to_owned(), after: Some(after), ..entry }
}

fn settled(entry: AuditEntry, Changed { by, target, before, after }: Changed) -> AuditEntry {
    let (before, after) = difference(before, after);
    let actor = match (entry.actor, by) {
        (AuditActor::Unknown, Some(by)) => AuditActor::Caller(Actor::Person(by)),
        (actor, _) => actor,
    };
    AuditEntry { actor, outcome: Outcome::Done, target: target.or(entry.target), before, after, ..entry }
}

fn noted(kept: PortResult<()>, entry: &AuditEntry) {
    if let Err(error) = kept {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            ?entry,
            "what came of it is not in the audit log"
        );
    }
}
