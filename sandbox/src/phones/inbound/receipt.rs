//! Receipts for what the account has sent.

use std::sync::Arc;

use wacore::stanza::receipt::collect_simple_message_ids;
use wacore_binary::Node;

use super::super::Simulated;
use super::super::account::Phone;
use super::super::store::Status;
use crate::ports::{PortError, PortResult};

impl Simulated {
    pub(super) async fn receive_receipt(&self, phone: &Arc<Phone>, node: &Node) -> PortResult<()> {
        let mut attrs = node.attrs();
        let missing = |name: &str| PortError::Refused(format!("receipt without {name}"));
        let from = attrs.optional_jid("from").ok_or_else(|| missing("from"))?;
        let id = attrs.optional_string("id").ok_or_else(|| missing("id"))?.into_owned();
        let kind = attrs.optional_string("type").map(std::borrow::Cow::into_owned).unwrap_or_default();
        let ids = collect_simple_message_ids(&node.as_node_ref(), &id, false);
        let own = phone.is_own(&from.user);
        match kind.as_str() {
            "retry" => return self.resend(phone, &from, &id, node).await,
            "" | "inactive" if !own => self.store.advance_sent(phone.pn(), &ids, Status::Delivered).await?,
            "read" if !own => self.store.advance_sent(phone.pn(), &ids, Status::Read).await?,
            "played" if !own => self.store.advance_sent(phone.pn(), &ids, Status::Played).await?,
            // a companion has read the chat; the phone's user need not any more
            "read" | "read-self" | "played-self" => {
                self.store.mark_read(phone.pn(), &ids).await?;
            }
            // sender, peer_msg, hist_sync, server-error: nothing changes for the user
            other => tracing::debug!(pn = phone.pn(), id, kind = other, "phone ignores receipt"),
        }
        Ok(())
    }
}
