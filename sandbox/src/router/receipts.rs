//! Receipts: acked, then forwarded to whom their type concerns.

use std::sync::Arc;

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::account::Account;
use super::exchange::Exchange;
use crate::nodes::text;
use crate::state::Entry;

/// Who gets a receipt of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// All devices of the account in `to`; `read` receipts also reach the reader's own devices.
    Sender {
        reflect: bool,
    },
    /// The device in `to`.
    Device,
    /// The other devices of the account that sent the receipt.
    OwnDevices,
    /// The phone of the account that sent the receipt.
    OwnPhone,
    Nobody,
}

/// Who gets a receipt of this type.
pub(super) fn route(kind: &str) -> Route {
    match kind {
        "read" => Route::Sender { reflect: true },
        "read-self" | "played-self" => Route::OwnDevices,
        "sender" => Route::Nobody,
        "peer_msg" | "hist_sync" | "server-error" => Route::OwnPhone,
        "retry" | "enc_rekey_retry" => Route::Device,
        _ => Route::Sender { reflect: false },
    }
}

/// Whether it says that a device has a call's stanza; only the device that calls wants to know.
fn about_call(node: &Node) -> bool {
    ["offer", "accept", "reject"].iter().any(|tag| node.get_optional_child(tag).is_some())
}

impl Exchange {
    /// Handles a receipt whose `to` is a user.
    pub(crate) async fn direct_receipt(&self, node: &Node, to: &Jid) -> Result<()> {
        let kind = text(node, "type").unwrap_or_default();
        let own = &self.origin.account;
        let mut entries = Vec::new();
        match if about_call(node) { Route::Device } else { route(&kind) } {
            Route::Nobody => {}
            Route::OwnPhone => self.add(&mut entries, own, 0, node, to.server, &kind)?,
            Route::OwnDevices => self.reflect(&mut entries, node, to, &kind)?,
            Route::Device => {
                if let Some(account) = self.core.user(to).await?.filter(|account| account.has(to.device)) {
                    self.add(&mut entries, &account, to.device, node, to.server, &kind)?;
                }
            }
            Route::Sender { reflect } => {
                let told = |account: &Arc<Account>| account.pn != own.pn && may_tell(own, account, &kind);
                if let Some(account) = self.core.user(to).await?.filter(told) {
                    for device in account.devices() {
                        self.add(&mut entries, &account, device, node, to.server, &kind)?;
                    }
                }
                if reflect {
                    self.reflect(&mut entries, node, to, "read-self")?;
                }
            }
        }
        let replies = self.replies.clone();
        let accepted = self.core.ack(node, None);
        self.core.enqueue(entries, move |_| replies.send(accepted)).await
    }

    fn add(
        &self,
        entries: &mut Vec<Entry>,
        account: &Arc<Account>,
        device: u16,
        node: &Node,
        server: Server,
        kind: &str,
    ) -> Result<()> {
        let key = account.key(device);
        if key != self.origin.key() {
            let entry = Entry::new(key, &self.forwarded(node, server, kind), None)?;
            let again = route(kind) == Route::Device;
            entries.push(if again { entry.asking_again(self.origin.key()) } else { entry });
        }
        Ok(())
    }

    /// Tells the account's other devices; `recipient` names the chat.
    fn reflect(&self, entries: &mut Vec<Entry>, node: &Node, chat: &Jid, kind: &str) -> Result<()> {
        let mut stanza = self.forwarded(node, chat.server, kind);
        stanza.attrs.insert("recipient", chat.to_non_ad());
        for device in self.origin.account.devices() {
            let key = self.origin.account.key(device);
            if key != self.origin.key() {
                entries.push(Entry::new(key, &stanza, None)?);
            }
        }
        Ok(())
    }

    /// The receipt as its target gets it. Clients that are not marked online send `inactive`;
    /// it goes on as a plain delivery, the only form every client shows.
    fn forwarded(&self, node: &Node, server: Server, kind: &str) -> Node {
        let mut stanza =
            NodeBuilder::new("receipt").attr("from", self.origin.account.jid(server, self.origin.device));
        for key in ["id", "participant", "recipient", "category"] {
            if let Some(value) = node.attrs.get(key) {
                stanza = stanza.attr(key, value.clone());
            }
        }
        stanza = stanza.attr("t", self.core.clock.unix_secs());
        if !kind.is_empty() && kind != "inactive" {
            stanza = stanza.attr("type", kind);
        }
        stanza.apply_content(node.content.clone()).build()
    }
}

/// Whether a receipt passes between two accounts: neither has blocked the other, and who does
/// not tell others that he has read their messages is not told of his, either.
fn may_tell(from: &Account, to: &Account, kind: &str) -> bool {
    let both = from.confirms_reading() && to.confirms_reading();
    !from.blocks(to.pn) && !to.blocks(from.pn) && (kind != "read" || both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_route() {
        let table = [
            ("", Route::Sender { reflect: false }),
            ("inactive", Route::Sender { reflect: false }),
            ("read", Route::Sender { reflect: true }),
            ("played", Route::Sender { reflect: false }),
            ("read-self", Route::OwnDevices),
            ("played-self", Route::OwnDevices),
            ("sender", Route::Nobody),
            ("peer_msg", Route::OwnPhone),
            ("hist_sync", Route::OwnPhone),
            ("server-error", Route::OwnPhone),
            ("retry", Route::Device),
        ];
        for (kind, expected) in table {
            assert_eq!(route(kind), expected, "{kind}");
        }
    }
}
