//! Where a message stands that waits, as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{messages::Outlook, ports::Place};

/// Where a message stands in its session's queue.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Waiting {
    /// Where it is.
    place: WaitingPlace,
    /// Messages of the session that leave before it as things stand; `null` unless it is ready.
    ahead: Option<u64>,
    /// How often a connector has taken it to send it.
    attempts: u32,
    /// When it is tried next, as far as `send_at`, a failed attempt, the session's pace and what is ahead decide (RFC 3339,
    /// UTC); `null` while it is being tried, while the queue is paused, and when nobody can tell.
    #[schema(format = DateTime)]
    expected_at: Option<String>,
}

/// Where a message that waits is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingPlace {
    /// It leaves when its turn comes.
    Ready,
    /// It waits for its `send_at`.
    Scheduled,
    /// Set aside until the account may begin new chats again.
    Parked,
    /// Being sent right now.
    InFlight,
}

impl From<Outlook> for Waiting {
    fn from(outlook: Outlook) -> Self {
        let (place, ahead) = match outlook.standing.place {
            Place::Ready { ahead } => (WaitingPlace::Ready, Some(ahead)),
            Place::Due(_) => (WaitingPlace::Scheduled, None),
            Place::Parked { .. } => (WaitingPlace::Parked, None),
            Place::InFlight => (WaitingPlace::InFlight, None),
        };
        Self {
            place,
            ahead,
            attempts: outlook.standing.attempts,
            expected_at: outlook.expected_at.map(|at| at.to_string()),
        }
    }
}

/// The example of a place in the documentation.
#[must_use]
pub fn example() -> serde_json::Value {
    json!({ "place": "ready", "ahead": 1, "attempts": 0, "expected_at": "2026-01-01T00:00:03.000Z" })
}
