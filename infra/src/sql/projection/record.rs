//! The part of the record that a batch of events can touch, and what each event does to it.

use std::collections::HashMap;

use wagate_domain::{
    Address,
    events::{ChatChange, Event, EventData},
    media::Media,
    messages::{Direction, Message},
    ports::PortResult,
};

use super::{
    chats::ChatBook,
    contacts::ContactBook,
    marks::Marks,
    media::settle,
    messages::{MessageBook, Step},
    sessions,
    sighting::Sighting,
    tracked::Tracked,
};
use crate::sql::rows::{media, session};

/// Rows in memory, by id.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) sessions: HashMap<String, Tracked<session::Model>>,
    pub(super) contacts: ContactBook,
    pub(super) messages: MessageBook,
    pub(super) media: HashMap<String, Tracked<media::Model>>,
    pub(super) marks: Marks,
    pub(super) chats: ChatBook,
}

impl Record {
    /// Applies one event.
    pub(super) fn apply(&mut self, event: &Event) -> PortResult<()> {
        let stale = teaches(&event.data) && self.marks.pass(event);
        if let Some(row) = self.sessions.get_mut(&event.session.to_string())
            && row.row().workspace_id == event.workspace.to_string()
        {
            sessions::apply(row, event)?;
        }
        match &event.data {
            EventData::MessageAccepted(message) => self.add(event, message, None, stale),
            EventData::MessageReceived { message, media } => {
                self.add(event, message, media.as_deref(), stale)
            }
            EventData::MessageEdited(message) => self.messages.edit(message),
            EventData::MessageRequeued(message) => self.messages.requeue(message),
            EventData::MessageStatus { message, status, failure } => {
                let step = Step { status: *status, failure: failure.as_ref(), at: event.at };
                self.advance(&event.session.to_string(), &message.to_string(), step)
            }
            EventData::MessageReceipt { stanza_ids, status, at, .. } => {
                self.meet(event, stale);
                let session = event.session.to_string();
                let step = Step { status: *status, failure: None, at: *at };
                for stanza in stanza_ids {
                    for id in self.messages.sent_as(&session, stanza) {
                        self.advance(&session, &id, step)?;
                    }
                }
                Ok(())
            }
            EventData::ContactUpdated { .. } => {
                self.meet(event, stale);
                Ok(())
            }
            EventData::MediaSettled { media } => match self.media.get_mut(&media.id.to_string()) {
                Some(row) => settle(row, media),
                None => Ok(()),
            },
            EventData::ChatChanged { chat, change, .. } => {
                self.change_chat(event, chat, change);
                Ok(())
            }
            EventData::GroupChanged { group, change, .. } => {
                if self.is_news_of_chat(event) {
                    self.chats.group(event, &group.to_string(), change);
                }
                Ok(())
            }
            EventData::SessionStatus { .. }
            | EventData::SessionLinked { .. }
            | EventData::SessionUnlinked {} => Ok(()),
            _ => Ok(()),
        }
    }

    fn add(
        &mut self,
        event: &Event,
        message: &Message,
        media: Option<&Media>,
        stale: bool,
    ) -> PortResult<()> {
        // told before: its contact may have another number by now, so only the ids count
        if self.messages.knows(message) || (stale && self.messages.knows_stanza(message)) {
            return Ok(());
        }
        let contact = self.meet_by(event, stale, true);
        let chat_key = contact.unwrap_or_else(|| message.chat.to_string());
        let unread = message.direction == Direction::In && !self.is_of_the_past(message);
        let added = self.messages.add(message, chat_key, unread)?;
        if let Some(row) = self.messages.row(&message.id.to_string()).filter(|_| added)
            && row.stands_in_chat()?
        {
            self.chats.stands(row);
        }
        if let Some(media) = media.filter(|_| added) {
            let row = Tracked::new(media::Model::try_from(media)?);
            self.media.entry(media.id.to_string()).or_insert(row);
        }
        Ok(())
    }

    fn advance(&mut self, session: &str, id: &str, step: Step<'_>) -> PortResult<()> {
        let stands = self.messages.advance(session, id, step)?;
        if let Some(row) = self.messages.row(id).filter(|_| stands) {
            self.chats.stands(row);
        }
        Ok(())
    }

    /// Whether a message was written before the account was linked: it comes with the account's history, and
    /// nobody waits for it to be read. WhatsApp's times are in whole seconds.
    fn is_of_the_past(&self, message: &Message) -> bool {
        let session = self.sessions.get(&message.session.to_string());
        let linked = session.and_then(|row| row.row().linked_at);
        linked.is_some_and(|linked| message.at.as_millis() < linked / 1_000 * 1_000)
    }

    fn is_news_of_chat(&mut self, event: &Event) -> bool {
        let latest = self.marks.latest(&event.session.to_string());
        self.chats.is_news(event, latest)
    }

    fn change_chat(&mut self, event: &Event, chat: &Address, change: &ChatChange) {
        if !self.is_news_of_chat(event) {
            return;
        }
        let address = chat.to_string();
        // it names a chat; who the person is, is learned elsewhere
        let contact = self.meet_by(event, true, true);
        let Some(key) = contact.or_else(|| (!chat.is_person()).then(|| address.clone())) else { return };
        if ChatBook::reads(change) {
            self.messages.read(&event.session.to_string(), &key);
        }
        let merges = self.contacts.merges().len();
        self.chats.change(event, (&address, key), change, merges);
    }

    fn meet(&mut self, event: &Event, stale: bool) {
        self.meet_by(event, stale, !stale);
    }

    fn meet_by(&mut self, event: &Event, stale: bool, may_create: bool) -> Option<String> {
        let mut seen = Sighting::of(event)?;
        seen.creates &= may_create;
        let known = self.contacts.merges().len();
        let contact = self.contacts.resolve(&seen, stale);
        for merge in &self.contacts.merges()[known..] {
            self.messages.merge(merge);
            self.chats.merge(merge);
        }
        contact
    }
}

/// Whether an event can change what is known of a contact and is not known by the id of its message.
/// These come from the session's owner, so their times rise; the API's clock is another.
const fn teaches(data: &EventData) -> bool {
    matches!(
        data,
        EventData::MessageReceived { .. }
            | EventData::MessageReceipt { .. }
            | EventData::ContactUpdated { .. }
    )
}
