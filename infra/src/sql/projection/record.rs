//! The part of the record that a batch of events can touch, and what each event does to it.

use std::collections::HashMap;

use wagate_domain::{
    Address,
    events::{ChatChange, Event, EventData, ToldData, of_transition},
    media::Media,
    messages::{Direction, Message, Status},
    ports::PortResult,
};

use super::{
    acts::{known, named},
    chats::ChatBook,
    contacts::ContactBook,
    marks::Marks,
    media::settle,
    messages::{Added, MessageBook, Step},
    sessions,
    sighting::Sighting,
    telling::Telling,
    tracked::Tracked,
};
use crate::sql::rows::{media, parse, session};

/// Rows in memory, by id.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) sessions: HashMap<String, Tracked<session::Model>>,
    pub(super) contacts: ContactBook,
    pub(super) messages: MessageBook,
    pub(super) media: HashMap<String, Tracked<media::Model>>,
    pub(super) marks: Marks,
    pub(super) chats: ChatBook,
    pub(super) telling: Telling,
}

impl Record {
    /// Applies one event.
    pub(super) fn apply(&mut self, event: &Event) -> PortResult<()> {
        let stale = teaches(&event.data) && self.marks.pass(event);
        self.apply_to_session(event)?;
        match &event.data {
            EventData::MessageAccepted(message) => self.add(event, message, None, (stale, false)).map(drop),
            EventData::MessageReceived { message, media, history } => {
                self.receive(event, message, media.as_deref(), (stale, *history))
            }
            EventData::MessageEdited(message) => self.messages.edit(message),
            EventData::MessageRequeued(message) => self.messages.requeue(message),
            EventData::MessageStatus { message, status, failure } => {
                let step = Step { status: *status, failure: failure.as_ref(), at: event.at };
                self.advance(event, &message.to_string(), step)
            }
            EventData::MessageReceipt { stanza_ids, status, at, .. } => {
                self.meet(event, stale)?;
                let step = Step { status: *status, failure: None, at: *at };
                for stanza in stanza_ids {
                    for id in self.messages.sent_as(&event.session.to_string(), stanza) {
                        self.advance(event, &id, step)?;
                    }
                }
                Ok(())
            }
            EventData::ContactUpdated { .. } => self.meet(event, stale),
            EventData::MediaSettled { media } => self.settle(event, media),
            EventData::SessionStatus { .. }
            | EventData::SessionLinked { .. }
            | EventData::SessionUnlinked {} => Ok(()),
            _ => self.apply_other(event),
        }
    }

    fn apply_to_session(&mut self, event: &Event) -> PortResult<()> {
        let Some(row) = self.sessions.get_mut(&event.session.to_string()) else { return Ok(()) };
        if row.row().workspace_id != event.workspace.to_string() {
            return Ok(());
        }
        let before = sessions::apply(row, event)?;
        if let (Some(before), EventData::SessionStatus { state, reason }) = (before, &event.data) {
            for told in of_transition(before, *state, reason.as_ref()) {
                self.telling.tell(event, told);
            }
        }
        Ok(())
    }

    fn receive(
        &mut self,
        event: &Event,
        message: &Message,
        media: Option<&Media>,
        (stale, history): (bool, bool),
    ) -> PortResult<()> {
        // nobody is told of the past message by message
        if let Added::New(id) | Added::Come(id) = self.add(event, message, media, (stale, history))?
            && !history
            && let Some(message) = self.message(&id)?
        {
            let message = Box::new(message);
            let told = match message.direction {
                Direction::In => ToldData::MessageReceived(message),
                Direction::Out => ToldData::MessageSent(message),
            };
            self.telling.tell(event, told);
        }
        Ok(())
    }

