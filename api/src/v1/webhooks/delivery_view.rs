//! A delivery as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::webhooks::{Attempt, Delivery, DeliveryState};

/// One event on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryView {
    /// Identifier.
    #[schema(example = "dlv_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    id: String,
    /// Which webhook.
    webhook: String,
    /// Which event; `GET /events/{id}` shows it.
    #[schema(example = "evt_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    event: String,
    /// The event's type.
    #[serde(rename = "type")]
    #[schema(example = "message.received")]
    kind: &'static str,
    /// The event's session.
    session: Option<String>,
    /// Where it stands.
    state: DeliveryViewState,
    /// How often it was tried.
    tries: u32,
    /// When it is tried next; `null` while it is behind an earlier one of its chat, and when it has ended (RFC 3339, UTC).
    #[schema(format = DateTime)]
    next_at: Option<String>,
    /// What came of the tries, oldest first; of many only the last 32.
    attempts: Vec<AttemptView>,
    /// When it began to wait (RFC 3339, UTC).
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ended (RFC 3339, UTC).
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub(crate) enum DeliveryViewState {
    /// To be tried (again).
    Waiting,
    /// Answered with 2xx.
    Delivered,
    /// Given up; it can be retried.
    Failed,
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub(crate) struct AttemptView {
    /// When it began (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// How long it took, in milliseconds.
    ms: u32,
    /// The HTTP status, when there was an answer.
    status: Option<u16>,
    /// What went wrong, when there was none.
    error: Option<String>,
    /// The beginning of the answer's body.
    response: Option<String>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        let Attempt { at, ms, status, error, response } = attempt;
        Self { at: at.to_string(), ms, status, error, response }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            webhook: delivery.webhook.to_string(),
            event: delivery.event.to_string(),
            kind: delivery.kind.name(),
            session: delivery.session.map(|id| id.to_string()),
            state: match delivery.state {
                DeliveryState::Waiting => DeliveryViewState::Waiting,
                DeliveryState::Delivered => DeliveryViewState::Delivered,
                DeliveryState::Failed => DeliveryViewState::Failed,
            },
            tries: delivery.tries,
            next_at: delivery.next_at.map(|at| at.to_string()),
            attempts: delivery.attempts.into_iter().map(AttemptView::from).collect(),
            created_at: delivery.created_at.to_string(),
            ended_at: delivery.ended_at.map(|at| at.to_string()),
        }
    }
}

/// The example of a delivery in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "id": "dlv_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "webhook": "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "event": "evt_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "type": "message.received",
        "session": "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G",
        "state": "delivered",
        "tries": 2,
        "next_at": null,
        "attempts": [
            {"at": "2026-01-01T00:00:00.010Z", "ms": 15000, "status": null, "error": "cannot be reached: timed out", "response": null},
            {"at": "2026-01-01T00:00:20.100Z", "ms": 61, "status": 200, "error": null, "response": "ok"}
        ],
        "created_at": "2026-01-01T00:00:00.005Z",
        "ended_at": "2026-01-01T00:00:20.161Z"
    })
}
