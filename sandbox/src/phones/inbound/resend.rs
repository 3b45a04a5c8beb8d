//! Retry receipts: somebody could not decrypt what the phone sent.

use std::sync::Arc;

use wacore::iq::prekeys::{OneTimePreKeyNode, SignedPreKeyNode};
use wacore::messages::wrap_device_sent;
use wacore::protocol::ProtocolNode;
use wacore::protocol::retry::{MAX_RETRY_COUNT, extract_registration_id_from_node, get_bytes_content};
use wacore::types::message::AddressingMode;
use wacore_binary::{Jid, Node};

use super::super::Simulated;
use super::super::account::Phone;
use super::super::address::{DeviceAddress, is_direct};
use super::super::outbound::{Resend, ResendKind, resend_stanza};
use super::super::store::Direction;
use crate::ports::{KeyBundle, PortError, PortResult};

impl Simulated {
    /// Encrypts the message again, for the asking device alone and in a new session.
    pub(super) async fn resend(
        &self,
        phone: &Arc<Phone>,
        from: &Jid,
        id: &str,
        node: &Node,
    ) -> PortResult<()> {
        let count = node
            .get_optional_child("retry")
            .and_then(|retry| retry.attrs().optional_u64("count"))
            .unwrap_or(1);
        let message =
            self.store.message(phone.pn(), id).await?.filter(|message| message.direction != Direction::In);
        let Some(message) = message.filter(|_| count < u64::from(MAX_RETRY_COUNT)) else {
            tracing::warn!(pn = phone.pn(), id, count, "phone does not answer a retry receipt");
            return Ok(());
        };
        // in a group the receipt comes from the group and names the device
        let asking = node.attrs().optional_jid("participant").filter(|_| !is_direct(from));
        let asking = asking.as_ref().unwrap_or(from);
        let contact = self.contact(asking).await?;
        let device = DeviceAddress::new(contact.pn.as_str(), asking.device);
        let bundle = match bundle_in(node)? {
            Some(bundle) => bundle,
            None => self.network()?.take_bundle(asking).await?,
        };
        let stored = waproto::codec::message_decode(&message.raw).map_err(anyhow::Error::from)?;
        let kind = match message.direction {
            Direction::Peer => ResendKind::Peer,
            _ if !is_direct(from) => {
                self.store.forget_holder(phone.pn(), &from.to_string(), &device.key()).await?;
                let mode = if asking.is_lid() { AddressingMode::Lid } else { AddressingMode::Pn };
                ResendKind::Member(from.clone(), mode)
            }
            _ if phone.is_own(&contact.pn) => {
                ResendKind::OwnCopy(message.chat_jid.parse().map_err(anyhow::Error::from)?)
            }
            _ => ResendKind::Recipient,
        };
        let wire = match &kind {
            ResendKind::OwnCopy(chat) => wrap_device_sent(stored.clone(), chat.to_string()),
            _ => stored.clone(),
        };
        let sealed = self.seal_fresh(phone, &device, &bundle, &wire).await?;
        let resend = Resend { to: asking, id, count, message: &stored, sealed: &sealed, kind };
        let stanza = resend_stanza(&resend);
        self.network()?.submit(phone.pn(), stanza).await?;
        Ok(())
    }
}

/// The key bundle in a retry receipt.
fn bundle_in(receipt: &Node) -> PortResult<Option<KeyBundle>> {
    let Some(keys) = receipt.get_optional_child("keys") else {
        return Ok(None);
    };
    let bad = |what: &str| PortError::Refused(format!("retry receipt with bad {what}"));
    let registration_id = extract_registration_id_from_node(receipt).ok_or_else(|| bad("registration"))?;
    let identity =
        keys.get_optional_child("identity").and_then(get_bytes_content).ok_or_else(|| bad("identity"))?;
    let signed = keys.get_optional_child("skey").ok_or_else(|| bad("skey"))?;
    let signed = SignedPreKeyNode::try_from_node(signed).map_err(|_| bad("skey"))?;
    let one_time = keys
        .get_optional_child("key")
        .map(|key| {
            let key = OneTimePreKeyNode::try_from_node(key).map_err(|_| bad("key"))?;
            key.public_bytes.try_into().map(|public| (key.id, public)).map_err(|_| bad("key"))
        })
        .transpose()?;
    Ok(Some(KeyBundle {
        registration_id,
        identity: identity.try_into().map_err(|_| bad("identity"))?,
        signed_pre_key: (
            signed.id,
            signed.public_bytes.try_into().map_err(|_| bad("skey"))?,
            signed.signature.try_into().map_err(|_| bad("skey"))?,
        ),
        one_time,
        device_identity: None,
    }))
}
