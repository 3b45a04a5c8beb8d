//! Messages of a batch: each once per chat, and forward only.

use std::collections::HashMap;

use wagate_domain::{
    Timestamp,
    events::Target,
    messages::{Content, Direction, Failure, Message, Status},
    ports::PortResult,
};

use super::{contacts::Merge, tracked::Tracked};
use crate::sql::rows::{
    from_json,
    message::{Model, direction_name, priority_name},
    text, to_json,
};

/// One step of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    /// What it reaches.
    pub(super) status: Status,
    /// Why it ended, when there is more to say.
    pub(super) failure: Option<&'a Failure>,
    /// When.
    pub(super) at: Timestamp,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Advanced {
    /// The message stands further on than before.
    pub(super) moved: bool,
    /// It has come to stand in its chat by this.
    pub(super) stands: bool,
}

/// What came of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Added {
    /// It is on record now, under this id.
    New(String),
    /// It was, under this id, from the history, and has come by itself now.
    Come(String),
    /// It was.
    Known,
}

/// The messages that a batch of events can touch.
#[derive(Debug, Default)]
pub(super) struct MessageBook {
    rows: HashMap<String, Tracked<Model>>,
    by_stanza: HashMap<(String, String), Vec<String>>,
    /// What messages carried when they were loaded, and whether they were deleted.
    loaded: HashMap<String, (String, bool)>,
}

impl MessageBook {
    /// Takes a row as the database has it.
    pub(super) fn load(&mut self, row: Model) {
        if !self.rows.contains_key(&row.id) {
            self.loaded.insert(row.id.clone(), (row.content.clone(), row.is_deleted()));
            self.put(Tracked::stored(row));
        }
    }

