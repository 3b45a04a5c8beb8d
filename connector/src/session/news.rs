//! What the device tells besides messages: into the event log, in order, and only then acknowledged.
//!
//! It does not pass through the actor and its outbox: the actor may itself be waiting for the wire, and the wire
//! waits for this.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    ContactIds, Env,
    events::{Event, EventData, GroupChange},
};

use super::append::Appender;
use crate::{
    convert::{Ringing, news},
    wa::{Held, Link, News},
};

/// News written at a time.
const BATCH: usize = 200;

/// News as they come from a device.
pub(super) type NewsFeed = mpsc::UnboundedReceiver<(News, Option<Held>)>;

/// Stores the news of one session under one epoch.
pub(super) struct NewsStore {
    pub(super) env: Env,
    pub(super) appender: Appender,
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
                    events.push(Event::new(&self.env, self.appender.session, identified(&link, data).await));
                }
            }
            if self.appender.append(&events).await.is_err() {
                return;
            }
            held.into_iter().flatten().for_each(Held::stored);
        }
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
