//! Loads the rows that a batch of events can touch.

use std::collections::BTreeSet;

use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ModelTrait, QueryFilter, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Query},
};
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

/// Something of one session.
type OfSession = (String, String);

/// What a batch asks for.
#[derive(Debug, Default)]
struct Keys {
    sessions: BTreeSet<String>,
    messages: BTreeSet<String>,
    stanzas: BTreeSet<OfSession>,
    media: BTreeSet<String>,
    pns: BTreeSet<OfSession>,
    lids: BTreeSet<OfSession>,
    contacts: BTreeSet<String>,
    /// Groups and channels.
    groups: BTreeSet<OfSession>,
    /// Events about chats.
    chat_changes: BTreeSet<OfSession>,
    /// Whether an event names both a PN and a LID, so that two contacts may turn out to be one.
    may_merge: bool,
}

impl Keys {
    fn of(events: &[Event]) -> Self {
        let mut keys = Self::default();
        for event in events {
            let session = event.session.to_string();
            keys.add(event, &session);
            keys.add_chat(event, &session);
            if let Some(seen) = Sighting::of(event) {
                keys.contacts.insert(seen.fresh_id.to_string());
                keys.may_merge |= seen.pn.is_some() && seen.lid.is_some();
                keys.pns.extend(seen.pn.map(|pn| (session.clone(), pn)));
                keys.lids.extend(seen.lid.map(|lid| (session.clone(), lid)));
            }
            keys.sessions.insert(session);
        }
        keys
    }

    fn add_chat(&mut self, event: &Event, session: &str) {
        let chat = match &event.data {
            EventData::MessageAccepted(message) | EventData::MessageReceived { message, .. } => &message.chat,
            EventData::ChatChanged { chat, .. } => chat,
            EventData::GroupChanged { group, .. } => group,
            _ => return,
        };
        if !chat.is_person() {
            self.groups.insert((session.to_owned(), chat.to_string()));
        }
        if matches!(event.data, EventData::ChatChanged { .. } | EventData::GroupChanged { .. }) {
            self.chat_changes.insert((session.to_owned(), event.id.to_string()));
        }
    }

    fn add(&mut self, event: &Event, session: &str) {
        let stanza = |id: &str| (session.to_owned(), text(id).into_owned());
        self.media.extend(event.data.media().map(|id| id.to_string()));
        match &event.data {
            EventData::MessageAccepted(message) | EventData::MessageReceived { message, .. } => {
                self.messages.insert(message.id.to_string());
                self.stanzas.insert(stanza(&message.stanza_id));
            }
            EventData::MessageEdited(message) | EventData::MessageRequeued(message) => {
                self.messages.insert(message.id.to_string());
            }
            EventData::MessageStatus { message, .. } => {
                self.messages.insert(message.to_string());
            }
            EventData::MessageReceipt { stanza_ids, .. } => {
                self.stanzas.extend(stanza_ids.iter().map(|id| stanza(id)));
            }
            data => self.stanzas.extend(data.target().map(|target| stanza(&target.stanza_id))),
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
            keys.stanzas.insert((row.session_id.clone(), row.stanza_id.clone()));
        }
        record.messages.load(row);
    }
    let of_session = (message::Column::SessionId, message::Column::StanzaId);
    for row in pairs::<message::Entity>(tx, of_session, &keys.stanzas).await? {
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

/// Whether a chat's key is that of a contact.
#[expect(clippy::ptr_arg, reason = "a filter over owned keys")]
fn is_contact(key: &String) -> bool {
    key.starts_with(ContactId::PREFIX) && !key.contains('@')
}

/// The chats of every message and contact that was loaded, and of the groups that are named.
async fn load_chats(tx: &DatabaseTransaction, keys: Keys, record: &mut Record) -> PortResult<()> {
    let mut chats = keys.groups;
    for row in record.messages.rows().map(Tracked::row) {
        chats.insert((row.session_id.clone(), row.chat_key.clone()));
    }
    for row in record.contacts.rows().map(Tracked::row) {
        chats.insert((row.session_id.clone(), row.id.clone()));
        chats.extend(row.merged_into.clone().map(|into| (row.session_id.clone(), into)));
    }
    for row in pairs::<chat::Entity>(tx, (chat::Column::SessionId, chat::Column::ChatKey), &chats).await? {
        record.chats.load(row);
    }
    let of_session = (chat_change::Column::SessionId, chat_change::Column::EventId);
    for row in pairs::<chat_change::Entity>(tx, of_session, &keys.chat_changes).await? {
        record.chats.load_applied(row);
    }
    Ok(())
}

async fn load_contacts(tx: &DatabaseTransaction, keys: &Keys, record: &mut Record) -> PortResult<()> {
    let mut found =
        pairs::<contact::Entity>(tx, (contact::Column::SessionId, contact::Column::Pn), &keys.pns).await?;
    found.extend(
        pairs::<contact::Entity>(tx, (contact::Column::SessionId, contact::Column::Lid), &keys.lids).await?,
    );
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

/// Rows whose two columns, a session and something of it, are one of the pairs. As pairs and not as two lists: then
/// each pair is looked up once, and not each value of one list under each of the other.
async fn pairs<E>(
    tx: &DatabaseTransaction,
    (session, column): (E::Column, E::Column),
    pairs: &BTreeSet<OfSession>,
) -> PortResult<Vec<E::Model>>
where
    E: EntityTrait,
    E::Model: ModelTrait<Entity = E> + Sync,
{
    let pairs: Vec<&OfSession> = pairs.iter().collect();
    let mut found = Vec::new();
    for chunk in pairs.chunks(CHUNK) {
        found.extend(one_of::<E>((session, column), chunk).all(tx).await.map_err(sql_error)?);
    }
    Ok(found)
}

/// Selects rows whose two columns are one of the pairs.
pub(in crate::sql) fn one_of<E: EntityTrait>(
    (session, column): (E::Column, E::Column),
    pairs: &[&OfSession],
) -> Select<E> {
    let sought = pairs.iter().map(|(session, value)| (session.clone(), value.clone()));
    // a list in a query of its own: SQLite would not use an index for the bare list
    let sought = Query::select().column(Asterisk).from_values(sought, "sought").take();
    E::find().filter(Expr::tuple([session.into_expr(), column.into_expr()]).in_subquery(sought))
}