    /// Every row, for writing.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Tracked<Model>> {
        self.rows.values()
    }

    /// Messages that carry something else than the database knows, or have been deleted.
    pub(super) fn with_new_content(&self) -> impl Iterator<Item = &Model> {
        let known = |row: &&Model| {
            let loaded = self.loaded.get(&row.id);
            loaded.is_some_and(|(content, deleted)| *content == row.content && *deleted == row.is_deleted())
        };
        self.rows.values().map(Tracked::row).filter(move |row| !known(row))
    }

    /// Whether a message is on record under its own id.
    pub(super) fn knows(&self, message: &Message) -> bool {
        self.rows.contains_key(&message.id.to_string())
    }

    /// Whether a message of this session, direction and stanza id is on record, in whatever chat.
    pub(super) fn knows_stanza(&self, message: &Message) -> bool {
        self.same_stanza(message).next().is_some()
    }

    /// Whether such a message is known from the history alone.
    pub(super) fn is_past(&self, message: &Message) -> bool {
        self.same_stanza(message).any(|row| row.past)
    }

    /// Adds a message unless its chat has it already. A history may be ahead of what is still on its way: one that is
    /// known from there alone is news when it comes by itself.
    pub(super) fn add(&mut self, message: &Message, chat_key: String, history: bool) -> PortResult<Added> {
        let unread = message.direction == Direction::In && !history;
        let id = message.id.to_string();
        let here = |row: &&Model| row.id == id || row.chat_key == chat_key;
        let Some(known) = self.same_stanza(message).find(here).map(|row| row.id.clone()) else {
            self.put(Tracked::new(Model { unread, past: history, ..Model::of(message, chat_key)? }));
            return Ok(Added::New(id));
        };
        match self.rows.get_mut(&known) {
            Some(row) if row.row().past && !history => {
                let row = row.change();
                (row.past, row.unread, row.offline) = (false, unread, message.offline);
                Ok(Added::Come(known))
            }
            _ => Ok(Added::Known),
        }
    }

    /// Moves a message of a session on; one that is not on record is not missed.
    pub(super) fn advance(&mut self, session: &str, id: &str, step: Step<'_>) -> PortResult<Advanced> {
        match self.rows.get_mut(id) {
            Some(row) if row.row().session_id == session => {
                let before = row.row().stands_in_chat()?;
                let moved = advance(row, step)?;
                Ok(Advanced { moved, stands: !before && row.row().stands_in_chat()? })
            }
            _ => Ok(Advanced::default()),
        }
    }

    /// Everything in a chat counts as read.
    pub(super) fn read(&mut self, session: &str, chat_key: &str) {
        for row in self.rows.values_mut() {
            let here = row.row().session_id == session && row.row().chat_key == chat_key;
            if here && row.row().unread {
                row.change().unread = false;
            }
        }
    }

    /// A message by its id.
    pub(super) fn get(&self, id: &str) -> Option<&Model> {
        self.rows.get(id).map(Tracked::row)
    }

    /// The message that stands under a stanza id in a chat.
    pub(super) fn standing(&self, session: &str, target: &Target, chat_key: &str) -> Option<&Model> {
        let key = (session.to_owned(), text(&target.stanza_id).into_owned());
        let direction = direction_name(if target.from_me { Direction::Out } else { Direction::In });
        let rows = self.by_stanza.get(&key).into_iter().flatten().filter_map(|id| self.get(id));
        // whoever writes in one chat must not reach into another by guessing an id
        rows.into_iter().find(|row| row.direction == direction && row.chat_key == chat_key)
    }

    /// Gives a message the content its writer has changed it to; says whether that was news.
    pub(super) fn update(&mut self, id: &str, content: &Content, at: Timestamp) -> PortResult<bool> {
        let Some(row) = self.rows.get_mut(id) else { return Ok(false) };
        let mut times = row.row().times()?;
        if times.deleted.is_some() || times.edited.is_some_and(|edited| edited > at) {
            return Ok(false);
        }
        let before: Content = from_json("content", &row.row().content)?;
        let after = before.clone().edited(content);
        if after == before && times.edited == Some(at) {
            return Ok(false);
        }
        times.edited = Some(at);
        let row = row.change();
        row.content = to_json(&after)?;
        row.times = to_json(&times)?;
        Ok(true)
    }

    /// Notes that a message was deleted; says whether that was news.
    pub(super) fn delete(&mut self, id: &str, at: Timestamp) -> PortResult<bool> {
        let Some(row) = self.rows.get_mut(id) else { return Ok(false) };
        let mut times = row.row().times()?;
        if times.deleted.is_some() {
            return Ok(false);
        }
        times.deleted = Some(at);
        row.change().times = to_json(&times)?;
        Ok(true)
    }

    /// Makes a waiting message what it was changed to, unless it has been changed since.
    pub(super) fn edit(&mut self, message: &Message) -> PortResult<()> {
        let Some(row) = self.rows.get_mut(&message.id.to_string()) else { return Ok(()) };
        let waits = matches!(row.row().status()?, Status::Accepted | Status::Scheduled);
        if waits && row.row().revision < i64::from(message.revision) {
            rewrite(row, message)?;
        }
        Ok(())
    }

    /// Lets a message that had failed or expired wait again, unless that has been told of.
    pub(super) fn requeue(&mut self, message: &Message) -> PortResult<()> {
        let Some(row) = self.rows.get_mut(&message.id.to_string()) else { return Ok(()) };
        let ended = matches!(row.row().status()?, Status::Failed | Status::Expired);
        if ended && row.row().revision < i64::from(message.revision) {
            rewrite(row, message)?;
            row.change().failure = None;
            row.change().times = to_json(&message.times)?;
        }
        Ok(())
    }

    /// Ids of a session's outgoing messages with this stanza id.
    pub(super) fn sent_as(&self, session: &str, stanza_id: &str) -> Vec<String> {
        let key = (session.to_owned(), text(stanza_id).into_owned());
        let ids = self.by_stanza.get(&key).into_iter().flatten();
        ids.filter(|id| self.rows.get(*id).is_some_and(|row| row.row().direction == "out")).cloned().collect()
    }

    /// Moves the messages of a merged contact; one that both chats have stays once.
    pub(super) fn merge(&mut self, merge: &Merge) {
        let moving: Vec<String> = self
            .rows
            .iter()
            .filter(|(_, row)| row.row().chat_key == merge.from)
            .map(|(id, _)| id.clone())
            .collect();
        for id in moving {
            let Some(row) = self.rows.remove(&id) else { continue };
            let key = (row.row().session_id.clone(), row.row().stanza_id.clone());
            let mut twins = self.by_stanza.get(&key).into_iter().flatten();
            let is_twin = |id: &&String| {
                let other = self.rows.get(*id).map(Tracked::row);
                other.is_some_and(|other| {
                    other.direction == row.row().direction && other.chat_key == merge.into
                })
            };
            if let Some(kept) = twins.find(is_twin).and_then(|id| self.rows.get_mut(id)) {
                // the other has been told of
                if kept.row().past && !row.row().past {
                    kept.change().past = false;
                }
                continue;
            }
            let mut row = row;
            row.change().chat_key.clone_from(&merge.into);
            self.rows.insert(id, row);
        }
    }

    fn same_stanza(&self, message: &Message) -> impl Iterator<Item = &Model> {
        let key = (message.session.to_string(), text(&message.stanza_id).into_owned());
        let direction = direction_name(message.direction);
        let ids = self.by_stanza.get(&key).into_iter().flatten();
        ids.filter_map(|id| self.rows.get(id)).map(Tracked::row).filter(move |row| row.direction == direction)
    }

    fn put(&mut self, row: Tracked<Model>) {
        let (id, key) = (row.row().id.clone(), (row.row().session_id.clone(), row.row().stanza_id.clone()));
        self.by_stanza.entry(key).or_default().push(id.clone());
        self.rows.insert(id, row);
    }
}

fn rewrite(row: &mut Tracked<Model>, message: &Message) -> PortResult<()> {
    let row = row.change();
    row.content = to_json(&message.content)?;
    priority_name(message.priority).clone_into(&mut row.priority);
    message.status.name().clone_into(&mut row.status);
    row.send_at = message.send_at.map(Timestamp::as_millis);
    row.expires_at = message.expires_at.map(Timestamp::as_millis);
    row.revision = i64::from(message.revision);
    Ok(())
}

fn advance(row: &mut Tracked<Model>, step: Step<'_>) -> PortResult<bool> {
    let Step { status, failure, at } = step;
    let current = row.row().status()?;
    let mut times = row.row().times()?;
    let before = times;
    let moves = current.may_become(status);
    if moves {
        let row = row.change();
        status.name().clone_into(&mut row.status);
        row.failure = failure.filter(|_| status > Status::Played).map(to_json).transpose()?;
        if status <= Status::Played {
            // given up too early: it did not end
            times.ended = None;
        }
        times.note(status, at);
    } else if is_noted(current, status) {
        times.note(status, at);
    }
    if times != before {
        row.change().times = to_json(&times)?;
    }
    Ok(moves)
}

/// Whether a step that does not move the message is still noted: it was reported, if late or twice.
const fn is_noted(current: Status, status: Status) -> bool {
    !matches!(current, Status::Cancelled | Status::Received)
        && matches!(
            status,
            Status::Sending | Status::Sent | Status::Delivered | Status::Read | Status::Played
        )
}
