//! When two stanzas say the same, though not in the same words.

use wacore_binary::{Node, NodeContent, NodeValue};

/// Whether two stanzas say the same: a text may come back as an address or as bytes.
pub(crate) fn same_stanza(a: &Node, b: &Node) -> bool {
    let content = match (&a.content, &b.content) {
        (Some(NodeContent::Nodes(a)), Some(NodeContent::Nodes(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_stanza(a, b))
        }
        _ => crate::nodes::content(a) == crate::nodes::content(b),
    };
    let value = |v: &NodeValue| v.to_jid().map_or_else(|| v.as_str().into_owned(), |jid| jid.to_string());
    let attrs = a.attrs.len() == b.attrs.len()
        && a.attrs.iter().zip(b.attrs.iter()).all(|(a, b)| a.0 == b.0 && value(a.1) == value(b.1));
    a.tag == b.tag && attrs && content
}
