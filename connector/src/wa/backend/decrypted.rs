//! Decrypted messages on their way to the disk, which ratchets wait for.
//!
//! A ratchet that is on record without the message that has moved it on makes the message, when it comes again, look like one
//! that was handed on before: it is acknowledged, and nobody ever sees it. The protocol crate writes the two down apart from
//! each other, so that a process may die, or SQL be away, between them. Here the messages come first.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::RwLock;
use wagate_domain::ports::PortResult;
use wagate_infra::sql::wa::{PendingInbound, WaStore};

/// Chat, sender and WhatsApp's id of a message.
type Key = (String, String, String);

/// The messages of one device that are not known to be on disk. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Decrypted {
    /// Whoever writes messages down shares it; whoever waits for all of them takes it alone.
    under_way: Arc<RwLock<()>>,
    left: Arc<Mutex<BTreeMap<Key, Vec<u8>>>>,
}

impl Decrypted {
    /// Writes messages down; those that cannot be are kept.
    pub(super) async fn store(
        &self,
        store: &WaStore,
        messages: &[(PendingInbound<'_>, &[u8])],
    ) -> PortResult<()> {
        let _under_way = self.under_way.read().await;
        self.left().extend(messages.iter().map(|(place, message)| (key(*place), message.to_vec())));
        store.put_pending_inbound(messages.iter().copied()).await?;
        for (place, _) in messages {
            self.forget(*place);
        }
        Ok(())
    }

    /// Waits for messages that are being written down, and writes those down that could not be.
    pub(super) async fn settle(&self, store: &WaStore) -> PortResult<()> {
        let _alone = self.under_way.write().await;
        let left = self.left().clone();
        if left.is_empty() {
            return Ok(());
        }
        let messages = left.iter().map(|(key, message)| (place(key), message.as_slice()));
        store.put_pending_inbound(messages).await?;
        self.left().clear();
        Ok(())
    }

    /// A message that is not known to be on disk.
    pub(super) fn get(&self, place: PendingInbound<'_>) -> Option<Vec<u8>> {
        self.left().get(&key(place)).cloned()
    }

    /// A message is on disk, or has been handed on.
    pub(super) fn forget(&self, place: PendingInbound<'_>) {
        self.left().remove(&key(place));
    }

    fn left(&self) -> MutexGuard<'_, BTreeMap<Key, Vec<u8>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(PendingInbound { chat, sender, id }: PendingInbound<'_>) -> Key {
    (chat.to_owned(), sender.to_owned(), id.to_owned())
}

fn place((chat, sender, id): &Key) -> PendingInbound<'_> {
    PendingInbound { chat, sender, id }
}
