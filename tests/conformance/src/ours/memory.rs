//! The messages a client has seen and sent: what later messages refer to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use wacore::types::events::InboundMessage;
use wacore_binary::{Jid, JidExt};
use waproto::whatsapp as wa;
use whatsapp_rust::{Client, InboundDurabilityHook};

use super::refusal;
use crate::client::Refusal;

/// Messages by id, and in order.
#[derive(Default)]
pub(super) struct Memory(Mutex<(HashMap<String, Kept>, Vec<String>)>);

/// A message, with who wrote it where.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) chat: Jid,
    pub(super) sender: Jid,
    pub(super) from_me: bool,
    pub(super) message: Arc<wa::Message>,
}

impl Kept {
    pub(super) fn of(item: &InboundMessage) -> Self {
        let source = &item.info.source;
        Self {
            id: item.info.id.clone(),
            chat: source.chat.clone(),
            sender: source.sender.to_non_ad(),
            from_me: source.is_from_me,
            message: Arc::clone(&item.message),
        }
    }

    /// The key by which others refer to it.
    pub(super) fn key(&self) -> wa::MessageKey {
        let in_a_crowd = self.chat.is_group() || self.chat.is_status_broadcast();
        wa::MessageKey {
            remote_jid: Some(self.chat.to_string()),
            from_me: Some(self.from_me),
            id: Some(self.id.clone()),
            participant: in_a_crowd.then(|| self.sender.to_string()),
        }
    }

    /// The secret that votes and answers are encrypted with.
    pub(super) fn secret(&self) -> Result<Vec<u8>, Refusal> {
        let context = self.message.message_context_info.as_option();
        context.and_then(|context| context.message_secret.clone()).ok_or_else(|| refusal("it has no secret"))
    }
}

impl Memory {
    pub(super) fn keep(&self, kept: Kept) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = kept.id.clone();
        known.0.insert(id.clone(), kept);
        known.1.push(id);
    }

    pub(super) fn find(&self, id: &str) -> Result<Kept, Refusal> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.0.get(id).cloned().ok_or_else(|| refusal(format!("this client has not seen message {id}")))
    }

    /// All messages, oldest first.
    pub(super) fn all(&self) -> Vec<Kept> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.1.iter().filter_map(|id| known.0.get(id).cloned()).collect()
    }

    /// Messages are kept before the server hears that we have them.
    pub(super) fn hook(self: &Arc<Self>) -> impl InboundDurabilityHook + use<> {
        Keeps(Arc::clone(self))
    }
}

struct Keeps(Arc<Memory>);

#[async_trait]
impl InboundDurabilityHook for Keeps {
    async fn on_messages(&self, _client: Arc<Client>, batch: &[InboundMessage]) -> anyhow::Result<()> {
        batch.iter().for_each(|item| self.0.keep(Kept::of(item)));
        Ok(())
    }
}
