//! The device: keys and credentials, in the library's own serialised form.

use async_trait::async_trait;
use wacore::store::{Device, error::Result, traits::DeviceStore};

use super::{SqlBackend, failed, from_record, to_record};

/// A store holds one device.
const DEVICE_ID: i32 = 1;

#[async_trait]
impl DeviceStore for SqlBackend {
    async fn save(&self, device: &Device) -> Result<()> {
        self.store.put_device(&to_record(device)?).await.map_err(failed)
    }

    async fn load(&self) -> Result<Option<Device>> {
        let record = self.store.device().await.map_err(failed)?;
        record.as_deref().map(from_record).transpose()
    }

    async fn exists(&self) -> Result<bool> {
        Ok(self.store.device().await.map_err(failed)?.is_some())
    }

    async fn create(&self) -> Result<i32> {
        self.store.put_device_if_absent(&to_record(&Device::new())?).await.map_err(failed)?;
        Ok(DEVICE_ID)
    }
}
