//! Chats of a batch: last message, unread count, and what was done to each on a phone.
//!
//! A message stands in its chat once WhatsApp has it: when it comes in, and when one of ours is sent. Last message
//! and unread count follow from the messages' rows; where rows meet (a merge), SQL counts anew at the end.

use std::collections::{BTreeSet, HashMap, HashSet};

use wagate_domain::{
    Timestamp,
    events::{ChatChange, Event, GroupChange},
};

use super::{contacts::Merge, sighting::says_something, tracked::Tracked};
use crate::sql::rows::{chat::Model, chat_change, message, text};

/// How long a chat's event is remembered; one that is told again later than this is old news.
pub(super) const REMEMBERED: i64 = 7 * 24 * 3_600_000;

/// A chat: session and chat key.
pub(in crate::sql) type Place = (String, String);

/// The chats that a batch of events can touch.
#[derive(Debug, Default)]
pub(super) struct ChatBook {
    rows: HashMap<Place, Tracked<Model>>,
    /// Rows of chats that became another one.
    gone: BTreeSet<Place>,
    recount: BTreeSet<Place>,
    reads: Vec<Read>,
    applied: HashSet<String>,
    news: Vec<chat_change::Model>,
}

/// Everything in a chat counts as read.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) workspace: String,
    pub(super) place: Place,
    /// Merges of the batch that come before.
    pub(super) after_merges: usize,
}

impl ChatBook {
    /// Takes a row as the database has it.
    pub(super) fn load(&mut self, row: Model) {
        self.rows.insert(place(&row), Tracked::stored(row));
    }

    /// An event that has been applied.
    pub(super) fn load_applied(&mut self, row: chat_change::Model) {
        self.applied.insert(row.event_id);
    }

    /// New and changed rows, for writing.
    pub(super) fn written(&self) -> impl Iterator<Item = &Model> {
        self.rows.values().filter_map(|row| row.if_new().or_else(|| row.if_changed()))
    }

    /// Chats whose rows have to go.
    pub(super) const fn gone(&self) -> &BTreeSet<Place> {
        &self.gone
    }

    /// Chats to be counted anew.
    pub(super) const fn to_recount(&self) -> &BTreeSet<Place> {
        &self.recount
    }

    /// Chats that were read, in order.
    pub(super) fn read(&self) -> &[Read] {
        &self.reads
    }

    /// Whether nothing is unread in a chat after this.
    pub(super) const fn reads(change: &ChatChange) -> bool {
        matches!(change, ChatChange::Read { on: true } | ChatChange::Cleared {} | ChatChange::Deleted {})
    }

    /// Events applied for the first time.
    pub(super) fn news(&self) -> &[chat_change::Model] {
        &self.news
    }

    /// Whether an event about a chat is told for the first time; notes it. `latest` is how far the session has
    /// been told of.
    pub(super) fn is_news(&mut self, event: &Event, latest: Option<i64>) -> bool {
        let (event_id, at) = (event.id.to_string(), event.at.as_millis());
        if latest.is_some_and(|latest| at < latest - REMEMBERED) || !self.applied.insert(event_id.clone()) {
            return false;
        }
        self.news.push(chat_change::Model {
            session_id: event.session.to_string(),
            event_id,
            workspace_id: event.workspace.to_string(),
            at,
        });
        true
    }

    /// A message has come to stand in its chat.
    pub(super) fn stands(&mut self, message: &message::Model) {
        let place = (message.session_id.clone(), message.chat_key.clone());
        let (workspace, chat) = (message.workspace_id.clone(), message.chat.clone());
        let made = Tracked::new(blank(workspace, &place, chat, message.at));
        let row = self.rows.entry(place).or_insert(made).change();
        let latest =
            row.last_message_id.as_ref().is_none_or(|last| (row.at, last) < (message.at, &message.id));
        if latest {
            (row.at, row.last_message_id) = (message.at, Some(message.id.clone()));
        }
        row.unread += i64::from(message.unread);
        row.deleted = false;
    }

