//! Receipts and typing indicators in groups.

use std::sync::Arc;

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::exchange::Exchange;
use super::receipts::{Route, route};
use crate::groups::Group;
use crate::nodes::{jid, text};
use crate::state::{DeviceKey, Entry};

impl Exchange {
    /// Handles a receipt whose `to` is a group; `participant` names who sent the message.
    pub(crate) async fn group_receipt(&self, node: &Node, to: &Jid) -> Result<()> {
        let mut entries = Vec::new();
        if let Some(group) = self.own_group(to) {
            let kind = text(node, "type").unwrap_or_default();
            for (target, kind) in self.group_receipt_targets(node, &kind).await? {
                let stanza = self.receipt_in(group.id.jid(), group.mode.server(), node, kind);
                let entry = Entry::new(target, &stanza, None)?;
                let again = route(kind) == Route::Device;
                entries.push(if again { entry.asking_again(self.origin.key()) } else { entry });
            }
        }
        let replies = self.replies.clone();
        let accepted = self.core.ack(node, None);
        self.core.enqueue(entries, move |_| replies.send(accepted)).await
    }

    /// A group that the sender of this stanza is a member of.
    fn own_group(&self, to: &Jid) -> Option<Arc<Group>> {
        self.core.group(to).filter(|group| group.members.contains_key(&self.origin.account.pn))
    }

    async fn group_receipt_targets<'k>(
        &self,
        node: &Node,
        kind: &'k str,
    ) -> Result<Vec<(DeviceKey, &'k str)>> {
        let own = &self.origin.account;
        let others =
            |kind| own.keys().into_iter().filter(|key| *key != self.origin.key()).map(move |key| (key, kind));
        let author = match jid(node, "participant") {
            Some(author) => self.core.user(&author).await?.map(|account| (account, author.device)),
            None => None,
        };
        let mut targets = Vec::new();
        match (route(kind), author) {
            (Route::Device, Some((account, device))) if account.has(device) => {
                targets.push((account.key(device), kind));
            }
            (Route::Sender { reflect }, Some((account, _))) => {
                if account.pn != own.pn {
                    targets.extend(account.keys().into_iter().map(|key| (key, kind)));
                }
                if reflect {
                    targets.extend(others("read-self"));
                }
            }
            (Route::OwnDevices, _) => targets.extend(others(kind)),
            _ => {}
        }
        Ok(targets)
    }

    /// Forwards a chat state whose `to` is a group to the members that are online now.
    pub(crate) async fn group_chatstate(&self, node: &Node, to: &Jid) -> Result<()> {
        let Some(group) = self.own_group(to) else { return Ok(()) };
        let own = &self.origin.account;
        let stanza = NodeBuilder::new("chatstate")
            .attr("from", group.id.jid())
            .attr("participant", own.jid(group.mode.server(), 0))
            .apply_content(node.content.clone())
            .build();
        for account in self.core.members(&group).await? {
            if account.pn != own.pn {
                for device in account.keys() {
                    self.core.send_live(device, stanza.clone());
                }
            }
        }
        Ok(())
    }
}
