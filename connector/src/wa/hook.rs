//! Inbound messages are stored before WhatsApp hears that we have them.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use wacore::types::{events::InboundMessage, message::MessageInfo};
use wagate_domain::{Address, ContactIds, ports::Poll};
use waproto::whatsapp as wa;
use whatsapp_rust::{Client, InboundDurabilityHook};

use super::{Replays, history::History, link::known, order::Order, votes};
use crate::convert::counterpart;

/// A decrypted message and who it is about.
#[derive(Debug, Clone)]
pub(crate) struct Inbound {
    /// The message.
    pub(crate) message: Arc<wa::Message>,
    /// Its envelope.
    pub(crate) info: Arc<MessageInfo>,
    /// The other person, from the envelope and from what the device knows.
    pub(crate) contact: ContactIds,
    /// What a poll vote was opened to, by the options' texts; none for everything else, and for votes in polls
    /// that nobody knows.
    pub(crate) vote: Option<Vec<String>>,
}

/// The messages could not be stored; WhatsApp keeps them and sends them again.
#[derive(Debug, thiserror::Error)]
#[error("inbound messages were not stored")]
pub(crate) struct NotStored;

/// Where inbound messages are stored.
#[async_trait]
pub(crate) trait InboundSink: Send + Sync {
    /// Stores a batch durably, in order, all or nothing. Doing it twice must do no harm.
    async fn store(&self, batch: Vec<Inbound>) -> Result<(), NotStored>;

    /// The poll that stands in one of these chats under WhatsApp's id, when it is known.
    async fn poll(&self, chats: &[Address], stanza_id: &str) -> Result<Option<Poll>, NotStored>;
}

/// Ties a sink to a client.
pub(super) struct Hook {
    pub(super) sink: Arc<dyn InboundSink>,
    pub(super) order: Order,
    pub(super) history: Arc<History>,
    pub(super) replays: Replays,
}

#[async_trait]
impl InboundDurabilityHook for Hook {
    async fn on_messages(&self, client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        // what stands behind a message that comes again comes again with it, in its order
        let ids = batch.iter().map(|item| (item.info.id.as_str(), item.info.is_offline));
        let connection = self.order.admit(ids).ok_or(NotStored)?;
        let replayed: HashSet<&str> =
            batch.iter().map(|item| item.info.id.as_str()).filter(|id| self.replays.take(id)).collect();
        let stored = self.store(&client, batch).await;
        let inbound = stored.inspect_err(|_| self.order.missed(connection))?;
        self.history.settle(&client, &inbound, |id| replayed.contains(id)).await?;
        Ok(())
    }
}

impl Hook {
    async fn store(&self, client: &Client, batch: &[InboundMessage]) -> Result<Vec<Inbound>, NotStored> {
        let mut inbound = Vec::with_capacity(batch.len());
        for item in batch {
            let mut came = identified(client, Arc::clone(&item.message), Arc::clone(&item.info)).await;
            came.vote = votes::open(client, &*self.sink, &came, &inbound).await?;
            inbound.push(came);
        }
        self.sink.store(inbound.clone()).await?;
        Ok(inbound)
    }
}

/// Adds what the device knows about the other person.
pub(super) async fn identified(
    client: &Client,
    message: Arc<wa::Message>,
    info: Arc<MessageInfo>,
) -> Inbound {
    let contact = known(client, counterpart(&info)).await;
    Inbound { message, info, contact, vote: None }
}
