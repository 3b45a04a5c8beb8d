//! A webhook as it is shown: everything but its secrets.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::webhooks::{Disabled, Webhook};

/// An address that is told of events.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookView {
    /// Identifier.
    #[schema(example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Where events are posted to.
    #[schema(example = "https://example.com/wagate")]
    url: String,
    /// What people call it.
    #[schema(example = "CRM")]
    description: Option<String>,
    /// Only this session's events; `null`: the whole workspace's.
    session: Option<String>,
    /// Which types it is told of; empty: all.
    #[schema(example = json!(["message.*", "session.status"]))]
    events: Vec<String>,
    /// Headers sent along.
    headers: BTreeMap<String, String>,
    /// Who gets a mail when it is switched off.
    #[schema(example = "ops@example.com")]
    notify_email: Option<String>,
    /// Whether it is told anything now.
    enabled: bool,
    /// Why it was switched off, when nobody did it by hand.
    disabled: Option<DisabledView>,
    /// Since when nothing has got through; `null` when all is well (RFC 3339, UTC).
    #[schema(format = DateTime)]
    failing_since: Option<String>,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    created_at: String,
    /// When it last changed (RFC 3339, UTC).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00.000Z")]
    updated_at: String,
}

/// Why a webhook was switched off.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookDisabled)]
pub(crate) struct DisabledView {
    /// Stable code: `gone` or `failing`.
    #[schema(example = "failing")]
    code: String,
    /// What happened and what to do, for people.
    message: String,
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
}

impl From<Disabled> for DisabledView {
    fn from(why: Disabled) -> Self {
        Self { code: why.code, message: why.message, at: why.at.to_string() }
    }
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: webhook.url,
            description: webhook.description,
            session: webhook.session.map(|id| id.to_string()),
            events: webhook.events.iter().map(ToString::to_string).collect(),
            headers: webhook.headers.into_iter().collect(),
            notify_email: webhook.notify_email,
            enabled: webhook.enabled,
            disabled: webhook.disabled.map(DisabledView::from),
            failing_since: webhook.failing_since.map(|at| at.to_string()),
            created_at: webhook.created_at.to_string(),
            updated_at: webhook.updated_at.to_string(),
        }
    }
}

/// The example of a webhook in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "url": "https://example.com/wagate",
        "description": "CRM",
        "session": null,
        "events": ["message.*", "session.status"],
        "headers": {},
        "notify_email": "ops@example.com",
        "enabled": true,
        "disabled": null,
        "failing_since": null,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z"
    })
}
