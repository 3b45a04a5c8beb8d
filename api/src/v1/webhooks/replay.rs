//! `POST /api/v1/webhooks/{id}/replay`

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wagate_domain::{
    Invalid, Timestamp, WebhookId,
    webhooks::{self, Replay, Replayed},
};

use super::create::filters;
use crate::{
    ApiState,
    extract::{Caller, IdPath, JsonBody, session_of},
    problem::Problem,
};

/// Which events to tell again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayEvents {
    /// From this moment on (RFC 3339).
    #[schema(format = DateTime, example = "2026-01-01T00:00:00Z")]
    from: String,
    /// Before this moment (RFC 3339); now when left out.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Only of these types; those the webhook wants when left out.
    #[serde(default)]
    events: Vec<String>,
    /// Only of this session.
    session: Option<String>,
    /// `true`: only what was given up.
    #[serde(default)]
    only_failed: bool,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayView {
    /// Events that wait to be told again.
    events: u32,
    /// There are more: ask again with this as `from` (RFC 3339, UTC).
    #[schema(format = DateTime)]
    more_from: Option<String>,
}

/// Replay events
///
/// Tells the webhook a span of events once more, at most about 10,000 at a time, under their old ids. New events do not
/// wait for them, except within a chat.
#[utoipa::path(
    post, path = "/webhooks/{id}/replay", tag = "webhooks",
    params(("id" = String, Path, description = "The webhook's id.", example = "whk_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    request_body(content = ReplayEvents, example = json!({"from": "2026-01-01T00:00:00Z", "only_failed": true})),
    responses((
        status = 202, description = "They wait.", body = ReplayView, example = json!({"events": 212, "more_from": null}),
    )),
)]
pub(crate) async fn replay_events(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<WebhookId>,
    JsonBody { value, .. }: JsonBody<ReplayEvents>,
) -> Result<(StatusCode, Json<ReplayView>), Problem> {
    let request = Replay {
        from: moment("from", &value.from)?,
        until: value.until.as_deref().map(|until| moment("until", until)).transpose()?,
        events: filters("events", &value.events)?,
        session: session_of(value.session)?,
        only_failed: value.only_failed,
    };
    let Replayed { events, more_from } =
        webhooks::replay(&state.env, state.replay_ports(), caller, id, request).await?;
    let more_from = more_from.map(|at| at.to_string());
    Ok((StatusCode::ACCEPTED, Json(ReplayView { events, more_from })))
}

fn moment(field: &str, text: &str) -> Result<Timestamp, Invalid> {
    text.parse().map_err(|_| Invalid::new(field, "is no moment", "use RFC 3339, like 2026-01-01T00:00:00Z"))
}
