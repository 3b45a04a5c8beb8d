//! `GET /api/v1/sessions/{id}/health`

use std::time::Duration;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{
    SessionId,
    sessions::{Command, CommandReply, Health, diagnose},
};
use wagate_views::{ReasonView, SessionState};

use super::find;
use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::Problem,
};

/// How long the owner has to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// How a session is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionHealth {
    /// Whether nothing is wrong.
    healthy: bool,
    /// Where it stands.
    state: SessionState,
    /// What keeps it from sending as it should, the gravest first.
    problems: Vec<ReasonView>,
    /// What the connector that holds it sees; `null` when none answers.
    connection: Option<ConnectionView>,
}

/// A session's connection, as its connector sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionView {
    /// The connector that holds it.
    #[schema(example = "con_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    connector: String,
    /// Raised at every change of owner.
    epoch: u64,
    /// Logged in right now.
    online: bool,
    /// When something last came over the wire (RFC 3339, UTC).
    #[schema(format = DateTime)]
    heard_at: Option<String>,
    /// How long the last message waited for WhatsApp's ack, in milliseconds.
    ack_ms: Option<u64>,
    /// Attempts to connect again since the connector opened the session.
    reconnects: u64,
    /// Attempts since the last one that succeeded.
    failed_in_a_row: u32,
    /// Until when WhatsApp lets the account begin no new chats (RFC 3339, UTC).
    #[schema(format = DateTime)]
    restricted_until: Option<String>,
}

impl From<Health> for ConnectionView {
    fn from(health: Health) -> Self {
        let Health {
            connector,
            epoch,
            online,
            heard_at,
            ack_millis,
            reconnects,
            failed_in_a_row,
            restricted_until,
        } = health;
        Self {
            connector: connector.to_string(),
            epoch,
            online,
            heard_at: heard_at.map(|at| at.to_string()),
            ack_ms: ack_millis,
            reconnects,
            failed_in_a_row,
            restricted_until: restricted_until.map(|at| at.to_string()),
        }
    }
}

/// Ask how a session is
///
/// Asks the connector that holds it, so it tells what is, not what was last written down.
#[utoipa::path(
    get, path = "/sessions/{id}/health", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.", example = "ses_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((status = 200, description = "How it is.", body = SessionHealth, example = json!({
        "healthy": false, "state": "connected",
        "problems": [{"code": "queue_paused", "message": "its queue is paused"}],
        "connection": {
            "connector": "con_01JZZZ6E5R4Q3P2N1M0K9J8H7G", "epoch": 3, "online": true,
            "heard_at": "2026-01-01T00:00:00.000Z", "ack_ms": 84, "reconnects": 1, "failed_in_a_row": 0,
            "restricted_until": null,
        },
    }))),
)]
pub(crate) async fn get_session_health(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<SessionId>,
) -> Result<Json<SessionHealth>, Problem> {
    let session = find(&state, caller, id).await?;
    let health = match session.wanted {
        true => match state.calls.call(session.key(), &Command::Health, PATIENCE).await? {
            Some(CommandReply::Health(health)) => Some(health),
            _ => None,
        },
        false => None,
    };
    let queue = state.lanes.depth(session.key()).await?;
    let problems = diagnose(&session, health.as_ref(), queue, state.env.now());
    Ok(Json(SessionHealth {
        healthy: problems.is_empty(),
        state: session.state.into(),
        problems: problems.into_iter().map(ReasonView::from).collect(),
        connection: health.map(ConnectionView::from),
    }))
}
