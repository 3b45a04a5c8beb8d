//! Inbound messages: into the event log, and only then acknowledged.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use wagate_domain::{
    Address, Env,
    events::{Event, EventData},
    media::Media,
    ports::{EventLog, Poll, Polls, PortError, PortResult},
    sessions::SessionKey,
};

use super::{
    Inbox, Input,
    outbox::{PATIENCE, chain, slow},
};
use crate::{
    convert::{Own, Viewer, act, address_of, inbound, poll_of},
    media::Fetching,
    wa::{Inbound, InboundSink, NotStored},
};

/// Stores the inbound messages of one session under one epoch.
#[derive(Clone)]
pub(super) struct InboundStore {
    pub(super) env: Env,
    pub(super) session: SessionKey,
    pub(super) epoch: u64,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) polls: Arc<dyn Polls>,
    pub(super) fetching: Fetching,
    pub(super) own: Arc<RwLock<Own>>,
    pub(super) inbox: Inbox,
}

impl InboundStore {
    /// Appends the messages of a batch and starts fetching their files.
    pub(super) async fn append(&self, batch: &[Inbound]) -> PortResult<()> {
        self.keep_polls(batch).await?;
        let (events, files) = self.convert(batch);
        if !events.is_empty() {
            self.log.append(self.session, Some(self.epoch), &events).await?;
        }
        for media in files {
            self.fetching.begin(media);
        }
        Ok(())
    }

    /// Who the linked account is, from now on.
    pub(super) fn set_own(&self, own: Own) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = own;
    }

    /// Polls are kept before anybody hears that we have them: a vote may follow at once.
    async fn keep_polls(&self, batch: &[Inbound]) -> PortResult<()> {
        for item in batch {
            let Some(poll) = poll_of(&item.message, &item.info) else { continue };
            let Some(chat) = address_of(&item.info.source.chat) else { continue };
            self.polls.keep(self.session, &chat, &item.info.id, &poll).await?;
        }
        Ok(())
    }

    fn convert(&self, batch: &[Inbound]) -> (Vec<Event>, Vec<Media>) {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).clone();
        let viewer = Viewer { session: self.session, own: &own, now: self.env.now() };
        let mut events = Vec::with_capacity(batch.len());
        let mut files = Vec::new();
        for item in batch {
            let done = act(&item.message, &item.info, &own, &item.contact, item.vote.as_deref());
            if let Some(data) = done {
                events.push(Event::new(&self.env, self.session, data));
                continue;
            }
            let Some(received) = inbound(&item.message, &item.info, viewer, item.contact.clone()) else {
                continue;
            };
            let kind = received.message.content.type_name();
            metrics::counter!("wagate_inbound_messages_total", "type" => kind).increment(1);
            files.extend(received.media.clone());
            let message = Box::new(received.message);
            let media = received.media.map(Box::new);
            let data = EventData::MessageReceived { message, media, history: false };
            events.push(Event::new(&self.env, self.session, data));
        }
        (events, files)
    }

    /// Tells the actor of a failure, and says why it waits.
    fn not_stored(&self, error: &PortError, what: &str) -> NotStored {
        let stale = matches!(error, PortError::Stale);
        tracing::warn!(session = %self.session.id, error = %chain(error), "{what}; WhatsApp keeps them");
        // an actor that has ended has no inbox, and needs none
        let _ = self.inbox.send(if stale { Input::LeaseLost } else { Input::Missed });
        NotStored
    }
}

#[async_trait]
impl InboundSink for InboundStore {
    async fn store(&self, batch: Vec<Inbound>) -> Result<(), NotStored> {
        let appended =
            tokio::time::timeout(PATIENCE, self.append(&batch)).await.unwrap_or_else(|_| Err(slow()));
        appended.map_err(|error| self.not_stored(&error, "inbound messages not stored"))
    }

    async fn poll(&self, chats: &[Address], stanza_id: &str) -> Result<Option<Poll>, NotStored> {
        let look = async {
            for chat in chats {
                if let Some(poll) = self.polls.find(self.session, chat, stanza_id).await? {
                    return Ok(Some(poll));
                }
            }
            Ok(None)
        };
        let found = tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| Err(slow()));
        found.map_err(|error| self.not_stored(&error, "a vote cannot be opened"))
    }
}
