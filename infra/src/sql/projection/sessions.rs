//! Session events onto the session's row.

use wagate_domain::{
    EventId,
    events::{Event, EventData},
    ports::PortResult,
    sessions::State,
};

use super::tracked::Tracked;
use crate::sql::rows::{from_json, session::Model, text, to_json};

/// How many session events a row remembers; a replayed event older than all of them is old news too.
const REMEMBERED: usize = 32;

/// Applies a session event unless it was applied before; returns the state the session was in. Other events change
/// nothing.
///
/// Clocks of two owners differ, so the order is the log's, and what was applied is known by id.
pub(super) fn apply(row: &mut Tracked<Model>, event: &Event) -> PortResult<Option<State>> {
    if !matches!(
        event.data,
        EventData::SessionStatus { .. } | EventData::SessionLinked { .. } | EventData::SessionUnlinked {}
    ) {
        return Ok(None);
    }
    let mut recent: Vec<EventId> = from_json("recent events", &row.row().recent_events)?;
    let forgotten = recent.len() >= REMEMBERED
        && recent.iter().all(|known| event.id.ulid().timestamp_ms() < known.ulid().timestamp_ms());
    if forgotten || recent.contains(&event.id) {
        return Ok(None);
    }
    recent.push(event.id);
    if recent.len() > REMEMBERED {
        recent.remove(0);
    }
    let before = row.row().state()?;
    let row = row.change();
    row.recent_events = to_json(&recent)?;
    row.updated_at = row.updated_at.max(event.at.as_millis());
    match &event.data {
        EventData::SessionStatus { state, reason } => {
            state.name().clone_into(&mut row.state);
            row.reason = reason.as_ref().map(to_json).transpose()?;
        }
        EventData::SessionLinked { pn, lid, push_name } => {
            let pn = text(pn).into_owned();
            if row.pn.as_ref() != Some(&pn) {
                (row.lid, row.push_name) = (None, None);
                row.linked_at = Some(event.at.as_millis());
            }
            row.pn = Some(pn);
            row.lid = lid.as_deref().map(|lid| text(lid).into_owned()).or(row.lid.take());
            row.push_name = push_name.as_deref().map(|name| text(name).into_owned()).or(row.push_name.take());
        }
        EventData::SessionUnlinked {} => {
            (row.pn, row.lid, row.push_name) = (None, None, None);
            row.linked_at = None;
        }
        _ => {}
    }
    Ok(Some(before))
}
