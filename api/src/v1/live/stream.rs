//! `GET /api/v1/live/stream`

use std::convert::Infallible;

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures::stream;
use http::{HeaderName, HeaderValue, header};
use wagate_views::events::Envelope;

use super::{
    entrance::{Entrance, LiveQuery},
    reader::{Next, Reader},
};
use crate::{ApiState, problem::Problem};

/// Follow events as server-sent events
///
/// Each event's `id` is the event's, its `event` the type and its `data` the event as webhooks are told of it. A browser that
/// comes back sends `Last-Event-ID` by itself, and nothing is missed. A reader that takes nothing for 10 seconds gets the
/// event `end` with the reason `slow_reader`, and nothing more.
#[utoipa::path(
    get, path = "/live/stream", tag = "events",
    params(LiveQuery, ("Last-Event-ID" = Option<String>, Header, description = "The same as `after`, and stronger.")),
    responses(
        (status = 200, description = "The stream.", body = String, content_type = "text/event-stream"),
        (status = 410, description = "`cursor_expired`"),
    ),
)]
pub(crate) async fn live_stream(
    State(state): State<ApiState>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let reader = Reader::new(state, entrance).await?;
    let events = stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        let (event, reader) = match reader.next().await {
            Next::Event(entry) => (shown(Envelope::from(entry.told)), Some(reader)),
            Next::Beat => (Event::default().comment("alive"), Some(reader)),
            Next::End(reason) => (Event::default().event("end").data(reason), None),
        };
        Some((Ok::<_, Infallible>(event), reader))
    });
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx would gather events before it passes them on
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Sse::new(events)).into_response())
}

fn shown(envelope: Envelope) -> Event {
    let event = Event::default().id(envelope.id()).event(envelope.kind());
    event.json_data(envelope).unwrap_or_else(|_| Event::default().comment("unreadable"))
}
