//! Inbound messages: into the event log, and only then acknowledged.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use wagate_domain::{
    Env,
    events::{Event, EventData},
    media::Media,
    ports::{EventLog, PortError, PortResult},
    sessions::SessionKey,
};

use super::{
    Inbox, Input,
    outbox::{PATIENCE, chain, slow},
};
use crate::{
    convert::{Own, Viewer, inbound},
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
    pub(super) fetching: Fetching,
    pub(super) own: Arc<RwLock<Own>>,
    pub(super) inbox: Inbox,
}

impl InboundStore {
    /// Appends the messages of a batch and starts fetching their files.
    pub(super) async fn append(&self, batch: &[Inbound]) -> PortResult<()> {
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

    fn convert(&self, batch: &[Inbound]) -> (Vec<Event>, Vec<Media>) {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).clone();
        let viewer = Viewer { session: self.session, own: &own, now: self.env.now() };
        let mut events = Vec::with_capacity(batch.len());
        let mut files = Vec::new();
        for item in batch {
            let Some(received) = inbound(&item.message, &item.info, viewer, item.contact.clone()) else {
                continue;
            };
            let kind = received.message.content.type_name();
            metrics::counter!("wagate_inbound_messages_total", "type" => kind).increment(1);
            files.extend(received.media.clone());
            let message = Box::new(received.message);
            let media = received.media.map(Box::new);
            events.push(Event::new(&self.env, self.session, EventData::MessageReceived { message, media }));
        }
        (events, files)
    }
}

#[async_trait]
impl InboundSink for InboundStore {
    async fn store(&self, batch: Vec<Inbound>) -> Result<(), NotStored> {
        let appended =
            tokio::time::timeout(PATIENCE, self.append(&batch)).await.unwrap_or_else(|_| Err(slow()));
        appended.map_err(|error| {
            let stale = matches!(error, PortError::Stale);
            tracing::warn!(
                session = %self.session.id,
                messages = batch.len(),
                error = %chain(&error),
                "inbound messages not stored; WhatsApp keeps them"
            );
            // an actor that has ended has no inbox, and needs none
            let _ = self.inbox.send(if stale { Input::LeaseLost } else { Input::Missed });
            NotStored
        })
    }
}
