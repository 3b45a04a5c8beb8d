//! What a queue holds.

use anyhow::Result;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use wacore_binary::Node;

use crate::wire::encode_stored;

/// A device of an account: phone number and device id (0 is the phone).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DeviceKey {
    pub(crate) pn: u64,
    pub(crate) device: u16,
}

impl DeviceKey {
    /// The phone itself.
    pub(crate) fn is_phone(self) -> bool {
        self.device == 0
    }
}

impl std::fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.pn, self.device)
    }
}

/// Identity of one delivery: a second entry with the same key is not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DedupeKey(pub(super) [u8; 16]);

impl DedupeKey {
    /// Sender device, stanza id, target device and retry count together name a delivery;
    /// a retry of the same message is a new one.
    pub(crate) fn new(sender: DeviceKey, id: &str, target: DeviceKey, count: u32) -> Self {
        let mut hash = Sha256::new();
        for key in [sender, target] {
            hash.update(key.pn.to_be_bytes());
            hash.update(key.device.to_be_bytes());
        }
        hash.update(count.to_be_bytes());
        hash.update(id.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }
}

/// What a client's acknowledgement names: enough to find the queued stanza it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// Tag of the stanza.
    pub(crate) class: String,
    pub(crate) id: String,
    pub(crate) from: String,
    /// `type` attribute, empty when absent.
    pub(crate) kind: String,
}

impl Label {
    /// Label of a stanza as it goes to the client.
    pub(crate) fn of(node: &Node) -> Self {
        let text = |key| node.attrs.get(key).map(|v| v.as_str().into_owned()).unwrap_or_default();
        Self { class: node.tag.to_string(), id: text("id"), from: text("from"), kind: text("type") }
    }
}

/// A stanza on its way into a device's queue.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) target: DeviceKey,
    pub(crate) label: Label,
    /// Stored form.
    pub(crate) stanza: Bytes,
    pub(crate) dedupe: Option<DedupeKey>,
    /// A delivery that may come once more.
    pub(crate) releases: Option<DedupeKey>,
}

impl Entry {
    /// Encodes a stanza for a device.
    pub(crate) fn new(target: DeviceKey, node: &Node, dedupe: Option<DedupeKey>) -> Result<Self> {
        Ok(Self { target, label: Label::of(node), stanza: encode_stored(node)?, dedupe, releases: None })
    }

    /// The same as a retry receipt: what it asks for may be delivered to `asking` again.
    /// Not every client counts its retries.
    pub(crate) fn asking_again(self, asking: DeviceKey) -> Self {
        let again = DedupeKey::new(self.target, &self.label.id, asking, 0);
        Self { releases: Some(again), ..self }
    }
}

/// An entry that was committed, with its place in the order of all queues.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) seq: i64,
    pub(crate) target: DeviceKey,
    pub(crate) label: Label,
    pub(crate) stanza: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_delivery_makes_another_key() {
        let a = DeviceKey { pn: 1, device: 0 };
        let b = DeviceKey { pn: 1, device: 1 };
        let base = DedupeKey::new(a, "X", b, 0);
        assert_eq!(base, DedupeKey::new(a, "X", b, 0));
        for other in [
            DedupeKey::new(b, "X", b, 0),
            DedupeKey::new(a, "Y", b, 0),
            DedupeKey::new(a, "X", a, 0),
            DedupeKey::new(a, "X", b, 1),
        ] {
            assert_ne!(base, other);
        }
    }
}
