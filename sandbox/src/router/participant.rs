//! Stanzas in chats of several people: they come from the chat and name the participant.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::exchange::Exchange;
use crate::nodes::text;

/// Attributes of a message that reach everybody unchanged.
const FORWARDED: [&str; 3] = ["id", "type", "edit"];

impl Exchange {
    /// The start of a stanza by this device, in the addressing of the chat.
    fn by_participant(&self, tag: &'static str, chat: Jid, server: Server) -> NodeBuilder {
        let own = &self.origin.account;
        let (alias, other) = if server.is_lid_family() {
            ("participant_pn", Server::Pn)
        } else {
            ("participant_lid", Server::Lid)
        };
        NodeBuilder::new(tag)
            .attr("from", chat)
            .attr("participant", own.jid(server, self.origin.device))
            .attr(alias, own.jid(other, 0))
            .attr("t", self.core.clock.unix_secs())
    }

    /// A message as everybody in the chat sees it, without content.
    pub(super) fn message_in(&self, chat: Jid, server: Server, node: &Node) -> NodeBuilder {
        let mut head = self
            .by_participant("message", chat, server)
            .attr("addressing_mode", if server.is_lid_family() { "lid" } else { "pn" })
            .attr("notify", self.origin.push_name());
        for key in FORWARDED {
            if let Some(value) = node.attrs.get(key) {
                head = head.attr(key, value.clone());
            }
        }
        self.origin.account.certify(head)
    }

    /// A receipt as the author of a message in the chat gets it. As in direct chats, `inactive` goes
    /// on as a plain delivery.
    pub(super) fn receipt_in(&self, chat: Jid, server: Server, node: &Node, kind: &str) -> Node {
        let mut stanza = self.by_participant("receipt", chat, server);
        if let Some(id) = text(node, "id") {
            stanza = stanza.attr("id", id);
        }
        if !kind.is_empty() && kind != "inactive" {
            stanza = stanza.attr("type", kind);
        }
        stanza.apply_content(node.content.clone()).build()
    }
}
