//! What the device tells besides messages: into the event log, in order, and only then acknowledged.
//!
//! It does not pass through the actor and its outbox: the actor may itself be waiting for the wire, and the wire
//! waits for this.

use std::{sync::Arc, time::Duration};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    ContactIds, Env,
    events::{Event, EventData, GroupChange},
    ports::{EventLog, PortError},
    sessions::SessionKey,
};

use super::{
    Inbox, Input,
    outbox::{PATIENCE, chain, slow},
};
use crate::{
    convert::{Ringing, news},
    wa::{Held, Link, News},
};

/// News written at a time.
const BATCH: usize = 200;
/// Pause before a write is repeated that failed.
const AGAIN: Duration = Duration::from_millis(500);

/// News as they come from a device.
pub(super) type NewsFeed = mpsc::UnboundedReceiver<(News, Option<Held>)>;

/// Stores the news of one session under one epoch.
pub(super) struct NewsStore {
    pub(super) env: Env,
    pub(super) session: SessionKey,
    pub(super) epoch: u64,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) inbox: Inbox,
}

impl NewsStore {
    /// Stores what comes, in order, until the device is closed or the session is somebody else's.
    pub(super) async fn run(self, link: Link, mut feed: NewsFeed, closed: CancellationToken) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut ringing = Ringing::default();
        loop {
            let came = tokio::select! {
                came = feed.recv_many(&mut batch, BATCH) => came,
                () = closed.cancelled(), if !feed.is_closed() => {
                    feed.close();
                    continue;
                }
            };
            if came == 0 {
                return;
            }
            let (told, held): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
            let mut events = Vec::with_capacity(told.len());
            for piece in told {
                for data in news(&piece, &link.own(), &mut ringing) {
                    events.push(Event::new(&self.env, self.session, identified(&link, data).await));
                }
            }
            if !self.store(&events).await {
                return;
            }
            held.into_iter().flatten().for_each(Held::stored);
        }
    }

    /// Writes a batch, again and again until it is written; `false` when the session is somebody else's.
    async fn store(&self, events: &[Event]) -> bool {
        let mut first = true;
        while !events.is_empty() {
            let append = self.log.append(self.session, Some(self.epoch), events);
            match tokio::time::timeout(PATIENCE, append).await.unwrap_or_else(|_| Err(slow())) {
                Ok(()) => return true,
                Err(PortError::Stale) => {
                    // an actor that has ended knows it already
                    let _ = self.inbox.send(Input::LeaseLost);
                    return false;
                }
                Err(error) => {
                    if std::mem::take(&mut first) {
                        tracing::warn!(session = %self.session.id, error = %chain(&error), "news wait");
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        true
    }
}

/// Adds what the device knows about the people in an event.
async fn identified(link: &Link, mut data: EventData) -> EventData {
    for person in people(&mut data) {
        if *person != ContactIds::default() {
            *person = link.known(std::mem::take(person)).await;
        }
    }
    data
}

/// Everybody an event names.
fn people(data: &mut EventData) -> Vec<&mut ContactIds> {
    match data {
        EventData::MessageReceipt { contact, .. }
        | EventData::PresenceSeen { contact, .. }
        | EventData::ChatChanged { contact, .. }
        | EventData::ContactUpdated { contact, .. } => vec![contact],
        EventData::MessageDeleted { target, by, .. } => vec![&mut target.contact, &mut by.contact],
        EventData::CallSeen(call) => vec![&mut call.from],
        EventData::GroupChanged { by, change, .. } => {
            let mut people = vec![&mut by.contact];
            if let GroupChange::Added { participants }
            | GroupChange::Removed { participants }
            | GroupChange::Promoted { participants }
            | GroupChange::Demoted { participants } = change
            {
                people.extend(participants);
            }
            people
        }
        _ => Vec::new(),
    }
}
