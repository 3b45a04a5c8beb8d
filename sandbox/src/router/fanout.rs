//! One message for many devices: each gets the ciphertexts made for it, then what is for all.

use wacore_binary::Node;

use crate::nodes::{is, number};

/// Children that are for the server, or that every device gets in its own version.
const NOT_FORWARDED: [&str; 4] = ["participants", "enc", "tctoken", "cstoken"];

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
