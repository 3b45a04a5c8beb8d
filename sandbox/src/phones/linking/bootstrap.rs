//! What a phone tells a companion that has just been linked (protocol, "phone bootstrap").

use super::super::Simulated;
use super::super::address::DeviceAddress;
use super::super::app_state::key_share;
use super::super::outbound::Peer;
use crate::ports::{CompanionAddress, KeyBundle, PairingRequest, PortError, PortResult};
use wacore_binary::Jid;

impl Simulated {
    /// Push name first, so that the sync which the key share sets off finds it; then the key share
    /// (it starts the session), then the history.
    pub(in super::super) async fn bootstrap(
        &self,
        companion: &CompanionAddress,
        request: &PairingRequest,
    ) -> PortResult<()> {
        let phone = self.phone(&companion.pn).await?;
        let network = self.network()?;
        let device = companion.device;
        let bundle = match network.take_bundle(&Jid::pn_device(phone.pn(), device)).await {
            Ok(bundle) => bundle,
            // X3DH without a one-time key is legal and needs no upload
            Err(PortError::NotFound(_)) => registered_bundle(request),
            Err(error) => return Err(error),
        };
        self.publish_push_name(&phone, false).await?;
        let companions = network.companions(phone.pn()).await?;
        let keys = self.store.sync_keys(&phone).await?;
        let message = key_share(&phone, &keys, &companions, &keys.ids());
        self.send_peer(&phone, Peer { device, bundle: Some(&bundle), message }).await?;
        self.send_history(&phone, device, &request.device_props).await
    }

    pub(in super::super) async fn forget_companion(&self, companion: &CompanionAddress) -> PortResult<()> {
        let device = DeviceAddress::new(companion.pn.as_str(), companion.device);
        self.store.forget_session(&companion.pn, &device).await?;
        // the device that is gone has the old key
        self.rotate_app_state_key(&companion.pn).await?;
        Ok(())
    }
}

fn registered_bundle(request: &PairingRequest) -> KeyBundle {
    KeyBundle {
        registration_id: request.registration_id,
        identity: request.identity,
        signed_pre_key: request.signed_pre_key,
        one_time: None,
        device_identity: None,
    }
}
