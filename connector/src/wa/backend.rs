//! The device's store in SQL: whatsapp-rust's five store traits over [`WaStore`].
//!
//! Only conversion lives here. A writer that has lost its lease gets an error from every write, so a
//! send fails before its ciphertext leaves.

mod app_sync;
mod device;
mod owed;
mod protocol;
mod replays;
mod secrets;
mod sent;
mod signal;

pub use owed::Owed;
pub use replays::Replays;
pub use sent::SentMessages;

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use wacore::store::error::StoreError;
use wagate_domain::{
    ports::{PortError, PortResult},
    sessions::SessionKey,
};
use wagate_infra::sql::{Database, wa::WaStore};

use super::Ratchets;
use crate::ports::{BackendFactory, SessionStore};

/// The store of one session, writable while its owner's epoch is the one on record.
#[derive(Debug, Clone)]
pub struct SqlBackend {
    store: WaStore,
    sent: SentMessages,
    replays: Replays,
    ratchets: Ratchets,
}

impl SqlBackend {
    /// Over the store of a session.
    #[must_use]
    pub fn new(store: WaStore) -> Self {
        Self {
            store,
            sent: SentMessages::default(),
            replays: Replays::default(),
            ratchets: Ratchets::default(),
        }
    }
}

/// Opens stores in one database.
#[derive(Debug, Clone)]
pub struct SqlBackends {
    db: Database,
}

impl SqlBackends {
    /// In a database whose schema is up to date.
    #[must_use]
    pub const fn new(db: Database) -> Self {
        Self { db }
    }
}

#[async_trait]
impl BackendFactory for SqlBackends {
    async fn open(&self, session: SessionKey, epoch: u64) -> PortResult<SessionStore> {
        let backend = SqlBackend::new(WaStore::new(self.db.clone(), session, epoch));
        let (sent, replays, ratchets) =
            (backend.sent.clone(), backend.replays.clone(), backend.ratchets.clone());
        let owed = backend.owed().await?;
        Ok(SessionStore { sent, replays, ratchets, owed, backend: Arc::new(backend) })
    }

    async fn clear(&self, session: SessionKey, epoch: u64) -> PortResult<()> {
        WaStore::new(self.db.clone(), session, epoch).clear().await
    }
}

/// The library's form of a failed call; the cause is kept.
fn failed(error: PortError) -> StoreError {
    match error {
        PortError::Unavailable { .. } => StoreError::Connection(Box::new(error)),
        PortError::Stale | PortError::Internal { .. } => StoreError::Database(Box::new(error)),
    }
}

fn unreadable(error: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
    StoreError::Serialization(error.into())
}

fn to_record<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(unreadable)
}

fn from_record<T: DeserializeOwned>(record: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(record).map_err(unreadable)
}
