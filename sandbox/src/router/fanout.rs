//! One message for many devices: each gets the ciphertexts made for it, then what is for all.

use std::collections::HashMap;

use anyhow::Result;
use wacore_binary::{Node, NodeContent};

use super::exchange::Exchange;
use crate::nodes::{is, jid, number};
use crate::state::{DedupeKey, DeviceKey, Entry};

/// Children that are for the server, or that every device gets in its own version.
const NOT_FORWARDED: [&str; 4] = ["participants", "enc", "tctoken", "cstoken"];

/// A message with ciphertexts for single devices (`<participants>`) and for all (`<enc>` beside it).
pub(super) struct Parcel<'a> {
    node: &'a Node,
    own: HashMap<DeviceKey, Vec<&'a Node>>,
    common: Vec<&'a Node>,
    /// Added to what every device gets.
    certificate: Option<Node>,
}

impl Exchange {
    /// Reads whom the ciphertexts of a message are for. LID digits in front of the phone number
    /// server, as some clients write them, name the same devices.
    pub(super) async fn parcel<'a>(&self, node: &'a Node) -> Result<Parcel<'a>> {
        let common: Vec<&Node> = node.get_children_by_tag("enc").collect();
        // Beside a ciphertext for one device, as it is sent again, `<participants>` repeats the first attempt.
        let again = common.iter().any(|enc| !is(enc, "type", "skmsg"));
        let mut own: HashMap<DeviceKey, Vec<&'a Node>> = HashMap::new();
        let listed = node.get_optional_child("participants").filter(|_| !again);
        for to in listed.into_iter().flat_map(|list| list.get_children_by_tag("to")) {
            let Some(device) = jid(to, "jid") else { continue };
            if let Some(account) = self.core.user(&device).await? {
                own.entry(account.key(device.device)).or_default().extend(to.get_children_by_tag("enc"));
            }
        }
        Ok(Parcel { node, own, common, certificate: self.origin.account.certificate() })
    }
}

impl Parcel<'_> {
    /// The message for each of these devices: `head` has the attributes they see. A device for
    /// which there is no ciphertext gets nothing.
    pub(super) fn entries(
        &self,
        head: &Node,
        sender: DeviceKey,
        id: &str,
        targets: impl IntoIterator<Item = DeviceKey>,
    ) -> Result<Vec<Entry>> {
        let none = Vec::new();
        let mut entries = Vec::new();
        // Most devices need nothing of their own: theirs is encoded once.
        let mut plain: Option<Entry> = None;
        for target in targets {
            let own = self.own.get(&target).unwrap_or(&none);
            let encs: Vec<&Node> = own.iter().chain(&self.common).copied().collect();
            if encs.is_empty() {
                continue;
            }
            let dedupe = Some(DedupeKey::new(sender, id, target, retry_count(&encs)));
            let entry = match &plain {
                Some(entry) if own.is_empty() => Entry { target, dedupe, ..entry.clone() },
                _ => {
                    let mut stanza = head.clone();
                    let contents = contents(self.node, &encs).into_iter().chain(self.certificate.clone());
                    stanza.content = Some(NodeContent::Nodes(contents.collect()));
                    Entry::new(target, &stanza, dedupe)?
                }
            };
            if own.is_empty() && plain.is_none() {
                plain = Some(entry.clone());
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// What a device gets inside a message: its ciphertexts, then what is forwarded unchanged. The
/// sender's identity goes along where a ciphertext starts a session.
pub(super) fn contents(node: &Node, encs: &[&Node]) -> Vec<Node> {
    let keyed = encs.iter().any(|enc| is(enc, "type", "pkmsg"));
    let rest = node.children().unwrap_or_default().iter().filter(|child| {
        let tag = child.tag.as_ref();
        !NOT_FORWARDED.contains(&tag) && (tag != "device-identity" || keyed)
    });
    encs.iter().copied().chain(rest).cloned().collect()
}

/// How often the sender was asked for these ciphertexts again.
pub(super) fn retry_count(encs: &[&Node]) -> u32 {
    let counts = encs.iter().filter_map(|enc| number(enc, "count"));
    counts.max().and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}
