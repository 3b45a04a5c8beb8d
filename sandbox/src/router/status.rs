//! Status posts: one stanza per device of everybody they are shown to.
//!
//! Clients send three things to `status@broadcast`: a post (a ciphertext for all, and the list of who sees
//! it), the same post once more for one device that could not read it (the others have it already), and a
//! reaction (a ciphertext per device of the author).

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use wacore_binary::{Jid, Node, Server};

use super::account::Account;
use super::exchange::Exchange;
use super::receipts::{Route, route};
use crate::nodes::{jid, text};
use crate::state::Entry;

/// Refusal: the stanza lacks what routing needs.
const MALFORMED: u16 = 400;
/// Refusal: the network's store failed.
const STORE_FAILED: u16 = 500;

/// Somebody a stanza is for.
struct Viewer {
    account: Arc<Account>,
    /// Addressing that the sender used for this person.
    server: Server,
    devices: Vec<u16>,
}

impl Exchange {
    /// Routes a message whose `to` is the status broadcast.
    pub(crate) async fn status_message(&self, node: &Node) -> Result<()> {
        let Some(id) = text(node, "id") else {
            self.answer(node, Some(MALFORMED));
            return Ok(());
        };
        let sender = self.origin.key();
        let parcel = self.parcel(node).await?;
        let mut entries = Vec::new();
        for Viewer { account, server, devices } in self.viewers(node).await? {
            let targets = devices.into_iter().map(|device| account.key(device)).filter(|key| *key != sender);
            let head = self.message_in(Jid::status_broadcast(), server, node).build();
            entries.extend(parcel.entries(&head, sender, &id, targets)?);
        }
        let replies = self.replies.clone();
        let accepted = self.core.ack(node, None);
        let failed = self.core.ack(node, Some(STORE_FAILED));
        self.core.enqueue(entries, move |stored| replies.send(if stored { accepted } else { failed })).await
    }

    /// Everybody in `<participants>`, named as a person or by device, with all devices; or the one
    /// device that a repetition is for. Without those who have blocked the sender.
    async fn viewers(&self, node: &Node) -> Result<Vec<Viewer>> {
        let alone = jid(node, "participant");
        let listed = node.get_optional_child("participants").filter(|_| alone.is_none());
        let listed = listed.into_iter().flat_map(|list| list.get_children_by_tag("to"));
        let named = listed.filter_map(|to| jid(to, "jid")).chain(alone.clone());
        let mut viewers: BTreeMap<u64, Viewer> = BTreeMap::new();
        for device in named {
            let Some(account) = self.core.user(&device).await? else { continue };
            if account.blocks(self.origin.account.pn) {
                continue;
            }
            let devices = match &alone {
                Some(alone) => Some(alone.device).filter(|device| account.has(*device)).into_iter().collect(),
                None => account.devices(),
            };
            let server = device.server;
            viewers.entry(account.pn).or_insert(Viewer { account, server, devices });
        }
        Ok(viewers.into_values().collect())
    }

    /// Handles a receipt whose `to` is the status broadcast; `participant` names the author.
    pub(crate) async fn status_receipt(&self, node: &Node) -> Result<()> {
        let kind = text(node, "type").unwrap_or_default();
        let mut entries = Vec::new();
        if let Some(author) = jid(node, "participant")
            && let Some(account) = self.core.user(&author).await?
        {
            let route = route(&kind);
            let devices = match route {
                Route::Sender { .. } if account.pn != self.origin.account.pn => account.devices(),
                Route::Device => vec![author.device],
                _ => Vec::new(),
            };
            let stanza = self.receipt_in(Jid::status_broadcast(), author.server, node, &kind);
            for device in devices.into_iter().filter(|device| account.has(*device)) {
                let entry = Entry::new(account.key(device), &stanza, None)?;
                let again = route == Route::Device;
                entries.push(if again { entry.asking_again(self.origin.key()) } else { entry });
            }
        }
        let replies = self.replies.clone();
        let accepted = self.core.ack(node, None);
        self.core.enqueue(entries, move |_| replies.send(accepted)).await
    }
}
