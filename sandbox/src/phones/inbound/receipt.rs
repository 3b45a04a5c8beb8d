//! Receipts for what the account has sent.

use std::sync::Arc;

use wacore::stanza::receipt::collect_simple_message_ids;
use wacore_binary::Node;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::address::is_direct;
use super::super::store::{Status, Told};
use crate::ports::{PortError, PortResult};

impl Simulated {
    pub(super) async fn receive_receipt(&self, phone: &Arc<Phone>, node: &Node) -> PortResult<()> {
        let mut attrs = node.attrs();
        let missing = |name: &str| PortError::Refused(format!("receipt without {name}"));
        let from = attrs.optional_jid("from").ok_or_else(|| missing("from"))?;
        let id = attrs.optional_string("id").ok_or_else(|| missing("id"))?.into_owned();
        let kind = attrs.optional_string("type").map(std::borrow::Cow::into_owned).unwrap_or_default();
        let ids = collect_simple_message_ids(&node.as_node_ref(), &id, false);
        // in a group the receipt comes from the group and names the device
        let teller = attrs.optional_jid("participant").filter(|_| !is_direct(&from));
        let teller = teller.as_ref().unwrap_or(&from);
        let own = phone.is_own(&teller.user);
        let status = match kind.as_str() {
            "retry" => return self.resend(phone, &from, &id, node).await,
            "server-error" => return self.reupload(phone, &from, &id, node).await,
            // a companion has read the chat; the phone's user need not any more
            "read-self" | "played-self" => None,
            "read" if own => None,
            "" | "inactive" => Some(Status::Delivered),
            "read" => Some(Status::Read),
            "played" => Some(Status::Played),
            other => {
                // sender, peer_msg, hist_sync: nothing changes for the user
                tracing::debug!(pn = phone.pn(), id, kind = other, "phone ignores receipt");
                return Ok(());
            }
        };
        match status {
            None => drop(self.store.mark_read(phone.pn(), &ids).await?),
            Some(_) if own => {}
            Some(status) => {
                let peer = self.account_or_stranger(&teller.user).await?.pn;
                let time = attrs.optional_unix_time("t").unwrap_or_else(|| self.now());
                let told = Told { ids: &ids, peer: &peer, device: teller.device, status, time };
                self.store.tell(phone.pn(), &told).await?;
            }
        }
        Ok(())
    }
}
