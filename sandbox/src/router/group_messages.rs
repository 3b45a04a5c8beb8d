//! Messages to groups: one ack to the sender, one stanza per device of every member.

use std::sync::Arc;

use anyhow::Result;
use wacore::messages::MessageUtils;
use wacore_binary::{Jid, Node};

use super::account::Account;
use super::exchange::Exchange;
use crate::core::Core;
use crate::groups::{Group, GroupId, Mode, Role, Toggle};
use crate::nodes::{is, jid, text};
use crate::ports::PortResult;
use crate::state::DeviceKey;

/// Refusal: the stanza lacks what routing needs.
const MALFORMED: u16 = 400;
/// Refusal: not a member, or not one who may write here.
const FORBIDDEN: u16 = 403;
/// Refusal: there is no such group.
const NO_GROUP: u16 = 404;
/// Refusal: the sender believes in another addressing than the group's.
const STALE_ADDRESSING: u16 = 421;
/// Refusal: the network's store failed.
const STORE_FAILED: u16 = 500;

impl Core {
    /// The group an address names.
    pub(crate) fn group(&self, jid: &Jid) -> Option<Arc<Group>> {
        self.groups.get(GroupId::of(jid)?)
    }

    /// Accounts of a group's members.
    pub(crate) async fn members(&self, group: &Group) -> PortResult<Vec<Arc<Account>>> {
        let mut members = Vec::with_capacity(group.members.len());
        for pn in group.members.keys() {
            members.extend(self.by_number(*pn).await?);
        }
        Ok(members)
    }
}

impl Exchange {
    /// Routes a message whose `to` is a group.
    pub(crate) async fn group_message(&self, node: &Node, to: &Jid) -> Result<()> {
        let accepted = match text(node, "id") {
            None => Err(MALFORMED),
            Some(id) => self.addressed_group(node, to).map(|group| (id, group)),
        };
        let (id, group) = match accepted {
            Ok(accepted) => accepted,
            Err(code) => {
                tracing::info!(from = %self.origin.key(), %to, code, "message to a group refused");
                self.answer(node, Some(code));
                return Ok(());
            }
        };
        let members = self.core.members(&group).await?;
        let mut targets: Vec<DeviceKey> = members.iter().flat_map(|account| account.keys()).collect();
        match jid(node, "participant") {
            // Sent again, for the one device that has asked for it.
            Some(device) => {
                let asking = self.core.user(&device).await?;
                let asking = asking.map(|account| account.key(device.device));
                targets.retain(|key| Some(*key) == asking);
            }
            None => targets.retain(|key| *key != self.origin.key()),
        }
        let head = self.message_in(group.id.jid(), group.mode.server(), node).build();
        let entries = self.parcel(node).await?.entries(&head, self.origin.key(), &id, targets)?;
        let mut accepted = self.core.ack(node, None);
        if let Some(hash) = other_hash(node, group.mode, &members)? {
            accepted.attrs.insert("phash", hash);
        }
        let replies = self.replies.clone();
        let failed = self.core.ack(node, Some(STORE_FAILED));
        self.core.enqueue(entries, move |stored| replies.send(if stored { accepted } else { failed })).await
    }

    /// The group, when this message may be sent to it. A client that names no addressing means the group's.
    fn addressed_group(&self, node: &Node, to: &Jid) -> Result<Arc<Group>, u16> {
        let group = self.core.group(to).ok_or(NO_GROUP)?;
        let own = self.origin.account.pn;
        if !group.members.contains_key(&own) || group.is_community() {
            return Err(FORBIDDEN);
        }
        // What was asked for again was allowed when it was sent first, in whatever addressing.
        if node.attrs.contains_key("participant") {
            return Ok(group);
        }
        if node.get_children_by_tag("enc").any(|enc| !is(enc, "type", "skmsg")) {
            return Err(MALFORMED);
        }
        if text(node, "addressing_mode").is_some_and(|mode| mode != group.mode.as_str()) {
            return Err(STALE_ADDRESSING);
        }
        let speaks = !group.is(Toggle::Announcement) || group.is_admin(own) || is_response(node, &group);
        if speaks { Ok(group) } else { Err(FORBIDDEN) }
    }
}

/// Members of a community may react and vote in its announcement group.
fn is_response(node: &Node, group: &Group) -> bool {
    let vote = || node.get_optional_child("meta").is_some_and(|meta| is(meta, "polltype", "vote"));
    group.role() == Some(Role::Announcements) && (is(node, "type", "reaction") || vote())
}

/// The hash over all devices of the group, when the sender's is another: it knows too many or too few.
fn other_hash(node: &Node, mode: Mode, members: &[Arc<Account>]) -> Result<Option<String>> {
    let Some(theirs) = text(node, "phash") else { return Ok(None) };
    let devices: Vec<Jid> = members
        .iter()
        .flat_map(|account| account.devices().into_iter().map(|device| account.jid(mode.server(), device)))
        .collect();
    let ours = MessageUtils::participant_list_hash(&devices)?;
    Ok((ours != theirs).then_some(ours))
}
