//! Messages of a chat stay in their order when one of them cannot be stored.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::oneshot;
use wagate_connector::{ConnectorHandle, ConnectorPorts};
use wagate_domain::{
    Timestamp,
    events::{Event, EventData},
    ports::{EventLog, Group, LogEntry, LogPosition, PortError, PortResult},
    sessions::SessionKey,
};
use wagate_infra::{redis::RedisLog, sql::wa::WaStore};

use crate::rig::Rig;

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

/// A log that cannot be written to, once: when the first message is to be.
struct Faltering {
    log: RedisLog,
    /// Rings when the first message has come, and waits to be let go.
    first: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
}

/// The other end of it.
struct Caught {
    came: oneshot::Receiver<()>,
    let_go: oneshot::Sender<()>,
}

impl Faltering {
    fn new(log: RedisLog) -> (Self, Caught) {
        let ((rings, came), (let_go, waits)) = (oneshot::channel(), oneshot::channel());
        (Self { log, first: Mutex::new(Some((rings, waits))) }, Caught { came, let_go })
    }
}

fn is_first(event: &Event) -> bool {
    matches!(&event.data, EventData::MessageReceived { message, .. } if message.content.text() == Some("first"))
}

#[async_trait]
impl EventLog for Faltering {
    async fn append(&self, session: SessionKey, epoch: Option<u64>, events: &[Event]) -> PortResult<()> {
        if events.iter().any(is_first) {
            let caught = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((rings, waits)) = caught {
                rings.send(()).expect("the test listens");
                waits.await.expect("the test lets go");
                return Err(PortError::Unavailable { what: "the log", source: "away for a moment".into() });
            }
        }
        self.log.append(session, epoch, events).await
    }

    async fn read(
        &self,
        group: Group,
        reader: &str,
        count: u32,
        block: Duration,
    ) -> PortResult<Vec<LogEntry>> {
        self.log.read(group, reader, count, block).await
    }

    async fn ack(&self, group: Group, positions: &[LogPosition]) -> PortResult<()> {
        self.log.ack(group, positions).await
    }

    async fn trim(&self) -> PortResult<u64> {
        self.log.trim().await
    }

    async fn lag(&self, group: Group) -> PortResult<u64> {
        self.log.lag(group).await
    }

    async fn oldest_unread(&self, group: Group) -> PortResult<Option<Timestamp>> {
        self.log.oldest_unread(group).await
    }
}

/// A linked session whose first message has come, and will not be stored at first: as soon as it is let go.
async fn faltering(rig: &Rig) -> (ConnectorHandle, SessionKey, oneshot::Sender<()>) {
    rig.phone(THEM).await;
    let (log, caught) = Faltering::new(rig.log());
    let connector = rig.connector_on(rig.config(), ConnectorPorts { log: Arc::new(log), ..rig.ports() });
    let session = rig.linked(US).await;
    rig.phone_says(THEM, US, "before").await;
    rig.received(session, "before").await;
    rig.phone_says(THEM, US, "first").await;
    caught.came.await.expect("it came");
    (connector, session, caught.let_go)
}

/// The texts that came in, in the order in which they were told.
async fn told(rig: &Rig, session: SessionKey) -> Vec<String> {
    for text in ["first", "second"] {
        rig.received(session, text).await;
    }
    let text = |data| match data {
        EventData::MessageReceived { message, .. } => message.content.text().map(str::to_owned),
        _ => None,
    };
    rig.events(session).into_iter().filter_map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_behind_a_message_that_was_not_stored_waits_for_it() {
    let rig = Rig::start().await;
    let (connector, session, let_go) = faltering(&rig).await;
    let_go.send(()).expect("it is held");
    rig.phone_says(THEM, US, "second").await;
    assert_eq!(told(&rig, session).await, ["before", "first", "second"]);
    connector.shutdown().await;
    rig.stop().await;
}

/// As when a process dies between reading a message and writing it down.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_read_and_is_nowhere_is_asked_for() {
    let rig = Rig::start().await;
    let (connector, session, let_go) = faltering(&rig).await;
    let store = WaStore::new(rig.db.clone(), session, 1);
    assert_eq!(store.delete_expired_pending_inbound(i64::MAX).await.unwrap(), 1, "it was written down");
    let_go.send(()).expect("it is held");
    rig.received(session, "first").await;
    connector.shutdown().await;
    rig.stop().await;
}
