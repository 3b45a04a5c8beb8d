//! Pre-key bundles, from a phone or from what a companion uploaded.

use std::sync::Arc;

use wacore_binary::Jid;

use crate::core::Core;
use crate::faults::{Effect, Subject, Whom};
use crate::ports::{KeyBundle, PortError, PortResult};

impl Core {
    /// The bundle of a device, with one one-time key that nobody else gets.
    pub(crate) async fn bundle(self: &Arc<Self>, device: &Jid) -> PortResult<KeyBundle> {
        let unknown = || PortError::NotFound(device.to_string());
        let account = self.user(device).await?.ok_or_else(unknown)?;
        let key = account.key(device.device);
        let effect = self.faults.decide(Whom { device: Some(key), connection: None }, &Subject::Bundle);
        if key.is_phone() {
            let bundle = self.phones()?.take_bundle(&account.info.pn).await?;
            return Ok(KeyBundle { one_time: bundle.one_time.filter(|_| effect.is_none()), ..bundle });
        }
        let row = account.device(device.device).ok_or_else(unknown)?;
        let (one_time, left) = match effect {
            None => self.state.take_pre_key(key).await?,
            Some(Effect::LosePreKeys) => {
                self.state.drop_pre_keys(key).await?;
                self.warn_few_pre_keys(key, 0).await?;
                (None, 0)
            }
            Some(_) => (None, 0),
        };
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
