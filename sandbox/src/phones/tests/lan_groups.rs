//! Groups of the small network: members, and routing by sender key.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::lan::Lan;
use crate::ports::{AccountInfo, Network, Phones, PortResult};

/// A group as the small network knows it.
pub(crate) struct LanGroup {
    /// Addressed by LID, not by phone number.
    pub(crate) lid: bool,
    /// Phone numbers; the first is an admin.
    pub(crate) members: Vec<String>,
}

/// One stanza of a group message on its way.
struct Share {
    pn: String,
    device: u16,
    children: Vec<Node>,
}

impl Lan {
    /// Makes a group, or changes its members.
    pub(crate) fn group(&self, jid: &str, lid: bool, members: &[&str]) {
        let members = members.iter().map(|pn| (*pn).to_owned()).collect();
        self.groups.lock().expect("lock").insert(jid.to_owned(), LanGroup { lid, members });
    }

    fn members(&self, group: &Jid) -> Option<(bool, Vec<String>)> {
        let groups = self.groups.lock().expect("lock");
        groups.get(&group.to_string()).map(|group| (group.lid, group.members.clone()))
    }

    fn jid_of(lid: bool, account: &AccountInfo, device: u16) -> Jid {
        if lid {
            Jid::lid_device(account.lid.as_str(), device)
        } else {
            Jid::pn_device(account.pn.as_str(), device)
        }
    }

    /// The answer to a `w:g2` query.
    pub(super) async fn describe_group(&self, to: &Jid) -> PortResult<Node> {
        let Some((lid, members)) = self.members(to) else {
            let error = NodeBuilder::new("error").attr("code", 404).build();
            return Ok(NodeBuilder::new("iq").attr("type", "error").children([error]).build());
        };
        let mut participants = Vec::new();
        for pn in members {
            let account = self.phones()?.ensure(&pn, None).await?;
            let jid = Self::jid_of(lid, &account, 0);
            let participant = NodeBuilder::new("participant").attr("jid", jid);
            // the first is the admin
            let participant =
                if participants.is_empty() { participant.attr("type", "admin") } else { participant };
            participants.push(participant.build());
        }
        let group = NodeBuilder::new("group")
            .attr("id", to.user.as_str())
            .attr("subject", "test")
            .attr("creation", 1_700_000_000)
            .attr("addressing_mode", if lid { "lid" } else { "pn" })
            .children(participants)
            .build();
        Ok(NodeBuilder::new("iq").attr("type", "result").children([group]).build())
    }

    /// One stanza per device of every member but the sending one; a resend goes to one device.
    pub(super) async fn route_group_message(&self, from: &AccountInfo, node: &Node) -> PortResult<()> {
        let to = node.attrs().jid("to");
        let (lid, members) = self.members(&to).expect("a message goes to a group that exists");
        let enc = node.get_optional_child("enc").expect("a group message has a ciphertext");
        let mut shares = Vec::new();
        if let Some(one) = node.attrs().optional_jid("participant") {
            let account = self.account(&one).await?.expect("a participant has an account");
            shares.push(Share { pn: account.pn, device: one.device, children: vec![enc.clone()] });
        } else {
            for pn in members {
                let account = self.phones()?.ensure(&pn, None).await?;
                for device in self.devices(&Self::jid_of(lid, &account, 0)).await? {
                    if pn == from.pn && device.device == 0 {
                        continue;
                    }
                    let key = node.get_optional_child("participants").and_then(|keys| {
                        let mut keys = keys.get_children_by_tag("to");
                        keys.find(|key| key.attrs().jid("jid") == device)?.get_optional_child("enc").cloned()
                    });
                    let children = key.into_iter().chain([enc.clone()]).collect();
                    shares.push(Share { pn: pn.clone(), device: device.device, children });
                }
            }
        }
        for Share { pn, device, mut children } in shares {
            if let Some(last) = children.pop() {
                children.push(self.maybe_damaged(last));
            }
            let mut delivery = NodeBuilder::new("message")
                .attr("from", to.clone())
                .attr("participant", Self::jid_of(lid, from, 0))
                .attr("id", node.attrs().optional_string("id").expect("id").as_ref())
                .attr("type", node.attrs().optional_string("type").expect("type").as_ref())
                .attr("t", 1_700_000_000);
            if let Some(edit) = node.attrs().optional_string("edit") {
                delivery = delivery.attr("edit", edit.as_ref());
            }
            self.deliver_or_hold(&pn, device, delivery.children(children).build()).await?;
        }
        Ok(())
    }

    /// A receipt for a group message goes to its author, from the group.
    pub(super) async fn route_group_receipt(&self, from: &AccountInfo, node: &Node) -> PortResult<()> {
        let to = node.attrs().jid("to");
        let (lid, _) = self.members(&to).expect("a receipt goes to a group that exists");
        let author = node.attrs().jid("participant");
        let account = self.account(&author).await?.expect("an author has an account");
        let mut delivery = NodeBuilder::new("receipt")
            .attr("from", to)
            .attr("participant", Self::jid_of(lid, from, 0))
            .build();
        for (key, value) in node.attrs.iter() {
            if !matches!(key.as_ref(), "to" | "participant") {
                delivery.attrs.insert(key.clone(), value.clone());
            }
        }
        delivery.content.clone_from(&node.content);
        self.hand_over(&account.pn, author.device, delivery).await
    }
}
