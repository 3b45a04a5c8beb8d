//! The device itself: keys, credentials, counters; opaque here.

use sea_orm::sea_query::OnConflict;
use wagate_domain::ports::PortResult;

use super::{WaStore, bytes, table::Table};

pub(super) const DEVICES: Table = Table { name: "wa_devices", key: &[], values: &["record"] };

/// The device. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// Stores the device.
    pub async fn put_device(&self, record: &[u8]) -> PortResult<()> {
        self.upsert(DEVICES, vec![(vec![], vec![bytes(record)])]).await
    }

    /// Stores the device unless there is one.
    pub async fn put_device_if_absent(&self, record: &[u8]) -> PortResult<()> {
        let mut keep: OnConflict = DEVICES.on_key();
        keep.do_nothing();
        let rows = vec![(vec![], vec![bytes(record)])];
        self.run(DEVICES.inserts(self.session, rows, &keep)?).await.map(drop)
    }

    /// The device.
    pub async fn device(&self) -> PortResult<Option<Vec<u8>>> {
        self.record(DEVICES, vec![]).await
    }
}
