//! Notifications: what a phone has to know of others' devices, and of its own account.

use std::sync::Arc;

use wacore_binary::Node;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::address::DeviceAddress;
use crate::ports::PortResult;

impl Simulated {
    pub(super) async fn receive_notification(&self, phone: &Arc<Phone>, node: &Node) -> PortResult<()> {
        let mut attrs = node.attrs();
        match attrs.optional_string("type").as_deref() {
            Some("devices") => self.devices_changed(phone, node).await,
            Some("server_sync") => self.receive_server_sync(phone, node).await,
            Some("encrypt") if node.get_optional_child("identity").is_some() => {
                // The other phone was set up anew: the next message starts a new session.
                let Some(from) = attrs.optional_jid("from") else { return Ok(()) };
                self.forget(phone, &from.user, 0).await
            }
            Some("account_sync") => match attrs.optional_string("pushname") {
                Some(name) => self.take_name(phone, &name).await,
                None => Ok(()),
            },
            // groups, pictures, profile texts: a phone asks when its user looks
            _ => Ok(()),
        }
    }

    async fn devices_changed(&self, phone: &Phone, node: &Node) -> PortResult<()> {
        let removed = node.get_optional_child("remove");
        for device in removed.into_iter().flat_map(|removed| removed.get_children_by_tag("device")) {
            if let Some(jid) = device.attrs().optional_jid("jid") {
                self.forget(phone, &jid.user, jid.device).await?;
            }
        }
        Ok(())
    }

    async fn forget(&self, phone: &Phone, user: &str, device: u16) -> PortResult<()> {
        let contact = self.account_or_stranger(user).await?;
        let _ratchets = phone.signal.lock().await;
        Ok(self.store.forget_session(phone.pn(), &DeviceAddress::new(contact.pn, device)).await?)
    }
}