    /// Adds a message; says what came of it.
    fn add(
        &mut self,
        event: &Event,
        message: &Message,
        media: Option<&Media>,
        (stale, history): (bool, bool),
    ) -> PortResult<Added> {
        // told before: its contact may have another number by now, so only the ids count
        let known = self.messages.knows(message) || (stale && self.messages.knows_stanza(message));
        if known && (history || !self.messages.is_past(message)) {
            return Ok(Added::Known);
        }
        let contact = self.meet_by(event, stale, true)?;
        let chat_key = contact.unwrap_or_else(|| message.chat.to_string());
        let added = self.messages.add(message, chat_key, history)?;
        if let Added::New(id) | Added::Come(id) = &added
            && let Some(row) = self.messages.get(id)
            && row.stands_in_chat()?
        {
            self.chats.stands(row);
        }
        if let Some(media) = media.filter(|_| matches!(added, Added::New(_))) {
            let row = Tracked::new(media::Model::try_from(media)?);
            self.media.entry(media.id.to_string()).or_insert(row);
        }
        Ok(added)
    }

    fn advance(&mut self, event: &Event, id: &str, step: Step<'_>) -> PortResult<()> {
        let done = self.messages.advance(&event.session.to_string(), id, step)?;
        if let Some(row) = self.messages.get(id).filter(|_| done.stands) {
            self.chats.stands(row);
        }
        if !done.moved || matches!(step.status, Status::Accepted | Status::Scheduled | Status::Sending) {
            return Ok(());
        }
        let Some(message) = self.message(id)? else { return Ok(()) };
        // a receipt may be on record before the word that the message left: that is told first, and once
        if done.stands || step.status == Status::Sent {
            self.telling.tell(event, ToldData::MessageSent(Box::new(message.clone())));
        }
        if step.status != Status::Sent {
            let failure = message.failure.clone();
            let told = ToldData::MessageStatus {
                message: named(message),
                status: step.status,
                failure,
                at: step.at,
            };
            self.telling.tell(event, told);
        }
        Ok(())
    }

    fn settle(&mut self, event: &Event, media: &Media) -> PortResult<()> {
        let Some(row) = self.media.get_mut(&media.id.to_string()) else { return Ok(()) };
        if settle(row, media)? {
            let media = Media::try_from(row.row().clone())?;
            self.telling.tell(event, ToldData::Media(Box::new(Media { locator: None, ..media })));
        }
        Ok(())
    }

    pub(super) fn is_news_of_chat(&mut self, event: &Event) -> bool {
        let latest = self.marks.latest(&event.session.to_string());
        self.chats.is_news(event, latest)
    }

    pub(super) fn change_chat(
        &mut self,
        event: &Event,
        chat: &Address,
        change: &ChatChange,
    ) -> PortResult<()> {
        let address = chat.to_string();
        // it names a chat; who the person is, is learned elsewhere
        let contact = self.meet_by(event, true, true)?;
        let Some(key) = contact.or_else(|| (!chat.is_person()).then(|| address.clone())) else {
            return Ok(());
        };
        if ChatBook::reads(change) {
            self.messages.read(&event.session.to_string(), &key);
        }
        let merges = self.contacts.merges().len();
        self.chats.change(event, (&address, key), change, merges);
        Ok(())
    }

    /// A message as it stands on record now.
    pub(super) fn message(&self, id: &str) -> PortResult<Option<Message>> {
        let Some(row) = self.messages.get(id) else { return Ok(None) };
        let contact = self.contacts.get(&row.chat_key).cloned();
        row.clone().read(contact).map(Some)
    }

    fn meet(&mut self, event: &Event, stale: bool) -> PortResult<()> {
        self.meet_by(event, stale, !stale).map(drop)
    }

    fn meet_by(&mut self, event: &Event, stale: bool, may_create: bool) -> PortResult<Option<String>> {
        let Some(mut seen) = Sighting::of(event) else { return Ok(None) };
        seen.creates &= may_create;
        let known_merges = self.contacts.merges().len();
        let contact = self.contacts.resolve(&seen, stale);
        let mut told = Vec::new();
        for merge in &self.contacts.merges()[known_merges..] {
            self.messages.merge(merge);
            self.chats.merge(merge);
            if let Some(row) = self.contacts.get(&merge.into) {
                let from = parse("contact id", &merge.from)?;
                told.push(ToldData::ContactMerged { contact: known(row)?, from });
            }
        }
        for id in self.contacts.take_changed() {
            if let Some(row) = self.contacts.get(&id) {
                told.push(ToldData::ContactUpdated { contact: known(row)? });
            }
        }
        for told in told {
            self.telling.tell(event, told);
        }
        Ok(contact)
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
