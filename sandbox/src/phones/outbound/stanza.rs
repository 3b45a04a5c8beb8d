//! Building the stanzas of a phone.

use wacore::iq::prekeys::{OneTimePreKeyNode, SignedPreKeyNode};
use wacore::proto_helpers::MessageExt;
use wacore::protocol::ProtocolNode;
use wacore::send::{media_type_from_message, should_hide_decrypt_fail_for_send, stanza_type_from_message};
use wacore::types::message::{AddressingMode, EditAttribute};
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};
use waproto::whatsapp as wa;

use super::super::account::{Keys, SIGNED_PRE_KEY_ID, raw_public};
use super::super::signal::Encrypted;
use super::group::{Audience, SealedForGroup};

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
    let node = match media_type_from_message(message) {
        Some(media) => node.attr("mediatype", media),
        None => node,
    };
    hidden(message, node)
}

/// Clients show no placeholder for an act (reaction, edit, vote …) that they cannot open.
fn hidden(message: &wa::Message, enc: NodeBuilder) -> NodeBuilder {
    if should_hide_decrypt_fail_for_send(EditAttribute::infer_from_message(message).as_ref(), message) {
        enc.attr("decrypt-fail", "hide")
    } else {
        enc
    }
}

/// What every message stanza begins with.
fn envelope(to: &Jid, id: &str, message: &wa::Message) -> NodeBuilder {
    let node = NodeBuilder::new("message")
        .attr("to", to)
        .attr("id", id)
        .attr("type", stanza_type_from_message(message));
    match EditAttribute::infer_from_message(message) {
        Some(edit) => node.attr("edit", edit.to_string_val()),
        None => node,
    }
}

fn participants<'a>(shares: impl Iterator<Item = (&'a Jid, Node)>) -> Node {
    let targets = shares.map(|(jid, enc)| NodeBuilder::new("to").attr("jid", jid).children([enc]).build());
    NodeBuilder::new("participants").children(targets).build()
}

/// A direct message: one `<to>` per device.
pub(super) fn message_stanza(to: &Jid, id: &str, message: &wa::Message, sealed: &[(Jid, Encrypted)]) -> Node {
    let shares = sealed.iter().map(|(jid, sealed)| (jid, enc(message, sealed).build()));
    let children = std::iter::once(participants(shares)).chain(meta(message));
    envelope(to, id, message).children(children).build()
}

/// A group message: the sender key for who lacks it, then one ciphertext for all.
pub(super) fn group_stanza(
    audience: &Audience,
    id: &str,
    message: &wa::Message,
    sealed: &SealedForGroup,
) -> Node {
    let shares = sealed.keys.iter().map(|(jid, key)| {
        let enc = NodeBuilder::new("enc").attr("v", "2").attr("type", key.kind).bytes(key.bytes.clone());
        (jid, hidden(message, enc).build())
    });
    let keys = (!sealed.keys.is_empty()).then(|| participants(shares));
    let children = keys.into_iter().chain([enc(message, &sealed.message).build()]).chain(meta(message));
    envelope(&audience.group, id, message)
        .attr("addressing_mode", audience.mode.as_str())
        .attr("phash", sealed.phash.as_str())
        .children(children)
        .build()
}

/// What the server and clients are told about polls, events and view-once messages in the clear.
fn meta(message: &wa::Message) -> Option<Node> {
    let base = message.get_base_message();
    let mut meta = NodeBuilder::new("meta");
    if base.poll_creation_message.is_set()
        || base.poll_creation_message_v2.is_set()
        || base.poll_creation_message_v3.is_set()
    {
        meta = meta.attr("polltype", "creation");
    } else if base.poll_update_message.is_set() {
        meta = meta.attr("polltype", "vote");
    } else if base.event_message.is_set() {
        meta = meta.attr("event_type", "creation");
    } else if base.enc_event_response_message.is_set() {
        meta = meta.attr("event_type", "response");
    }
    if message.is_view_once() {
        meta = meta.attr("view_once", "true");
    }
    let meta = meta.build();
    (!meta.attrs.is_empty()).then_some(meta)
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
    /// A device of a member of this group, in this addressing.
    Member(Jid, AddressingMode),
    /// A companion that gets a copy of what was sent to this chat.
    OwnCopy(Jid),
    /// A companion as the phone's peer.
    Peer,
}

/// The answer to a retry receipt: the `<enc>` directly under `<message>`, with the count.
pub(in super::super) fn resend_stanza(resend: &Resend<'_>) -> Node {
    let Resend { to, id, message, .. } = *resend;
    let enc = enc(message, resend.sealed).attr("count", resend.count);
    let node = match &resend.kind {
        ResendKind::Peer => return peer_envelope(to, id, enc),
        ResendKind::OwnCopy(chat) => envelope(to, id, message).attr("recipient", chat),
        ResendKind::Member(group, mode) => {
            envelope(group, id, message).attr("participant", to).attr("addressing_mode", mode.as_str())
        }
        ResendKind::Recipient => envelope(to, id, message),
    };
    node.children([enc.build()]).build()
}
