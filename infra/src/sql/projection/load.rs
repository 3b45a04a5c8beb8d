//! Loads the rows that a batch of events can touch.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, ModelTrait, QueryFilter, Select};
use wagate_domain::{
    ContactId,
    events::{Event, EventData},
    ids::Id,
    ports::PortResult,
};

use super::{record::Record, sighting::Sighting, tracked::Tracked};
use crate::sql::{
    error::sql_error,
    rows::{chat, chat_change, contact, mark, media, message, session, text},
};

/// Values of one `IN (…)`, well below what either database takes.
const CHUNK: usize = 5_000;

/// What a batch asks for.
#[derive(Debug, Default)]
struct Keys {
    sessions: BTreeSet<String>,
    messages: BTreeSet<String>,
    stanzas: BTreeSet<String>,
    media: BTreeSet<String>,
    pns: BTreeSet<String>,
    lids: BTreeSet<String>,
    contacts: BTreeSet<String>,
    /// Groups and channels.
    groups: BTreeSet<String>,
    /// Events about chats.
    chat_changes: BTreeSet<String>,
    /// Whether an event names both a PN and a LID, so that two contacts may turn out to be one.
    may_merge: bool,
}

impl Keys {
    fn of(events: &[Event]) -> Self {
        let mut keys = Self::default();
        for event in events {
            keys.sessions.insert(event.session.to_string());
            keys.add(&event.data);
            keys.add_chat(event);
            if let Some(seen) = Sighting::of(event) {
                keys.contacts.insert(seen.fresh_id.to_string());
                keys.may_merge |= seen.pn.is_some() && seen.lid.is_some();
                keys.pns.extend(seen.pn);
                keys.lids.extend(seen.lid);
            }
        }
        keys
    }

    fn add_chat(&mut self, event: &Event) {
        let chat = match &event.data {
            EventData::MessageAccepted(message) | EventData::MessageReceived { message, .. } => &message.chat,
            EventData::ChatChanged { chat, .. } => chat,
            EventData::GroupChanged { group, .. } => group,
            _ => return,
        };
        if !chat.is_person() {
            self.groups.insert(chat.to_string());
        }
        if matches!(event.data, EventData::ChatChanged { .. } | EventData::GroupChanged { .. }) {
            self.chat_changes.insert(event.id.to_string());
        }
    }

    fn add(&mut self, data: &EventData) {
        self.media.extend(data.media().map(|id| id.to_string()));
        match data {
            EventData::MessageAccepted(message) | EventData::MessageReceived { message, .. } => {
                self.messages.insert(message.id.to_string());
                self.stanzas.insert(text(&message.stanza_id).into_owned());
            }
            EventData::MessageEdited(message) | EventData::MessageRequeued(message) => {
                self.messages.insert(message.id.to_string());
            }
            EventData::MessageStatus { message, .. } => {
                self.messages.insert(message.to_string());
            }
            EventData::MessageReceipt { stanza_ids, .. } => {
                self.stanzas.extend(stanza_ids.iter().map(|id| text(id).into_owned()));
            }
            data => self.stanzas.extend(data.target().map(|target| text(&target.stanza_id).into_owned())),
        }
    }
}

/// Everything on record that the events name.
pub(super) async fn load(tx: &DatabaseTransaction, events: &[Event]) -> PortResult<Record> {
    let mut keys = Keys::of(events);
    let mut record = Record::default();
    for row in rows(tx, mark::Entity::find(), mark::Column::SessionId, &keys.sessions).await? {
        record.marks.load(row)?;
    }
    for row in rows(tx, session::Entity::find(), session::Column::Id, &keys.sessions).await? {
        record.sessions.insert(row.id.clone(), Tracked::stored(row));
    }
    for row in rows(tx, message::Entity::find(), message::Column::Id, &keys.messages).await? {
        if keys.may_merge {
            // its twin in the other chat decides which of the two stays
            keys.stanzas.insert(row.stanza_id.clone());
        }
        record.messages.load(row);
    }
    let of_sessions =
        message::Entity::find().filter(message::Column::SessionId.is_in(keys.sessions.iter().cloned()));
    for row in rows(tx, of_sessions, message::Column::StanzaId, &keys.stanzas).await? {
        record.messages.load(row);
    }
    for row in rows(tx, media::Entity::find(), media::Column::Id, &keys.media).await? {
        record.media.insert(row.id.clone(), Tracked::stored(row));
    }
    // whoever is told of a message is told of the person in its chat
    keys.contacts.extend(record.messages.rows().map(|row| row.row().chat_key.clone()).filter(is_contact));
    load_contacts(tx, &keys, &mut record).await?;
    load_chats(tx, keys, &mut record).await?;
    Ok(record)
}

/// The chats of every message and contact that was loaded, and of the groups that are named.
async fn load_chats(tx: &DatabaseTransaction, keys: Keys, record: &mut Record) -> PortResult<()> {
    let of_sessions =
        chat::Entity::find().filter(chat::Column::SessionId.is_in(keys.sessions.iter().cloned()));
    let mut chats = keys.groups;
    chats.extend(record.messages.rows().map(|row| row.row().chat_key.clone()));
    for row in record.contacts.rows().map(Tracked::row) {
        chats.insert(row.id.clone());
        chats.extend(row.merged_into.clone());
    }
    for row in rows(tx, of_sessions, chat::Column::ChatKey, &chats).await? {
        record.chats.load(row);
    }
    let of_sessions = chat_change::Entity::find()
        .filter(chat_change::Column::SessionId.is_in(keys.sessions.iter().cloned()));
    for row in rows(tx, of_sessions, chat_change::Column::EventId, &keys.chat_changes).await? {
        record.chats.load_applied(row);
    }
    Ok(())
}

/// Whether a chat's key is that of a contact.
#[expect(clippy::ptr_arg, reason = "a filter over owned keys")]
fn is_contact(key: &String) -> bool {
    key.starts_with(ContactId::PREFIX) && !key.contains('@')
}

async fn load_contacts(tx: &DatabaseTransaction, keys: &Keys, record: &mut Record) -> PortResult<()> {
    let of_sessions =
        contact::Entity::find().filter(contact::Column::SessionId.is_in(keys.sessions.iter().cloned()));
    let mut found = rows(tx, of_sessions.clone(), contact::Column::Pn, &keys.pns).await?;
    found.extend(rows(tx, of_sessions, contact::Column::Lid, &keys.lids).await?);
    found.extend(rows(tx, contact::Entity::find(), contact::Column::Id, &keys.contacts).await?);
    for row in found {
        record.contacts.load(row);
    }
    Ok(())
}

/// Rows of a selection whose column is one of the values.
async fn rows<E>(
    tx: &DatabaseTransaction,
    select: Select<E>,
    column: E::Column,
    values: &BTreeSet<String>,
) -> PortResult<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + Sync,
{
    let values: Vec<&String> = values.iter().collect();
    let mut found = Vec::new();
    for chunk in values.chunks(CHUNK) {
        let chunk = chunk.iter().map(|value| (*value).clone());
        let rows = select.clone().filter(column.is_in(chunk)).all(tx).await.map_err(sql_error)?;
        found.extend(rows);
    }
    Ok(found)
}
