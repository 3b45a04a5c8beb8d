//! Receipts: into the event log, and only then acknowledged.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    ContactIds, Env,
    events::{Event, EventData},
    ports::{EventLog, PortError},
    sessions::SessionKey,
};

use super::{
    Inbox, Input,
    outbox::{PATIENCE, chain, slow},
};
use crate::wa::{Held, Link, ReceiptNews};

/// Receipts written at a time.
const BATCH: usize = 200;
/// Pause before a write is repeated that failed.
const AGAIN: Duration = Duration::from_millis(500);

/// Receipts as they come from a device.
pub(super) type Receipts = mpsc::UnboundedReceiver<(ReceiptNews, Held)>;

/// Stores the receipts of one session under one epoch. It does not pass through the actor, which may itself be
/// waiting for the wire, and the wire waits for this.
pub(super) struct ReceiptStore {
    pub(super) env: Env,
    pub(super) session: SessionKey,
    pub(super) epoch: u64,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) inbox: Inbox,
}

impl ReceiptStore {
    /// Stores what comes, in order, until the device is closed or the session is somebody else's.
    pub(super) async fn run(self, link: Link, mut news: Receipts, closed: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let came = tokio::select! {
                came = news.recv_many(&mut batch, BATCH) => came,
                () = closed.cancelled(), if !news.is_closed() => {
                    news.close();
                    continue;
                }
            };
            if came == 0 {
                return;
            }
            let (told, held): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            if !self.store(&link, told).await {
                return;
            }
            held.into_iter().for_each(Held::stored);
        }
    }

    /// Writes a batch, again and again until it is written; `false` when the session is somebody else's.
    async fn store(&self, link: &Link, news: Vec<ReceiptNews>) -> bool {
        let mut events = Vec::with_capacity(news.len());
        for news in news {
            events.push(self.event(link, news).await);
        }
        let mut first = true;
        while !events.is_empty() {
            let append = self.log.append(self.session, Some(self.epoch), &events);
            match tokio::time::timeout(PATIENCE, append).await.unwrap_or_else(|_| Err(slow())) {
                Ok(()) => return true,
                Err(PortError::Stale) => {
                    // an actor that has ended knows it already
                    let _ = self.inbox.send(Input::LeaseLost);
                    return false;
                }
                Err(error) => {
                    if std::mem::take(&mut first) {
                        tracing::warn!(session = %self.session.id, error = %chain(&error), "receipts wait");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        true
    }

    async fn event(&self, link: &Link, news: ReceiptNews) -> Event {
        let ReceiptNews { chat, contact, ids, status, at } = news;
        let contact = if contact == ContactIds::default() { contact } else { link.known(contact).await };
        let data = EventData::MessageReceipt { chat, contact, stanza_ids: ids, status, at };
        Event::new(&self.env, self.session, data)
    }
}
