//! What a connector needs of the outside.

use std::sync::Arc;

use async_trait::async_trait;
use wacore::store::traits::Backend;
use wagate_domain::{
    ports::{
        EventLog, Lanes, Leases, MediaIndex, Messages, Objects, Polls, PortResult, SessionCalls, Sessions,
    },
    sessions::SessionKey,
};

use crate::wa::{Lost, Order, Owed, Ratchets, Replays, SentMessages};

/// The machines behind a connector.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct ConnectorPorts {
    /// Sessions on record; authority over epochs.
    pub sessions: Arc<dyn Sessions>,
    /// Who holds which session.
    pub leases: Arc<dyn Leases>,
    /// Calls from the API and pairings on offer.
    pub calls: Arc<dyn SessionCalls>,
    /// Polls that votes may still come in for.
    pub polls: Arc<dyn Polls>,
    /// Messages on record: with whom a session has written before.
    pub messages: Arc<dyn Messages>,
    /// The queue of sends.
    pub lanes: Arc<dyn Lanes>,
    /// The event log.
    pub log: Arc<dyn EventLog>,
    /// Media objects.
    pub objects: Arc<dyn Objects>,
    /// Media objects on record.
    pub media: Arc<dyn MediaIndex>,
}

/// The store of one session, as its owner has opened it.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a backend has nothing to show")]
pub struct SessionStore {
    /// Credentials and Signal state.
    pub backend: Arc<dyn Backend>,
    /// What of it is on its way to the disk while the message it is about is on its way to WhatsApp.
    pub sent: SentMessages,
    /// Which inbound messages were handed out of it a second time.
    pub replays: Replays,
    /// What inbound messages have changed in it that is still on its way to the disk.
    pub ratchets: Ratchets,
    /// Over which connection inbound messages came.
    pub order: Order,
    /// Which of them came again, and are nowhere.
    pub lost: Lost,
    /// Pieces of history that were announced to an earlier owner and are not on record.
    pub owed: Vec<Owed>,
}

/// Opens the store in which a session keeps its credentials and Signal state.
#[async_trait]
pub trait BackendFactory: Send + Sync {
    /// The session's store, writable while `epoch` is the owner's.
    async fn open(&self, session: SessionKey, epoch: u64) -> PortResult<SessionStore>;

    /// Forgets credentials and Signal state: the device was unlinked.
    async fn clear(&self, session: SessionKey, epoch: u64) -> PortResult<()>;
}
