//! Typing indicators: to the devices that are online now, never queued.

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::exchange::Exchange;

impl Exchange {
    /// Forwards a chat state whose `to` is a user.
    pub(crate) async fn direct_chatstate(&self, node: &Node, to: &Jid) -> Result<()> {
        let own = &self.origin.account;
        let Some(account) = self.core.user(to).await? else { return Ok(()) };
        if account.pn == own.pn || account.blocks(own.pn) {
            return Ok(());
        }
        let stanza = NodeBuilder::new("chatstate")
            .attr("from", own.jid(to.server, 0))
            .apply_content(node.content.clone())
            .build();
        for device in account.devices() {
            self.core.send_live(account.key(device), stanza.clone());
        }
        Ok(())
    }
}
