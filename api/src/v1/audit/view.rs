//! An entry of the audit log as it is shown.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use wagate_domain::audit::AuditEntry;

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditView {
    /// Identifier.
    #[schema(example = "aud_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    at: String,
    /// Who: the id of a key or a person, `console` for the operator's command line; `null`: somebody unknown.
    #[schema(example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    actor: Option<String>,
    /// From which address.
    #[schema(example = "203.0.113.9")]
    address: Option<String>,
    /// In which request.
    #[schema(example = "req_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    request_id: Option<String>,
    /// What was done.
    #[schema(example = "key.changed")]
    action: String,
    /// `done`, or `unknown`: it was begun, and may or may not have been done.
    #[schema(example = "done")]
    outcome: &'static str,
    /// To what.
    #[schema(example = "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    target: Option<String>,
    /// What of it changed, as it was; secrets are not shown.
    before: Option<Value>,
    /// What of it changed, as it was then; secrets are not shown.
    after: Option<Value>,
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            actor: entry.actor.written(),
            address: entry.address.map(|address| address.to_string()),
            request_id: entry.request_id,
            action: entry.action,
            outcome: entry.outcome.name(),
            target: entry.target,
            before: entry.before,
            after: entry.after,
        }
    }
}

/// The example of an entry in the documentation.
pub(in crate::v1) fn example() -> Value {
    json!({
        "id": "aud_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "at": "2026-01-01T00:00:00.000Z",
        "actor": "key_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "address": "203.0.113.9",
        "request_id": "req_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "action": "key.changed",
        "outcome": "done",
        "target": "key_01JZZZ6E5R4Q3P2N1M0K9J8H7H",
        "before": {"name": "shop"},
        "after": {"name": "web shop"}
    })
}
