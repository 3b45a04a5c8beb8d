//! The parts of a `<message>` stanza that a phone looks at.

use wacore_binary::{Jid, Node, NodeContent};

use super::super::account::Phone;
use super::super::address::{DeviceAddress, is_direct};
use super::super::signal::counter;
use super::super::sink::is_sample;
use super::super::{Contact, Simulated};
use crate::ports::{PortError, PortResult};

/// `edit` attribute of an admin's deletion.
const ADMIN_REVOKE: &str = "8";

/// One `<enc>`.
pub(super) struct Enc<'a> {
    pub(super) kind: String,
    pub(super) version: u8,
    pub(super) bytes: &'a [u8],
}

/// A message stanza, addressed.
pub(super) struct Incoming<'a> {
    pub(super) id: String,
    /// `from` as it was: the sending device in direct chats, the group otherwise.
    pub(super) from: Jid,
    /// Sending device as the stanza names it.
    pub(super) sender_jid: Jid,
    pub(super) sender: Contact,
    pub(super) device: DeviceAddress,
    /// `category=peer`: between the phone and one of its companions.
    pub(super) peer: bool,
    /// Sent by a device of this account.
    pub(super) own: bool,
    /// Chat named by the network on copies of own messages.
    pub(super) recipient: Option<Jid>,
    /// Deletes somebody else's message, and the sender is an admin who may.
    pub(super) by_admin: bool,
    /// Unix seconds.
    pub(super) time: i64,
    pub(super) encs: Vec<Enc<'a>>,
}

impl Incoming<'_> {
    /// True for groups and status, where `participant` names the sender.
    pub(super) fn is_group(&self) -> bool {
        !is_direct(&self.from)
    }

    /// Whether a sink that opens one message in `sample` opens this one.
    pub(super) fn is_sample(&self, sample: u32) -> bool {
        let last = self.encs.last();
        let place = last.and_then(|enc| counter(&enc.kind, enc.bytes));
        is_sample(sample, &self.id, place, self.encs.len() > 1)
    }
}

impl Simulated {
    pub(super) async fn parse_message<'a>(&self, phone: &Phone, node: &'a Node) -> PortResult<Incoming<'a>> {
        let mut attrs = node.attrs();
        let missing = |name: &str| PortError::Refused(format!("message without {name}"));
        let id = attrs
            .optional_string("id")
            .filter(|id| !id.is_empty())
            .ok_or_else(|| missing("id"))?
            .into_owned();
        let from = attrs.optional_jid("from").ok_or_else(|| missing("from"))?;
        let sender_jid = if is_direct(&from) {
            from.clone()
        } else {
            attrs.optional_jid("participant").ok_or_else(|| missing("participant"))?
        };
        let sender = self.account_or_stranger(&sender_jid.user).await?;
        let admin_revoke = attrs.optional_string("edit").is_some_and(|edit| edit == ADMIN_REVOKE);
        Ok(Incoming {
            id,
            device: DeviceAddress::new(sender.pn.as_str(), sender_jid.device),
            peer: attrs.optional_string("category").is_some_and(|category| category == "peer"),
            own: phone.is_own(&sender.pn),
            recipient: attrs.optional_jid("recipient"),
            by_admin: admin_revoke && self.is_admin(phone, &from, &sender_jid).await?,
            time: attrs.optional_unix_time("t").unwrap_or_else(|| self.now()),
            encs: node.get_children_by_tag("enc").filter_map(enc_of).collect(),
            from,
            sender_jid,
            sender,
        })
    }
}

impl Simulated {
    async fn is_admin(&self, phone: &Phone, group: &Jid, member: &Jid) -> PortResult<bool> {
        match self.audience(phone, group).await {
            Ok(audience) => Ok(audience.is_admin(member)),
            // no group, or one that the phone has left meanwhile
            Err(PortError::NotFound(_) | PortError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn enc_of(node: &wacore_binary::Node) -> Option<Enc<'_>> {
    let Some(NodeContent::Bytes(bytes)) = &node.content else {
        return None;
    };
    let mut attrs = node.attrs();
    Some(Enc {
        kind: attrs.optional_string("type")?.into_owned(),
        version: attrs.optional_u64("v").and_then(|v| u8::try_from(v).ok()).unwrap_or(2),
        bytes,
    })
}
