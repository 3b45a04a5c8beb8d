//! A queue as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::ports::LaneDepth;

/// How full a session's queue is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queue)]
pub(crate) struct QueueView {
    /// Ready to leave, before all bulk messages.
    interactive: u64,
    /// Ready to leave, behind the interactive ones.
    bulk: u64,
    /// Waiting for their `send_at`.
    scheduled: u64,
    /// Set aside until the account may begin new chats again.
    parked: u64,
    /// Being sent right now.
    in_flight: u64,
    /// Given up after many attempts; among `GET /messages?status=failed`.
    dead: u64,
    /// Whether the queue is paused.
    paused: bool,
}

impl From<LaneDepth> for QueueView {
    fn from(depth: LaneDepth) -> Self {
        let LaneDepth { interactive, bulk, due, parked, in_flight, dead, paused } = depth;
        Self { interactive, bulk, scheduled: due, parked, in_flight, dead, paused }
    }
}

/// The example of a queue in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "interactive": 2, "bulk": 480, "scheduled": 12, "parked": 0, "in_flight": 1, "dead": 0, "paused": false,
    })
}
