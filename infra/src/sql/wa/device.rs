//! The device itself: keys, credentials, counters; opaque here.

use sea_orm::sea_query::OnConflict;
use wagate_domain::ports::PortResult;

use super::{
    WaStore,
    table::{Row, Table},
};

pub(super) const DEVICES: Table = Table { name: "wa_devices", key: &[], sealed: &["record"], values: &[] };

/// The device. `# Errors` of every method: see [the module](super).
impl WaStore {
    /// Stores the device.
    pub async fn put_device(&self, record: &[u8]) -> PortResult<()> {
        self.upsert(DEVICES, vec![Row::record(vec![], record)]).await
    }

    /// Stores the device unless there is one.
    pub async fn put_device_if_absent(&self, record: &[u8]) -> PortResult<()> {
        let mut keep: OnConflict = DEVICES.on_key();
        keep.do_nothing();
        self.merge(DEVICES, vec![Row::record(vec![], record)], keep).await
    }

    /// The device.
    pub async fn device(&self) -> PortResult<Option<Vec<u8>>> {
        self.record(DEVICES, vec![]).await
    }
}
