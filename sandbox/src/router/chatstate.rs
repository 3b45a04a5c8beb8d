//! Typing indicators: to the devices that are online now, never queued.

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::exchange::Exchange;

impl Exchange {
    /// Forwards a chat state whose `to` is a user.
    pub(crate) async fn direct_chatstate(&self, node: &Node, to: &Jid) -> Result<()> {
        let own = &self.origin.account;
        let Some(account) = self.core.user(to).await? else { return Ok(()) };
        if account.pn == own.pn || account.blocks(own.pn) {
            return Ok(());
        }
        for device in account.devices() {
            // Phones know chats by number.
            let server = if device == 0 { Server::Pn } else { to.server };
            let stanza = NodeBuilder::new("chatstate")
                .attr("from", own.jid(server, 0))
                .apply_content(node.content.clone())
                .build();
            self.core.send_live(account.key(device), stanza);
        }
        Ok(())
    }
}
