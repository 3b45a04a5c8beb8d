//! A queue as it is shown.

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use wagate_domain::{
    MessageId,
    messages::{self, Outlook, QueueOutlook},
    ports::LaneDepth,
    sessions::Session,
};
use wagate_views::Waiting;

use crate::{ApiState, problem::Problem};

/// How full a session's queue is, and what leaves first.
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
    /// Nothing leaves before: the first message could not be sent and is tried again then (RFC 3339, UTC).
    #[schema(format = DateTime)]
    held_until: Option<String>,
    /// When what is ready now will have left, as far as the session's pace decides (RFC 3339, UTC); `null` while it is paused and
    /// when nobody can tell.
    #[schema(format = DateTime)]
    drained_by: Option<String>,
    /// The messages that leave first, up to 20.
    next: Vec<QueuedView>,
}

/// A message that is among the next to leave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueuedMessage)]
pub(crate) struct QueuedView {
    /// The message.
    #[schema(example = "msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    message: String,
    /// Where it stands.
    #[serde(flatten)]
    waiting: Waiting,
}

impl From<(MessageId, Outlook)> for QueuedView {
    fn from((id, outlook): (MessageId, Outlook)) -> Self {
        Self { message: id.to_string(), waiting: outlook.into() }
    }
}

impl QueueView {
    /// The queue of a session as it is at this moment.
    pub(super) async fn of(state: &ApiState, session: &Session) -> Result<Self, Problem> {
        let QueueOutlook { depth, front, drained_by } =
            messages::look_at_queue(&state.env, &*state.lanes, session).await?;
        let LaneDepth { interactive, bulk, due, parked, in_flight, dead, paused, held_until } = depth;
        let held_until = held_until.filter(|until| *until > state.env.now());
        Ok(Self {
            interactive,
            bulk,
            scheduled: due,
            parked,
            in_flight,
            dead,
            paused,
            held_until: held_until.map(|at| at.to_string()),
            drained_by: drained_by.map(|at| at.to_string()),
            next: front.into_iter().map(QueuedView::from).collect(),
        })
    }
}

/// The example of a queue in the documentation.
pub(super) fn example() -> serde_json::Value {
    let mut next = wagate_views::waiting_example();
    next["message"] = json!("msg_01JZZZ6E5R4Q3P2N1M0K9J8H7G");
    json!({
        "interactive": 2, "bulk": 480, "scheduled": 12, "parked": 0, "in_flight": 1, "dead": 0, "paused": false,
        "held_until": null, "drained_by": "2026-01-01T00:24:00.000Z", "next": [next],
    })
}
