//! The trace: what happened, and what comes.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Control;
use super::body::Body;
use super::number::digits;
use super::problem::Problem;
use crate::trace::{Event, EventFilter, EventKind, Trace};

/// Longest wait for an event.
const LONGEST_WAIT: u64 = 60;

/// Which events, and from where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// `next` of the answer before.
    #[serde(default)]
    after: u64,
    /// Phone number of an account.
    number: Option<String>,
    /// Device of the account.
    device: Option<u16>,
    /// A connection.
    connection: Option<u64>,
    /// Kinds, separated by commas.
    kind: Option<String>,
    /// Events in one answer, 1 to 10000; 100 unless given.
    #[serde(default = "hundred")]
    limit: usize,
    /// Seconds (of the wall clock) to wait for the first event when there is none yet, up to 60.
    #[serde(default)]
    wait_seconds: u64,
}

fn hundred() -> usize {
    100
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(wanted) =
            Query::<Self>::from_request_parts(parts, state).await.map_err(|rejection: QueryRejection| {
                let remedy =
                    "Known are after, number, device, connection, kind, limit and wait_seconds, as /openapi.json says.";
                Problem::field("query", rejection.body_text(), remedy)
            })?;
        if !(1..=10_000).contains(&wanted.limit) {
            return Err(Problem::field("limit", "limit is out of range.", "Give 1 to 10000."));
        }
        if wanted.wait_seconds > LONGEST_WAIT {
            return Err(Problem::field("wait_seconds", "That is too long.", "Give up to 60, and ask again."));
        }
        Ok(wanted)
    }
}

impl Wanted {
    fn filter(&self) -> Result<EventFilter, Problem> {
        let number = match &self.number {
            Some(number) => digits("number", number)?.parse().ok(),
            None => None,
        };
        let kinds =
            self.kind.iter().flat_map(|kinds| kinds.split(',')).map(kind).collect::<Result<_, _>>()?;
        Ok(EventFilter { number, device: self.device, connection: self.connection, kinds })
    }
}

fn kind(name: &str) -> Result<EventKind, Problem> {
    serde_json::from_value(name.trim().into())
        .map_err(|error| Problem::field("kind", format!("There is no kind {name:?}."), error.to_string()))
}

/// Some events, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventList {
    items: Vec<Event>,
    /// Pass it as `after` to go on.
    next: u64,
    /// Events behind `after` that the trace had forgotten already.
    lost: u64,
}

/// What the trace records.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceView {
    record: bool,
    nodes: bool,
    /// Number of the newest event.
    newest: u64,
}

impl TraceView {
    fn of(trace: &Trace) -> Self {
        Self { record: trace.recording(), nodes: trace.nodes(), newest: trace.newest() }
    }
}

/// What the trace shall record; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceChange {
    /// Whether events are recorded. A sandbox started without a trace cannot begin one.
    record: Option<bool>,
    /// Whether stanzas are recorded whole, as text.
    nodes: Option<bool>,
}

/// Events, oldest first; waits for the first when asked to.
#[utoipa::path(get, path = "/v1/trace", tag = "trace", params(Wanted),
    responses((status = 200, body = EventList), (status = "4XX", body = Problem)))]
pub(super) async fn list(State(control): State<Control>, wanted: Wanted) -> Result<Json<EventList>, Problem> {
    let filter = wanted.filter()?;
    let wait = Duration::from_secs(wanted.wait_seconds);
    let page = control.core.trace.next(wanted.after, &filter, wanted.limit, wait).await;
    let items = page.items.iter().map(|event| Event::clone(event)).collect();
    Ok(Json(EventList { items, next: page.next, lost: page.lost }))
}

/// Changes what is recorded.
#[utoipa::path(put, path = "/v1/trace", tag = "trace", request_body = TraceChange,
    responses((status = 200, body = TraceView), (status = "4XX", body = Problem)))]
pub(super) async fn set(State(control): State<Control>, Body(change): Body<TraceChange>) -> Json<TraceView> {
    let trace = &control.core.trace;
    if let Some(on) = change.record {
        trace.record(on);
    }
    if let Some(on) = change.nodes {
        trace.record_nodes(on);
    }
    Json(TraceView::of(trace))
}

/// Forgets all events; their numbers go on.
#[utoipa::path(delete, path = "/v1/trace", tag = "trace", responses((status = 204)))]
pub(super) async fn clear(State(control): State<Control>) -> StatusCode {
    control.core.trace.clear();
    StatusCode::NO_CONTENT
}