    /// What was done to a chat; one that is not known is made when there is something to know of it.
    pub(super) fn change(&mut self, event: &Event, chat: (&str, String), change: &ChatChange, merges: usize) {
        let (address, chat_key) = chat;
        let place = (event.session.to_string(), chat_key);
        let Some(row) = self.row(event, address, &place, says_something(change)) else { return };
        let row = row.change();
        let reads = Self::reads(change);
        if reads {
            (row.unread, row.marked_unread) = (0, false);
        }
        match change {
            ChatChange::Archived { on } => row.archived = *on,
            ChatChange::Pinned { on } => row.pinned = *on,
            ChatChange::Muted { on, until } => {
                row.muted = *on;
                row.muted_until = until.filter(|_| *on).map(Timestamp::as_millis);
            }
            ChatChange::Read { on } => row.marked_unread = !on,
            ChatChange::Cleared {} => {}
            ChatChange::Deleted {} => row.deleted = true,
        }
        row.changed_at = row.changed_at.max(event.at.as_millis());
        if reads {
            let workspace = event.workspace.to_string();
            self.reads.push(Read { workspace, place, after_merges: merges });
        }
    }

    /// What happened to a group.
    pub(super) fn group(&mut self, event: &Event, group: &str, change: &GroupChange) {
        let place = (event.session.to_string(), group.to_owned());
        let makes = matches!(change, GroupChange::Joined { .. } | GroupChange::Subject { .. });
        let Some(row) = self.row(event, group, &place, makes) else { return };
        match change {
            GroupChange::Joined { subject } => {
                let row = row.change();
                row.left_group = false;
                row.name = subject.as_deref().map(|name| text(name).into_owned()).or(row.name.take());
            }
            GroupChange::Subject { subject } => row.change().name = Some(text(subject).into_owned()),
            GroupChange::Left {} => row.change().left_group = true,
            _ => {}
        }
    }

    /// The chat of one contact becomes part of another one's.
    pub(super) fn merge(&mut self, merge: &Merge) {
        let moving: Vec<Place> = self.rows.keys().filter(|(_, key)| *key == merge.from).cloned().collect();
        for old in moving {
            let Some(row) = self.rows.remove(&old) else { continue };
            let new = (old.0.clone(), merge.into.clone());
            self.gone.insert(old);
            self.recount.insert(new.clone());
            let from = row.row().clone();
            match self.rows.get_mut(&new) {
                Some(row) => join(row.change(), from),
                None => {
                    let row = Model { chat_key: merge.into.clone(), ..from };
                    self.rows.insert(new, Tracked::new(row));
                }
            }
        }
        // messages may move into a chat, or out of one, that no row of this batch stands for
        for place in self.rows.keys().filter(|(_, key)| *key == merge.into) {
            self.recount.insert(place.clone());
        }
    }

    fn row(
        &mut self,
        event: &Event,
        address: &str,
        place: &Place,
        makes: bool,
    ) -> Option<&mut Tracked<Model>> {
        if makes {
            let made = blank(event.workspace.to_string(), place, address.to_owned(), event.at.as_millis());
            return Some(self.rows.entry(place.clone()).or_insert(Tracked::new(made)));
        }
        self.rows.get_mut(place)
    }
}

fn place(row: &Model) -> Place {
    (row.session_id.clone(), row.chat_key.clone())
}

/// Two rows of what is one chat: what was told last counts. Last message and unread are counted anew.
fn join(into: &mut Model, from: Model) {
    (into.at, into.last_message_id) = (into.at.max(from.at), None);
    into.marked_unread |= from.marked_unread;
    into.deleted &= from.deleted;
    into.left_group &= from.left_group;
    into.name = into.name.take().or(from.name);
    if from.changed_at > into.changed_at {
        (into.archived, into.pinned) = (from.archived, from.pinned);
        (into.muted, into.muted_until) = (from.muted, from.muted_until);
        into.changed_at = from.changed_at;
    }
}

fn blank(workspace: String, place: &Place, chat: String, at: i64) -> Model {
    Model {
        workspace_id: workspace,
        session_id: place.0.clone(),
        chat_key: place.1.clone(),
        chat,
        name: None,
        at,
        last_message_id: None,
        unread: 0,
        marked_unread: false,
        archived: false,
        pinned: false,
        muted: false,
        muted_until: None,
        deleted: false,
        left_group: false,
        changed_at: 0,
    }
}
