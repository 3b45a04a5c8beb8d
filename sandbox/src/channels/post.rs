//! What an author's `<message>` does: publish, edit or revoke. Clients write the latter two
//! in two ways: as a stanza with the post's own id, or as a protocol message that names it.

use anyhow::Result;
use bytes::Bytes;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Node, NodeContent};
use waproto::codec::{message_decode, message_to_vec};
use waproto::whatsapp::message::protocol_message::Type;

use crate::nodes::{content, text};
use crate::state::PostBody;
use crate::wire::encode_stored;

/// One of the three.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    Publish(PostBody),
    Edit { id: String, body: PostBody },
    Revoke { id: String },
}

impl Change {
    /// Reads a stanza with the id `id`; `None` when it lacks a plaintext or does not decode.
    pub(super) fn read(node: &Node, id: &str) -> Result<Option<Self>> {
        let Some(plaintext) = node.get_optional_child("plaintext") else { return Ok(None) };
        let body = PostBody {
            kind: text(node, "type").unwrap_or_else(|| "text".to_owned()),
            media_type: text(plaintext, "mediatype"),
            plaintext: Bytes::copy_from_slice(content(plaintext)),
            extra: extra(node)?,
        };
        let Ok(message) = message_decode(&body.plaintext) else { return Ok(None) };
        if text(node, "edit").is_none() {
            return Ok((!body.plaintext.is_empty()).then_some(Self::Publish(body)));
        }
        let Some(protocol) = message.protocol_message.as_option() else {
            let id = id.to_owned();
            let revoked = body.plaintext.is_empty();
            return Ok(Some(if revoked { Self::Revoke { id } } else { Self::Edit { id, body } }));
        };
        let Some(id) = protocol.key.as_option().and_then(|key| key.id.clone()) else { return Ok(None) };
        Ok(match (protocol.r#type, protocol.edited_message.as_option()) {
            (Some(Type::Revoke), _) => Some(Self::Revoke { id }),
            (Some(Type::MessageEdit), Some(edited)) => {
                Some(Self::Edit { id, body: PostBody { plaintext: message_to_vec(edited).into(), ..body } })
            }
            _ => None,
        })
    }
}

/// What stands beside the plaintext, in stored form.
fn extra(node: &Node) -> Result<Bytes> {
    let children = node.children().unwrap_or_default().iter().filter(|child| child.tag != "plaintext");
    encode_stored(&NodeBuilder::new("extra").children(children.cloned()).build())
}

/// The other way round.
pub(super) fn extra_children(extra: Node) -> Vec<Node> {
    match extra.content {
        Some(NodeContent::Nodes(children)) => children,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use buffa::MessageField;
    use waproto::whatsapp::message::ProtocolMessage;
    use waproto::whatsapp::{Message, MessageKey};

    fn stanza(edit: Option<&'static str>, plaintext: Vec<u8>) -> Node {
        let node = NodeBuilder::new("message").attr("type", "text");
        let node = edit.into_iter().fold(node, |node, edit| node.attr("edit", edit));
        node.children([NodeBuilder::new("plaintext").bytes(plaintext).build()]).build()
    }

    fn saying(text: &str) -> Message {
        Message { conversation: Some(text.to_owned()), ..Default::default() }
    }

    fn naming(kind: Type, edited: Option<Message>) -> Vec<u8> {
        let protocol = ProtocolMessage {
            key: MessageField::some(MessageKey { id: Some("TARGET".to_owned()), ..Default::default() }),
            r#type: Some(kind),
            edited_message: edited.map_or_else(MessageField::none, MessageField::some),
            ..Default::default()
        };
        message_to_vec(&Message { protocol_message: MessageField::some(protocol), ..Default::default() })
    }

    fn read(edit: Option<&'static str>, plaintext: Vec<u8>) -> Option<Change> {
        Change::read(&stanza(edit, plaintext), "OWN").expect("read")
    }

    #[test]
    fn both_ways_of_editing_and_revoking_are_read() {
        let new = message_to_vec(&saying("new"));
        let edits = |change: Option<Change>, target: &str| match change {
            Some(Change::Edit { id, body }) => id == target && body.plaintext == new,
            _ => false,
        };
        assert!(matches!(read(None, new.clone()), Some(Change::Publish(body)) if body.plaintext == new));
        assert!(edits(read(Some("3"), new.clone()), "OWN"));
        assert!(edits(read(Some("1"), naming(Type::MessageEdit, Some(saying("new")))), "TARGET"));
        assert_eq!(read(Some("8"), Vec::new()), Some(Change::Revoke { id: "OWN".to_owned() }));
        let named = read(Some("7"), naming(Type::Revoke, None));
        assert_eq!(named, Some(Change::Revoke { id: "TARGET".to_owned() }));
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        assert_eq!(read(None, vec![0xff; 3]), None, "no protobuf");
        assert_eq!(read(None, Vec::new()), None, "nothing to publish");
        assert_eq!(read(Some("1"), naming(Type::MessageEdit, None)), None, "an edit to nothing");
        let bare = NodeBuilder::new("message").build();
        assert_eq!(Change::read(&bare, "OWN").expect("read"), None, "no plaintext");
    }

    #[test]
    fn what_stands_beside_the_plaintext_is_kept() {
        let meta = NodeBuilder::new("meta").attr("polltype", "creation").build();
        let plaintext = NodeBuilder::new("plaintext").bytes(message_to_vec(&saying("poll"))).build();
        let node = NodeBuilder::new("message").children([plaintext, meta.clone()]).build();
        let Some(Change::Publish(body)) = Change::read(&node, "OWN").expect("read") else { panic!("a post") };
        let kept = crate::wire::decode_stored(&body.extra).expect("stored");
        assert_eq!(extra_children(kept), [meta]);
    }
}
