//! The phone's bootstrap of a new companion.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::core::Core;
use crate::ports::{Companion, CompanionAddress, PairingRequest, PortResult};
use crate::router::Origin;
use crate::state::{DeviceKey, DeviceRow};

/// Companions whose bootstrap is under way.
#[derive(Default)]
pub(crate) struct Bootstraps(Mutex<HashSet<DeviceKey>>);

impl Bootstraps {
    fn begin(&self, device: DeviceKey) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(device)
    }

    fn end(&self, device: DeviceKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&device);
    }
}

impl Core {
    /// Called when a companion has logged in and uploaded pre-keys. The first time, its phone
    /// sends it keys, names and history; when that fails the next upload or login tries again.
    pub(crate) fn companion_ready(self: &Arc<Self>, origin: &Origin) {
        let Some(device) = origin.account.device(origin.device) else { return };
        if device.ready || !self.bootstraps.begin(origin.key()) {
            return;
        }
        let core = Arc::clone(self);
        let origin = origin.clone();
        self.tasks.spawn(async move {
            if let Err(error) = core.bootstrap(&origin, &device).await {
                tracing::error!(companion = %origin.key(), %error, "bootstrap failed");
            }
            core.bootstraps.end(origin.key());
        });
    }

    async fn bootstrap(self: &Arc<Self>, origin: &Origin, device: &DeviceRow) -> PortResult<()> {
        let address = CompanionAddress { pn: origin.account.info.pn.clone(), device: origin.device };
        let request = PairingRequest {
            identity: device.identity,
            noise: device.noise,
            registration_id: device.registration_id,
            signed_pre_key: device.signed_pre_key,
            slot: Companion { device: device.device, key_index: device.key_index },
            device_props: device.device_props.clone(),
        };
        self.phones()?.companion_ready(&address, &request).await?;
        self.change_device(&origin.account, origin.device, |device| device.ready = true).await?;
        self.catch_up_app_state(origin).await?;
        Ok(())
    }
}
