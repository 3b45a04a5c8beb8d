//! `GET /api/v1/events/{id}`

use axum::{Json, extract::State};
use wagate_domain::{EventId, events::EventKind};
use wagate_views::events::{Envelope, entry};

use crate::{
    ApiState,
    extract::{Caller, IdPath},
    problem::{Code, Problem},
};

/// Show an event
#[utoipa::path(
    get, path = "/events/{id}", tag = "events",
    params(("id" = String, Path, description = "The event's id.", example = "evt_01JZZZ6E5R4Q3P2N1M0K9J8H7G")),
    responses((
        status = 200, description = "The event, as webhooks are told of it.", body = Envelope,
        example = json!(entry(EventKind::MessageReceived).example),
    )),
)]
pub(crate) async fn get_event(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    IdPath(id): IdPath<EventId>,
) -> Result<Json<Envelope>, Problem> {
    let found = state.told.get(caller.workspace, id).await?;
    found.map(|entry| Json(entry.told.into())).ok_or_else(|| Problem::plain(Code::EventNotFound))
}
