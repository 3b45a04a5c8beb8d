//! Direct and peer messages: one ack to the sender, one stanza per target device.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, Server};

use super::account::Account;
use super::exchange::Exchange;
use super::fanout::{contents, retry_count};
use crate::nodes::{is, jid, text};
use crate::state::{DedupeKey, Entry};

/// Refusal: there is no such recipient.
const NO_RECIPIENT: u16 = 404;
/// Refusal: the stanza lacks what routing needs.
const MALFORMED: u16 = 400;
/// Refusal: the recipient hears only those it knows, or who show its token.
const TOKEN_MISSING: u16 = 463;
/// Refusal: the network's store failed.
const STORE_FAILED: u16 = 500;

/// Attributes that reach the recipient unchanged.
const FORWARDED: [&str; 4] = ["type", "category", "edit", "push_priority"];

/// The parts of a message that go to one device.
struct Share<'a> {
    to: Jid,
    encs: Vec<&'a Node>,
}

impl Exchange {
    /// Routes a message whose `to` is a user.
    pub(crate) async fn direct_message(&self, node: &Node, to: &Jid) -> Result<()> {
        let Some(recipient) = self.core.user(to).await? else {
            self.answer(node, Some(NO_RECIPIENT));
            return Ok(());
        };
        let Some(id) = text(node, "id") else {
            self.answer(node, Some(MALFORMED));
            return Ok(());
        };
        let own = Arc::clone(&self.origin.account);
        if !self.core.admits(node, &own, &recipient).await? {
            self.answer(node, Some(TOKEN_MISSING));
            return Ok(());
        }
        if let Some(code) = self.core.refuses_chat(&own, &recipient).await? {
            self.answer(node, Some(code));
            return Ok(());
        }
        self.core.acquaint(&own, &recipient).await?;
        let mut entries = Vec::new();
        for share in shares(node, to) {
            let Some(target) = self.target(&share, &own, &recipient) else { continue };
            let key = target.key(share.to.device);
            let dedupe = DedupeKey::new(self.origin.key(), &id, key, retry_count(&share.encs));
            let stanza = self.for_device(node, to, &share, Arc::ptr_eq(target, &own));
            entries.push(Entry::new(key, &stanza, Some(dedupe))?);
        }
        let replies = self.replies.clone();
        let accepted = self.core.ack(node, None);
        let failed = self.core.ack(node, Some(STORE_FAILED));
        self.core.enqueue(entries, move |stored| replies.send(if stored { accepted } else { failed })).await
    }

    /// The account a share is for, when it is one that a direct message may reach. Nobody else is
    /// looked up: a message does not make phones of the numbers it names.
    fn target<'a>(
        &self,
        share: &Share<'_>,
        own: &'a Arc<Account>,
        recipient: &'a Arc<Account>,
    ) -> Option<&'a Arc<Account>> {
        let Some(target) = [own, recipient].into_iter().find(|account| account.is_named(&share.to)) else {
            tracing::warn!(from = %self.origin.key(), to = %share.to, "target is neither sender nor recipient");
            return None;
        };
        let device = share.to.device;
        let is_own = target.pn == own.pn;
        if !target.has(device) || (is_own && device == self.origin.device) {
            return None;
        }
        (is_own || !target.blocks(own.pn)).then_some(target)
    }

    /// The stanza as one device gets it, in the addressing the sender used for that device.
    fn for_device(&self, node: &Node, to: &Jid, share: &Share<'_>, own: bool) -> Node {
        let origin = &self.origin;
        let lid = share.to.server.is_lid_family();
        let (server, other) = if lid { (Server::Lid, Server::Pn) } else { (Server::Pn, Server::Lid) };
        let mut stanza = NodeBuilder::new("message").attr("from", origin.account.jid(server, origin.device));
        if let Some(id) = node.attrs.get("id") {
            stanza = stanza.attr("id", id.clone());
        }
        for key in FORWARDED {
            if let Some(value) = node.attrs.get(key) {
                stanza = stanza.attr(key, value.clone());
            }
        }
        stanza = stanza
            .attr("t", self.core.clock.unix_secs())
            .attr("notify", origin.push_name())
            .attr(if lid { "sender_pn" } else { "sender_lid" }, origin.account.jid(other, 0));
        if own && !is(node, "category", "peer") {
            let chat = jid(node, "recipient").unwrap_or_else(|| to.clone());
            stanza = stanza.attr("recipient", chat.into_non_ad());
        }
        let contents = contents(node, &share.encs).into_iter().chain(origin.account.certificate());
        origin.account.certify(stanza).children(contents).build()
    }
}

/// One share per `<to>`; an `<enc>` of its own goes to the device in `to`. Baileys, sending again to a device that
/// asked (`relayMessage` with `participant`), gives both: `<participants>` then repeats the first attempt.
fn shares<'a>(node: &'a Node, to: &Jid) -> Vec<Share<'a>> {
    let encs: Vec<&Node> = node.get_children_by_tag("enc").collect();
    let participants = node.get_optional_child("participants").filter(|_| encs.is_empty());
    let Some(participants) = participants else {
        return vec![Share { to: to.clone(), encs }];
    };
    let mut by_device: HashMap<Jid, usize> = HashMap::new();
    let mut shares: Vec<Share<'_>> = Vec::new();
    for entry in participants.get_children_by_tag("to") {
        let Some(device) = jid(entry, "jid") else { continue };
        let index = *by_device.entry(device.clone()).or_insert_with(|| {
            shares.push(Share { to: device, encs: Vec::new() });
            shares.len() - 1
        });
        if let Some(share) = shares.get_mut(index) {
            share.encs.extend(entry.get_children_by_tag("enc"));
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enc(kind: &'static str) -> NodeBuilder {
        NodeBuilder::new("enc").attr("type", kind).bytes(vec![1])
    }

    #[test]
    fn every_to_is_one_share() {
        let a = Jid::pn_device("4915112345", 1);
        let b = Jid::lid_device("123456789", 0);
        let to =
            |jid: &Jid, n: NodeBuilder| NodeBuilder::new("to").attr("jid", jid).children([n.build()]).build();
        let participants = NodeBuilder::new("participants")
            .children([to(&a, enc("pkmsg")), to(&b, enc("msg")), to(&a, enc("msg").attr("count", 2))])
            .build();
        let node = NodeBuilder::new("message").children([participants]).build();
        let shares = shares(&node, &Jid::pn("4915112345"));
        assert_eq!(shares.len(), 2);
        assert_eq!((shares[0].to.clone(), shares[0].encs.len()), (a, 2));
        assert_eq!(retry_count(&shares[0].encs), 2);
        assert_eq!(retry_count(&shares[1].encs), 0);
    }

    #[test]
    fn a_bare_enc_goes_to_the_device_addressed() {
        let to = Jid::pn_device("4915112345", 7);
        let alone = NodeBuilder::new("message").children([enc("msg").build()]).build();
        let again = NodeBuilder::new("to").attr("jid", &to).children([enc("pkmsg").build()]).build();
        let participants = NodeBuilder::new("participants").children([again]).build();
        let sent_again = enc("pkmsg").attr("count", 1).build();
        let both = NodeBuilder::new("message").children([sent_again, participants]).build();
        for (node, count) in [(&alone, 0), (&both, 1)] {
            let shares = shares(node, &to);
            assert_eq!(shares.len(), 1);
            assert_eq!((&shares[0].to, retry_count(&shares[0].encs)), (&to, count));
        }
    }
}
