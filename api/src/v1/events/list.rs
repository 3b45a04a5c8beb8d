//! `GET /api/v1/events`

use std::time::Duration;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wagate_domain::{
    EventId, Invalid,
    events::{self, EventFilter, EventKind, LONGEST_WAIT, ListEvents, Wanted},
};
use wagate_views::events::{Envelope, entry};

use crate::{
    ApiState,
    extract::{Caller, Query, session_of},
    problem::Problem,
};

/// Which events, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListEventsQuery {
    /// `next_cursor` of the answer before, or the id of an event: only what came after it. From the oldest event that
    /// is kept when left out.
    after: Option<String>,
    /// Only these types, with commas between: `message.received,session.*`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only of this session.
    session: Option<String>,
    /// Only of this chat: a contact id, a number or a JID.
    chat: Option<String>,
    /// Page size, 1 to 500; 100 when left out.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u32>,
    /// Seconds to wait for an event when there is none, 0 to 25; 0 when left out.
    #[param(minimum = 0, maximum = 25, default = 0)]
    wait: Option<u64>,
}

/// A page of events, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events.
    events: Vec<Envelope>,
    /// Pass it as `after` to go on; `null` when there has been no event at all.
    #[schema(example = "evt_01JZZZ6E5R4Q3P2N1M0K9J8H7G")]
    next_cursor: Option<String>,
}

/// What a caller wants, from the parameters that all ways of reading events share.
pub(crate) fn wanted(
    kinds: Option<&str>,
    session: Option<String>,
    chat: Option<String>,
) -> Result<Wanted, Invalid> {
    let filter = |text: &str| {
        text.trim()
            .parse::<EventFilter>()
            .map_err(|error| Invalid::new("type", format!("{text} {error}"), error.remedy()))
    };
    let filters = kinds.map(|kinds| kinds.split(',').map(filter).collect()).transpose()?.unwrap_or_default();
    Ok(Wanted { filters, session: session_of(session)?, chat })
}

/// The id of an event that a caller names.
pub(crate) fn read_event(field: &str, id: &str) -> Result<EventId, Invalid> {
    id.parse().map_err(|_| Invalid::new(field, "is not the id of an event", "pass next_cursor, unchanged"))
}

/// Read events
///
/// What webhooks are told, for those who cannot receive: oldest first, from a cursor on. With `wait` the answer comes as
/// soon as there is an event. Go on with `next_cursor`, also after an empty page.
#[utoipa::path(
    get, path = "/events", tag = "events",
    params(ListEventsQuery),
    responses(
        (
            status = 200, description = "A page of events.", body = EventPage,
            example = json!({"events": [entry(EventKind::MessageReceived).example], "next_cursor": "evt_01JZZZ6E5R4Q3P2N1M0K9J8H7G"}),
        ),
        (status = 410, description = "`cursor_expired`"),
    ),
)]
pub(crate) async fn list_events(
    State(state): State<ApiState>,
    Caller(caller): Caller,
    Query(query): Query<ListEventsQuery>,
) -> Result<Json<EventPage>, Problem> {
    let wait = Duration::from_secs(query.wait.unwrap_or_default());
    if wait > LONGEST_WAIT {
        return Err(Invalid::new("wait", "is too long", "use 0 to 25 seconds").into());
    }
    let request = ListEvents {
        wanted: wanted(query.kind.as_deref(), query.session, query.chat)?,
        after: query.after.as_deref().map(|id| read_event("after", id)).transpose()?,
        limit: query.limit,
    };
    let ports = (&*state.told, &*state.contacts, &*state.feed);
    let wait = (!wait.is_zero()).then(|| tokio::time::sleep(wait));
    let found = events::list(ports, caller, request, wait).await?;
    let next_cursor = found.last().map(|last| last.told.id.to_string()).or(query.after);
    Ok(Json(EventPage { events: found.into_iter().map(|entry| entry.told.into()).collect(), next_cursor }))
}
