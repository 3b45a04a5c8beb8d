//! Ciphertexts that nobody can open.

use wacore_binary::{Node, NodeContent};

/// Distance from the end to the byte that is changed: within MAC or ciphertext of a Signal message,
/// whatever ids a pre-key message has behind it, and within the signature of a sender-key message.
const FROM_END: usize = 12;

/// Flips a bit of every `<enc>` in a stanza.
pub(crate) fn damage(node: &mut Node) {
    if node.tag == "enc"
        && let Some(NodeContent::Bytes(bytes)) = &mut node.content
    {
        let at = bytes.len().saturating_sub(FROM_END);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1;
        }
    }
    if let Some(NodeContent::Nodes(children)) = &mut node.content {
        children.iter_mut().for_each(damage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_binary::builder::NodeBuilder;

    #[test]
    fn one_bit_of_each_enc_differs_and_nothing_else() {
        let enc = |tag, bytes: Vec<u8>| NodeBuilder::new(tag).bytes(bytes).build();
        let mut damaged = NodeBuilder::new("message")
            .children([enc("enc", vec![0; 20]), enc("meta", vec![0; 20]), enc("enc", vec![0; 2])])
            .build();
        damage(&mut damaged);
        let flipped = |index: usize| match &damaged.children().expect("children")[index].content {
            Some(NodeContent::Bytes(bytes)) => bytes.iter().map(|byte| byte.count_ones()).sum::<u32>(),
            other => panic!("{other:?}"),
        };
        assert_eq!([flipped(0), flipped(1), flipped(2)], [1, 0, 1]);
    }
}
