//! Webhooks: who is told what, under which signature, and how long it is tried.

mod checks;
mod delivery;
mod line;
mod policy;
mod replay;
mod secret;
mod settings;

pub use delivery::{Attempt, Delivery, DeliveryState, DeliveryStats, first_delivery_id};
pub use line::Line;
pub use policy::{Circuit, Outcome, Policy, judge};
pub use replay::{MAX_REPLAYED, Replay, ReplayPorts, Replayed, replay, retry};
pub use secret::SigningSecret;
pub use settings::{
    CreateWebhook, MAX_PER_WORKSPACE, Rotation, SaveError, UpdateWebhook, UrlRules, WebhookPorts, create,
    rotate, update,
};

use crate::{SessionId, Timestamp, WebhookId, WorkspaceId, events::EventFilter};

/// An address that is told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Identifier.
    pub id: WebhookId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Only this session's events; none: the whole workspace's.
    pub session: Option<SessionId>,
    /// Where events are posted to.
    pub url: String,
    /// What people call it.
    pub description: Option<String>,
    /// Which types it is told of; none given: all.
    pub events: Vec<EventFilter>,
    /// Headers sent along, as given.
    pub headers: Vec<(String, String)>,
    /// What events are signed with: the newest first, an older one until it runs out.
    pub secrets: Vec<SigningSecret>,
    /// Who gets a mail when it is switched off.
    pub notify_email: Option<String>,
    /// Whether it is told anything now.
    pub enabled: bool,
    /// Why it was switched off, when nobody did it by hand.
    pub disabled: Option<Disabled>,
    /// Every event up to this place is delivered, waits as a delivery of its own, or is not wanted.
    pub cursor: u64,
    /// Since when nothing has got through.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change by its owner.
    pub updated_at: Timestamp,
}

/// Why a webhook was switched off.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Disabled {
    /// Stable code: `gone` (it answered 410) or `failing` (nothing got through for too long).
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
    /// When.
    pub at: Timestamp,
}
