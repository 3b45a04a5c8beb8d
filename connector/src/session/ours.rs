//! Whether the session is still ours, asked before its device connects.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use wagate_domain::sessions::SessionKey;

use super::{Inbox, Input, Shared};
use crate::wa::Ownership;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// One session under one epoch.
pub(super) struct Ours {
    shared: Arc<Shared>,
    session: SessionKey,
    epoch: u64,
    inbox: Inbox,
}

impl Ours {
    pub(super) fn new(shared: &Arc<Shared>, (session, epoch): (SessionKey, u64), inbox: Inbox) -> Self {
        Self { shared: Arc::clone(shared), session, epoch, inbox }
    }

    /// The newest epoch that is known; `None` when nobody answers.
    async fn newest(&self) -> Option<u64> {
        let ports = &self.shared.ports;
        let owner = tokio::time::timeout(PATIENCE, ports.leases.owner(self.session)).await;
        if let Ok(Ok(Some((_, epoch)))) = owner {
            return Some(epoch);
        }
        // a process that has slept finds its connections to Redis dead; the record is the authority anyway
        let record = ports.sessions.get(self.session.workspace, self.session.id);
        let record = tokio::time::timeout(PATIENCE, record).await.ok()?.ok()?;
        // one that was deleted meanwhile is nobody else's
        Some(record.map_or(self.epoch, |session| session.epoch))
    }
}

#[async_trait]
impl Ownership for Ours {
    async fn is_ours(&self) -> bool {
        let newest = self.newest().await;
        if newest.is_some_and(|epoch| epoch > self.epoch) {
            // an actor that has ended has no inbox, and needs none
            let _ = self.inbox.send(Input::LeaseLost);
        }
        newest.is_some_and(|epoch| epoch <= self.epoch)
    }
}
