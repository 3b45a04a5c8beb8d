//! The device's store in SQL: whatsapp-rust's five store traits over [`WaStore`].
//!
//! Only conversion lives here. A writer that has lost its lease gets an error from every write, so a
//! send fails before its ciphertext leaves.

mod app_sync;
mod decrypted;
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

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};
use wacore::store::error::StoreError;
use wagate_domain::{
    ports::{PortError, PortResult},
    sessions::SessionKey,
};
use wagate_infra::sql::{Database, wa::WaStore};

use self::decrypted::Decrypted;
use super::{Lost, Order, Ratchets};
use crate::ports::{BackendFactory, SessionStore};

/// Pause before what could not be read is read again.
const AGAIN: Duration = Duration::from_millis(200);

/// The store of one session, writable while its owner's epoch is the one on record.
#[derive(Debug, Clone)]
pub struct SqlBackend {
    store: WaStore,
    sent: SentMessages,
    replays: Replays,
    ratchets: Ratchets,
    order: Order,
    lost: Lost,
    decrypted: Decrypted,
}

impl SqlBackend {
    /// Over the store of a session.
    #[must_use]
    pub fn new(store: WaStore) -> Self {
        let order = Order::default();
        Self {
            store,
            sent: SentMessages::default(),
            replays: Replays::default(),
            ratchets: Ratchets::new(order.catchup().clone()),
            order,
            lost: Lost::default(),
            decrypted: Decrypted::default(),
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
        let (order, lost) = (backend.order.clone(), backend.lost.clone());
        let owed = backend.owed().await?;
        Ok(SessionStore { sent, replays, ratchets, order, lost, owed, backend: Arc::new(backend) })
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

/// Reads, again and again while SQL is away. The protocol crate takes a read that failed for a message that cannot be
/// decrypted and refuses it (`ack error="500"`), and WhatsApp never sends that again.
async fn patiently<T, F>(read: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = PortResult<T>>,
{
    let mut first = true;
    loop {
        match read().await {
            Err(error @ PortError::Unavailable { .. }) => {
                if std::mem::take(&mut first) {
                    tracing::warn!(error = &error as &dyn Error, "Signal state waits to be read");
                }
                tokio::time::sleep(AGAIN).await;
            }
            outcome => return outcome.map_err(failed),
        }
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

#[cfg(test)]
mod tests {
    use std::{io, sync::atomic::AtomicU32, sync::atomic::Ordering};

    use super::*;

    fn away() -> PortError {
        PortError::Unavailable { what: "SQL", source: Box::new(io::Error::other("away")) }
    }

    #[tokio::test]
    async fn a_read_waits_until_sql_is_back_and_for_nothing_else() {
        let reads = AtomicU32::new(0);
        let third = || async {
            match reads.fetch_add(1, Ordering::Relaxed) {
                0 | 1 => Err(away()),
                n => Ok(n),
            }
        };
        assert_eq!(patiently(third).await.unwrap(), 2);
        let broken = patiently(|| async { Err::<(), _>(PortError::Stale) }).await;
        assert!(matches!(broken, Err(StoreError::Database(_))), "{broken:?}");
    }
}
