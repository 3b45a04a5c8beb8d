//! A queue as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{ports::LaneDepth, sessions::Session};

use crate::{ApiState, problem::Problem};

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
    /// When what is ready now will have left, as far as the session's pace alone decides (RFC 3339, UTC); `null`
    /// without a pace.
    #[schema(format = DateTime)]
    drained_by: Option<String>,
}

impl QueueView {
    /// The queue of a session as it is at this moment.
    pub(super) async fn of(state: &ApiState, session: &Session) -> Result<Self, Problem> {
        let LaneDepth { interactive, bulk, due, parked, in_flight, dead, paused } =
            state.lanes.depth(session.key()).await?;
        let drained_by = session.pacing.expected(state.env.now(), interactive + bulk + in_flight);
        Ok(Self {
            interactive,
            bulk,
            scheduled: due,
            parked,
            in_flight,
            dead,
            paused,
            drained_by: drained_by.map(|at| at.to_string()),
        })
    }
}

/// The example of a queue in the documentation.
pub(super) fn example() -> serde_json::Value {
    json!({
        "interactive": 2, "bulk": 480, "scheduled": 12, "parked": 0, "in_flight": 1, "dead": 0, "paused": false,
        "drained_by": "2026-01-01T00:24:00.000Z",
    })
}
