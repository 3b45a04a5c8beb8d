//! Building the stanzas of a phone.

use wacore::iq::prekeys::{OneTimePreKeyNode, SignedPreKeyNode};
use wacore::protocol::ProtocolNode;
use wacore::send::{media_type_from_message, stanza_type_from_message};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use waproto::whatsapp as wa;

use super::super::account::{Keys, SIGNED_PRE_KEY_ID, raw_public};
use super::super::signal::Encrypted;

/// A receipt; `kind` is absent for plain delivery.
pub(in super::super) fn receipt(to: &Jid, id: &str, kind: Option<&'static str>) -> NodeBuilder {
    let node = NodeBuilder::new("receipt").attr("to", to).attr("id", id);
    match kind {
        Some(kind) => node.attr("type", kind),
        None => node,
    }
}

/// `<keys>` of a retry receipt. The phone is device 0 and has no `<device-identity>`.
pub(in super::super) fn own_keys_node(keys: &Keys, one_time: (u32, [u8; 32])) -> Node {
    NodeBuilder::new("keys")
        .children([
            NodeBuilder::new("type").bytes(vec![5]).build(),
            NodeBuilder::new("identity").bytes(keys.identity_public().to_vec()).build(),
            OneTimePreKeyNode::new(one_time.0, one_time.1.to_vec()).into_node(),
            SignedPreKeyNode::new(
                SIGNED_PRE_KEY_ID,
                raw_public(&keys.signed_pre_key.public_key).to_vec(),
                keys.signed_pre_key_signature.to_vec(),
            )
            .into_node(),
        ])
        .build()
}

fn enc(message: &wa::Message, sealed: &Encrypted) -> NodeBuilder {
    let node = NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind).bytes(sealed.bytes.clone());
    match media_type_from_message(message) {
        Some(media) => node.attr("mediatype", media),
        None => node,
    }
}

/// A direct message: one `<to>` per device.
pub(super) fn message_stanza(to: &Jid, id: &str, message: &wa::Message, sealed: &[(Jid, Encrypted)]) -> Node {
    let targets = sealed.iter().map(|(jid, sealed)| {
        NodeBuilder::new("to").attr("jid", jid).children([enc(message, sealed).build()]).build()
    });
    NodeBuilder::new("message")
        .attr("to", to)
        .attr("id", id)
        .attr("type", stanza_type_from_message(message))
        .children([NodeBuilder::new("participants").children(targets).build()])
        .build()
}

/// A message between the phone and one companion.
pub(super) fn peer_stanza(to: &Jid, id: &str, sealed: &Encrypted) -> Node {
    peer_envelope(
        to,
        id,
        NodeBuilder::new("enc").attr("v", "2").attr("type", sealed.kind).bytes(sealed.bytes.clone()),
    )
}

fn peer_envelope(to: &Jid, id: &str, enc: NodeBuilder) -> Node {
    NodeBuilder::new("message")
        .attr("to", to)
        .attr("id", id)
        .attr("type", "text")
        .attr("category", "peer")
        .attr("push_priority", "high")
        .children([NodeBuilder::new("meta").attr("appdata", "default").build(), enc.build()])
        .build()
}

/// What a retry receipt is answered for.
pub(in super::super) struct Resend<'a> {
    /// Asking device.
    pub(in super::super) to: &'a Jid,
    pub(in super::super) id: &'a str,
    /// Count of the retry receipt.
    pub(in super::super) count: u64,
    pub(in super::super) message: &'a wa::Message,
    pub(in super::super) sealed: &'a Encrypted,
    pub(in super::super) kind: ResendKind,
}

/// Which of its roles the asking device has.
pub(in super::super) enum ResendKind {
    /// A device of the recipient.
    Recipient,
    /// A companion that gets a copy of what was sent to this chat.
    OwnCopy(Jid),
    /// A companion as the phone's peer.
    Peer,
}

/// The answer to a retry receipt: the `<enc>` directly under `<message>`, with the count.
pub(in super::super) fn resend_stanza(resend: &Resend<'_>) -> Node {
    let Resend { to, id, message, .. } = *resend;
    let enc = enc(message, resend.sealed).attr("count", resend.count);
    let node = NodeBuilder::new("message")
        .attr("to", to)
        .attr("id", id)
        .attr("type", stanza_type_from_message(message));
    match &resend.kind {
        ResendKind::Peer => return peer_envelope(to, id, enc),
        ResendKind::OwnCopy(chat) => node.attr("recipient", chat),
        ResendKind::Recipient => node,
    }
    .children([enc.build()])
    .build()
}
