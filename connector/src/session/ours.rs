//! Whether the session is still ours, asked before its device connects.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use wagate_domain::{ports::Leases, sessions::SessionKey};

use super::{Inbox, Input, Shared};
use crate::wa::Ownership;

/// How long the answer may take; who cannot be asked forbids nothing.
const PATIENCE: Duration = Duration::from_secs(3);

/// One session under one epoch.
pub(super) struct Ours {
    leases: Arc<dyn Leases>,
    session: SessionKey,
    epoch: u64,
    inbox: Inbox,
}

impl Ours {
    pub(super) fn new(shared: &Shared, (session, epoch): (SessionKey, u64), inbox: Inbox) -> Self {
        Self { leases: Arc::clone(&shared.ports.leases), session, epoch, inbox }
    }
}

#[async_trait]
impl Ownership for Ours {
    async fn is_ours(&self) -> bool {
        let owner = tokio::time::timeout(PATIENCE, self.leases.owner(self.session)).await;
        let lost = matches!(owner, Ok(Ok(Some((_, epoch)))) if epoch > self.epoch);
        if lost {
            // an actor that has ended has no inbox, and needs none
            let _ = self.inbox.send(Input::LeaseLost);
        }
        !lost
    }
}
