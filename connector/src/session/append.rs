//! Appending to the log what must not be lost, however long that takes.

use std::{sync::Arc, time::Duration};

use wagate_domain::{
    events::Event,
    ports::{EventLog, PortError},
    sessions::SessionKey,
};

use super::{
    Inbox, Input,
    outbox::{PATIENCE, Stale, chain, slow},
};

/// Pause before a write is repeated that failed.
const AGAIN: Duration = Duration::from_millis(500);

/// Appends to the log of one session under one epoch.
#[derive(Clone)]
pub(super) struct Appender {
    pub(super) session: SessionKey,
    pub(super) epoch: u64,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) inbox: Inbox,
}

impl Appender {
    /// Appends, again and again until it is done or the session is somebody else's.
    pub(super) async fn append(&self, events: &[Event]) -> Result<(), Stale> {
        let mut first = true;
        while !events.is_empty() {
            let append = self.log.append(self.session, Some(self.epoch), events);
            match tokio::time::timeout(PATIENCE, append).await.unwrap_or_else(|_| Err(slow())) {
                Ok(()) => return Ok(()),
                Err(PortError::Stale) => {
                    // an actor that has ended knows it already
                    let _ = self.inbox.send(Input::LeaseLost);
                    return Err(Stale);
                }
                Err(error) => {
                    if std::mem::take(&mut first) {
                        tracing::warn!(session = %self.session.id, error = %chain(&error), "news wait");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        Ok(())
    }
}
