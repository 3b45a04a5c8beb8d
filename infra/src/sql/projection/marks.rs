//! How far each session's contacts have been told of.

use std::collections::HashMap;

use wagate_domain::{EventId, events::Event, ports::PortResult};

use crate::sql::rows::{from_json, mark::Model, to_json};

#[derive(Debug, Clone)]
struct Mark {
    workspace: String,
    at: i64,
    events: Vec<EventId>,
}

/// One mark per session.
#[derive(Debug, Default)]
pub(super) struct Marks(HashMap<String, Mark>);

impl Marks {
    /// Takes a row as the database has it.
    pub(super) fn load(&mut self, row: Model) -> PortResult<()> {
        let events = from_json("events of a mark", &row.events)?;
        self.0.insert(row.session_id, Mark { workspace: row.workspace_id, at: row.at, events });
        Ok(())
    }

    /// Notes an event; `true` when it was (or, by its time, must have been) told before.
    pub(super) fn pass(&mut self, event: &Event) -> bool {
        let at = event.at.as_millis();
        let mark = self.0.entry(event.session.to_string()).or_insert_with(|| Mark {
            workspace: event.workspace.to_string(),
            at,
            events: Vec::new(),
        });
        if at < mark.at || mark.events.contains(&event.id) {
            return true;
        }
        if at > mark.at {
            mark.at = at;
            mark.events.clear();
        }
        mark.events.push(event.id);
        false
    }

    /// How far a session has been told of, in milliseconds.
    pub(super) fn latest(&self, session: &str) -> Option<i64> {
        self.0.get(session).map(|mark| mark.at)
    }

    /// The rows to write.
    pub(super) fn rows(&self) -> PortResult<Vec<Model>> {
        let row = |(session, mark): (&String, &Mark)| {
            Ok(Model {
                session_id: session.clone(),
                workspace_id: mark.workspace.clone(),
                at: mark.at,
                events: to_json(&mark.events)?,
            })
        };
        self.0.iter().map(row).collect()
    }
}
