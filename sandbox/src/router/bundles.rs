//! Pre-key bundles, from a phone or from what a companion uploaded.

use std::sync::Arc;

use wacore_binary::Jid;

use crate::core::Core;
use crate::ports::{KeyBundle, PortError, PortResult};

impl Core {
    /// The bundle of a device, with one one-time key that nobody else gets.
    pub(crate) async fn bundle(self: &Arc<Self>, device: &Jid) -> PortResult<KeyBundle> {
        let unknown = || PortError::NotFound(device.to_string());
        let account = self.user(device).await?.ok_or_else(unknown)?;
        if device.device == 0 {
            return self.phones()?.take_bundle(&account.info.pn).await;
        }
        let row = account.device(device.device).ok_or_else(unknown)?;
        let key = account.key(device.device);
        let (one_time, left) = self.state.take_pre_key(key).await?;
        if one_time.is_some() {
            self.warn_few_pre_keys(key, left).await?;
        }
        Ok(KeyBundle {
            registration_id: row.registration_id,
            identity: row.identity,
            signed_pre_key: row.signed_pre_key,
            one_time,
            device_identity: Some(row.signed_identity.clone()),
        })
    }
}
