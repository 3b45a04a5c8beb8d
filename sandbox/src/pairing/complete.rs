//! From a scanned QR code to a stored companion.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use buffa::Message as _;
use bytes::Bytes;
use wacore_binary::builder::NodeBuilder;
use wacore_libsignal::protocol::PublicKey;
use waproto::codec::{
    adv_signed_device_identity_decode, adv_signed_device_identity_hmac_decode,
    adv_signed_device_identity_to_vec,
};
use waproto::whatsapp::ClientPairingProps;

use super::link::Link;
use crate::core::Core;
use crate::nodes::blob;
use crate::ports::{CompanionAddress, PairingRequest, PortError, PortResult};
use crate::router::{Account, ListChange};
use crate::state::DeviceRow;

/// How long a companion may take to countersign.
const COUNTERSIGN: Duration = Duration::from_secs(20);

impl Core {
    /// A QR code was scanned by the phone `pn`.
    pub(crate) async fn pair_by_reference(
        self: &Arc<Self>,
        pn: &str,
        reference: &str,
        adv_secret: [u8; 32],
    ) -> PortResult<CompanionAddress> {
        let link = self
            .pairings
            .by_reference(reference)
            .ok_or_else(|| PortError::NotFound("no companion shows this QR code".into()))?;
        if self.clock.since(link.since) >= link.lifetime(reference, &self.config) {
            return Err(PortError::Refused("the QR code has expired".into()));
        }
        let account = self.make(pn).await?;
        let _claim = link.claim()?;
        // Guarded by a passkey, the account takes no secret that stood in a picture.
        let guarded = account.options().passkey;
        let adv_secret =
            if guarded { self.agree_by_passkey(&account, &link, reference).await? } else { adv_secret };
        self.complete(&account, &link, adv_secret).await
    }

    /// Signs, sends pair-success, waits for the companion's signature, stores the device and
    /// restarts the stream.
    pub(super) async fn complete(
        self: &Arc<Self>,
        account: &Arc<Account>,
        link: &Arc<Link>,
        adv_secret: [u8; 32],
    ) -> PortResult<CompanionAddress> {
        let slot = self.allot_slot(account).await?;
        let request = link.registration.request(slot);
        let container = self.phones()?.sign_companion(&account.info.pn, &request, adv_secret).await?;
        let device = NodeBuilder::new("device")
            .attr("jid", account.pn_jid(slot.device))
            .attr("lid", account.lid_jid(slot.device))
            .build();
        let platform = NodeBuilder::new("platform").attr("name", "android").build();
        let identity = blob("device-identity", container.to_vec());
        let props = self.config.lid_migrated.then(|| {
            let props = ClientPairingProps { is_chat_db_lid_migrated: Some(true), ..Default::default() };
            blob("client-props", props.encode_to_vec())
        });
        let children = [identity, device, platform].into_iter().chain(props);
        let success = NodeBuilder::new("pair-success").children(children).build();
        let answer = link.send_success(success);
        let signed = tokio::select! {
            answer = tokio::time::timeout(COUNTERSIGN, answer) => answer,
            () = link.conn.gone.cancelled() => {
                return Err(PortError::Refused("the companion disconnected while pairing".into()));
            }
        };
        let signed = signed
            .map_err(|_| PortError::Refused("the companion did not countersign in time".into()))?
            .map_err(|_| PortError::Refused("the companion disconnected while pairing".into()))?
            .map_err(|text| PortError::Refused(format!("the companion refused: {text}")))?;
        let signed_identity = checked_identity(&container, &signed, &request, account)
            .map_err(|error| PortError::Refused(format!("the companion's signature is wrong: {error:#}")))?;
        self.add_device(account, stored(&request, signed_identity)).await?;
        self.pairings.remove(link);
        link.conn.end_with(NodeBuilder::new("stream:error").attr("code", 515).build());
        self.announce(account, slot, ListChange::Added).await?;
        tracing::info!(pn = account.pn, device = slot.device, "companion linked");
        Ok(CompanionAddress { pn: account.info.pn.clone(), device: slot.device })
    }
}

fn stored(request: &PairingRequest, signed_identity: Bytes) -> DeviceRow {
    DeviceRow {
        device: request.slot.device,
        key_index: request.slot.key_index,
        registration_id: request.registration_id,
        identity: request.identity,
        noise: request.noise,
        signed_pre_key: request.signed_pre_key,
        signed_identity,
        device_props: request.device_props.clone(),
        ready: false,
        push_name: None,
    }
}

/// Checks that the companion signed exactly what the phone signed, and returns the complete
/// identity. Some clients strip the account's signature key from their answer; it is put back.
fn checked_identity(
    container: &[u8],
    signed: &[u8],
    request: &PairingRequest,
    account: &Account,
) -> Result<Bytes> {
    let hmac = adv_signed_device_identity_hmac_decode(container)?;
    let mut sent = adv_signed_device_identity_decode(hmac.details.as_deref().context("container is empty")?)?;
    let answer = adv_signed_device_identity_decode(signed)?;
    ensure!(answer.details == sent.details, "details differ");
    ensure!(answer.account_signature == sent.account_signature, "account signature differs");
    let details = sent.details.as_deref().context("details are missing")?;
    let signature = answer.device_signature.context("device signature is missing")?;
    let account_key = account.phone().identity;
    let mut message = vec![6, 1];
    message.extend_from_slice(details);
    message.extend_from_slice(&request.identity);
    message.extend_from_slice(&account_key);
    let key = PublicKey::from_djb_public_key_bytes(&request.identity)?;
    ensure!(key.verify_signature(&message, &signature), "device signature does not verify");
    sent.account_signature_key = Some(account_key.to_vec());
    sent.device_signature = Some(signature);
    Ok(adv_signed_device_identity_to_vec(&sent).into())
}
