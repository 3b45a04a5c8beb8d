//! One event on its way to one webhook.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Webhook;
use crate::{
    DeliveryId, EventId, SessionId, Timestamp, WebhookId, WorkspaceId,
    events::EventKind,
    ids::{Id, ulid_of},
    ports::{Answer, FetchError, ToldEntry},
};

/// How many attempts a delivery remembers; the oldest are forgotten first.
const REMEMBERED: usize = 32;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be tried (again), or behind an earlier one of its chat.
    Waiting,
    /// Answered with 2xx.
    Delivered,
    /// Given up.
    Failed,
}

impl DeliveryState {
    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Failed].into_iter().find(|state| state.name() == name)
    }
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub ms: u32,
    /// The HTTP status, when there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong, when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The beginning of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Identifier.
    pub id: DeliveryId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// Which event.
    pub event: EventId,
    /// The event's place.
    pub seq: u64,
    /// The event's type.
    pub kind: EventKind,
    /// The event's session.
    pub session: Option<SessionId>,
    /// What order holds within.
    pub order: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is tried next; none while it is behind an earlier one, and when it has ended.
    pub next_at: Option<Timestamp>,
    /// How often it was tried.
    pub tries: u32,
    /// What came of the tries, oldest first; of many only the last ones.
    pub attempts: Vec<Attempt>,
    /// When it began to wait; what is not delivered a good while after this is given up.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Attempt {
    /// What came of posting something that began at a moment and took so long.
    #[must_use]
    pub fn of(at: Timestamp, took: Duration, answer: &Result<Answer, FetchError>) -> Self {
        let ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        match answer {
            Ok(answer) => {
                let response = Some(answer.excerpt.clone()).filter(|text| !text.is_empty());
                Self { at, ms, status: Some(answer.status), error: None, response }
            }
            Err(error) => {
                // how our own side is, is nothing to tell a tenant
                let ours = matches!(error, FetchError::Port(_));
                let error = if ours { "could not be sent".to_owned() } else { error.to_string() };
                Self { at, ms, status: None, error: Some(error), response: None }
            }
        }
    }
}

impl Delivery {
    /// An event that has not been tried yet.
    #[must_use]
    pub fn new(id: DeliveryId, webhook: &Webhook, entry: &ToldEntry, now: Timestamp) -> Self {
        Self {
            id,
            workspace: webhook.workspace,
            webhook: webhook.id,
            event: entry.told.id,
            seq: entry.seq,
            kind: entry.told.data.kind(),
            session: entry.told.session,
            order: entry.order.clone(),
            state: DeliveryState::Waiting,
            next_at: None,
            tries: 0,
            attempts: Vec::new(),
            created_at: now,
            ended_at: None,
        }
    }

    /// Notes a try.
    pub fn note(&mut self, attempt: Attempt) {
        self.tries = self.tries.saturating_add(1);
        if self.attempts.len() >= REMEMBERED {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }
}

/// The id under which an event is delivered to a webhook by itself: the same, however often we begin anew.
#[must_use]
pub fn first_delivery_id(webhook: WebhookId, event: EventId) -> DeliveryId {
    let mut hash = Sha256::new();
    hash.update(webhook.ulid().to_bytes());
    hash.update(event.ulid().to_bytes());
    let moment = i64::try_from(event.ulid().timestamp_ms()).unwrap_or(i64::MAX);
    DeliveryId::from_ulid(ulid_of(Timestamp::from_millis(moment), &hash.finalize()))
}

/// How a webhook does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryStats {
    /// Delivered since `since`.
    pub delivered: u64,
    /// Given up since `since`.
    pub failed: u64,
    /// To be tried (again), however old.
    pub waiting: u64,
    /// Mean time an answer took in the last try, in milliseconds, of those that ended since `since`.
    pub mean_ms: Option<u64>,
}
