//! The part of the record that a batch of events can touch, and what each event does to it.

use std::collections::HashMap;

use wagate_domain::{
    events::{Event, EventData},
    media::Media,
    messages::Message,
    ports::PortResult,
};

use super::{
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
            EventData::MessageReceived { message, media, .. } => {
                self.add(event, message, media.as_deref(), stale)
            }
            EventData::MessageEdited(message) => self.messages.edit(message),
            EventData::MessageRequeued(message) => self.messages.requeue(message),
            EventData::MessageStatus { message, status, failure } => {
                let step = Step { status: *status, failure: failure.as_ref(), at: event.at };
                self.messages.advance(&event.session.to_string(), &message.to_string(), step)
            }
            EventData::MessageReceipt { stanza_ids, status, at, .. } => {
                self.meet(event, stale);
                let session = event.session.to_string();
                let step = Step { status: *status, failure: None, at: *at };
                for stanza in stanza_ids {
                    for id in self.messages.sent_as(&session, stanza) {
                        self.messages.advance(&session, &id, step)?;
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
        let added = self.messages.add(message, chat_key)?;
        if let Some(media) = media.filter(|_| added) {
            let row = Tracked::new(media::Model::try_from(media)?);
            self.media.entry(media.id.to_string()).or_insert(row);
        }
        Ok(())
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
