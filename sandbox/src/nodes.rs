//! Small readers and builders of stanzas.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeContent, NodeValue};

/// Address of the server in `from` and `to`; clients compare it as a string.
pub(crate) const SERVER: &str = "s.whatsapp.net";

/// An attribute as text; empty counts as absent.
pub(crate) fn text(node: &Node, key: &str) -> Option<String> {
    let value = node.attrs.get(key)?.as_str();
    (!value.is_empty()).then(|| value.into_owned())
}

/// An attribute as a JID.
pub(crate) fn jid(node: &Node, key: &str) -> Option<Jid> {
    node.attrs.get(key)?.to_jid()
}

/// An attribute as a number.
pub(crate) fn number(node: &Node, key: &str) -> Option<u64> {
    node.attrs.get(key)?.as_str().parse().ok()
}

/// Whether an attribute has this value.
pub(crate) fn is(node: &Node, key: &str, value: &str) -> bool {
    node.attrs.get(key).is_some_and(|v| *v == *value)
}

/// Binary content, text content included.
pub(crate) fn content(node: &Node) -> &[u8] {
    match &node.content {
        Some(NodeContent::Bytes(bytes)) => bytes,
        Some(NodeContent::String(text)) => text.as_bytes(),
        _ => &[],
    }
}

/// Binary content of a child.
pub(crate) fn child_content<'a>(node: &'a Node, tag: &str) -> Option<&'a [u8]> {
    node.get_optional_child(tag).map(content)
}

/// A child of exactly `N` bytes.
pub(crate) fn child_array<const N: usize>(node: &Node, tag: &str) -> Option<[u8; N]> {
    child_content(node, tag)?.try_into().ok()
}

/// A child that holds a big-endian number of at most 4 bytes.
pub(crate) fn child_number(node: &Node, tag: &str) -> Option<u32> {
    big_endian(child_content(node, tag)?)
}

/// A big-endian number of 1 to 4 bytes.
pub(crate) fn big_endian(bytes: &[u8]) -> Option<u32> {
    match bytes.len() {
        1..=4 => Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))),
        _ => None,
    }
}

/// Pre-key id in its 3 bytes.
pub(crate) fn key_id(id: u32) -> Vec<u8> {
    id.to_be_bytes()[1..].to_vec()
}

/// An empty element.
pub(crate) fn empty(tag: &'static str) -> Node {
    NodeBuilder::new(tag).build()
}

/// An element with binary content.
pub(crate) fn blob(tag: &'static str, bytes: impl Into<Vec<u8>>) -> Node {
    NodeBuilder::new(tag).bytes(bytes).build()
}

/// A notification with a fresh id; `now` in unix seconds.
pub(crate) fn notification(now: u64, kind: &'static str, from: impl Into<NodeValue>) -> NodeBuilder {
    NodeBuilder::new("notification")
        .attr("from", from)
        .attr("type", kind)
        .attr("id", fresh_id())
        .attr("t", now)
}

/// An id that no other stanza of the server has, over restarts too.
pub(crate) fn fresh_id() -> String {
    format!("{:016X}", rand::random::<u64>())
}

/// The server's `<ack>` of a client stanza: `from` echoes its `to`; `now` in unix seconds.
pub(crate) fn ack(now: u64, node: &Node, error: Option<u16>) -> Node {
    let mut ack = NodeBuilder::new("ack").attr("class", node.tag.as_ref());
    if let Some(id) = node.attrs.get("id") {
        ack = ack.attr("id", id.clone());
    }
    let from = node.attrs.get("to").cloned();
    ack = ack.attr("from", from.unwrap_or_else(|| SERVER.into())).attr("t", now);
    if node.tag != "message" {
        for key in ["type", "participant"] {
            if let Some(value) = node.attrs.get(key) {
                ack = ack.attr(key, value.clone());
            }
        }
    }
    if let Some(code) = error {
        ack = ack.attr("error", code);
    }
    ack.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_endian_numbers_have_one_to_four_bytes() {
        assert_eq!(big_endian(&[1, 2, 3]), Some(0x01_02_03));
        assert_eq!(big_endian(&[0xff; 4]), Some(u32::MAX));
        assert_eq!(big_endian(&[]), None);
        assert_eq!(big_endian(&[0; 5]), None);
    }

    #[test]
    fn an_ack_answers_from_where_the_stanza_went() {
        let to = Jid::pn("4915112345");
        let node =
            NodeBuilder::new("message").attr("to", to.clone()).attr("id", "A").attr("type", "text").build();
        let ack = ack(7, &node, Some(404));
        assert_eq!(jid(&ack, "from"), Some(to));
        assert_eq!(text(&ack, "class").as_deref(), Some("message"));
        assert_eq!(text(&ack, "t").as_deref(), Some("7"));
        assert_eq!(text(&ack, "error").as_deref(), Some("404"));
        assert_eq!(text(&ack, "type"), None);
    }
}
