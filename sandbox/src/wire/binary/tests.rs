//! Both dictionaries: what is written comes back, and nothing that comes in does harm.

use std::borrow::Cow;

use wacore_binary::builder::NodeBuilder;
use wacore_binary::marshal::{marshal, unmarshal_ref};
use wacore_binary::{Jid, Node, NodeContent, NodeValue, Server};

use super::super::prologue::Dictionary;
use super::decode::DecodeError;
use super::tags::*;
use super::*;

const BOTH: [Dictionary; 2] = [Dictionary::V2, Dictionary::V3];
const LIMITS: Limits = Limits { depth: 32, elements: 1000 };

fn written(node: &Node, dictionary: Dictionary) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(node, dictionary, &mut bytes).expect("encode");
    bytes
}

fn read(bytes: &[u8], dictionary: Dictionary) -> Result<Node, DecodeError> {
    decode(bytes, dictionary, LIMITS)
}

/// A stanza with every form there is.
fn stanza() -> Node {
    let enc = NodeBuilder::new("enc").attr("v", "2").bytes(vec![0, 1, 2, 255]).build();
    let to = NodeBuilder::new("to").attr("jid", Jid::lid_device("100000000000001", 9)).children([enc]);
    NodeBuilder::new("message")
        .attr("to", Jid::pn("4915112345678"))
        .attr("from", Jid::pn_device("4915112345678", 33))
        .attr("participant", Jid::new("12036304", Server::Group))
        .attr("recipient", Jid::new("", Server::Pn))
        .attr("hosted", Jid { device: 99, ..Jid::new("4915112345678", Server::Hosted) })
        .attr("far", Jid { device: 300, ..Jid::pn("4915112345678") })
        .attr("id", "3EB0A1B2C3D4E5F")
        .attr("t", "1700000000")
        .attr("verified_name", "")
        .attr("notify", "Max@Home@Work")
        .attr("custom-key", "Ünïcode")
        .children([
            to.build(),
            NodeBuilder::new("body").string_content("hello world").build(),
            NodeBuilder::new("code").string_content("receipt").build(),
            NodeBuilder::new("blob").bytes(vec![7; 300]).build(),
            NodeBuilder::new("huge").bytes(vec![8; 1 << 20]).build(),
            NodeBuilder::new("list")
                .children((0..300).map(|n| NodeBuilder::new("item").attr("n", n).build()))
                .build(),
        ])
        .build()
}

#[test]
fn what_is_written_comes_back() {
    let node = stanza();
    for dictionary in BOTH {
        let back = decode(&written(&node, dictionary), dictionary, LIMITS);
        let back = back.expect("decode");
        assert!(same_stanza(&back, &node), "{dictionary:?}: {back:#?}");
        for key in ["to", "from", "participant", "recipient"] {
            assert_eq!(back.attrs.get(key), node.attrs.get(key), "an address stays one");
        }
    }
}

#[test]
fn the_newer_dictionary_is_the_one_of_its_clients() {
    let node = stanza();
    let ours = written(&node, Dictionary::V3);
    assert!(same_stanza(&unmarshal_ref(&ours).expect("the client reads it").to_owned(), &node));
    // That client's own writer makes addresses of names and refuses devices above 255.
    let mut node = node;
    for key in ["notify", "far"] {
        node.attrs.0.retain(|(name, _)| name != key);
    }
    let theirs = marshal(&node).expect("marshal");
    assert!(same_stanza(&read(&theirs[1..], Dictionary::V3).expect("we read its bytes"), &node));
    assert_eq!(written(&node, Dictionary::V3), theirs[1..]);
}

#[test]
fn texts_with_an_at_sign_are_addresses_only_when_they_say_the_same_stanza() {
    for (text, address) in [
        ("4915112345678@s.whatsapp.net", true),
        ("4915112345678:7@s.whatsapp.net", true),
        ("status@broadcast", true),
        ("12-34@g.us", true),
        ("4915112345678:07@s.whatsapp.net", false),
        ("4915112345678:x@s.whatsapp.net", false),
        ("write to me@lid", false),
        ("a_1@s.whatsapp.net", false),
        ("max@home", false),
        ("@", false),
    ] {
        let node = NodeBuilder::new("a").attr("b", text).build();
        for dictionary in BOTH {
            let back = read(&written(&node, dictionary), dictionary).expect("decode");
            let value = back.attrs.get("b").expect("there");
            assert_eq!(*value, *text);
            assert_eq!(matches!(value, NodeValue::Jid(_)), address, "{text}");
        }
    }
}

#[test]
fn an_address_of_a_client_that_has_no_server_is_a_text() {
    // JID_PAIR "a", then as the server another pair "b", "c".
    let bytes = [
        LIST_8, 3, BINARY_8, 1, b'x', BINARY_8, 1, b'k', JID_PAIR, BINARY_8, 1, b'a', JID_PAIR, BINARY_8, 1,
        b'b', BINARY_8, 1, b'c',
    ];
    for dictionary in BOTH {
        let node = read(&bytes, dictionary).expect("decode");
        assert_eq!(node.attrs.get("k"), Some(&NodeValue::from("a@b@c")));
    }
}

#[test]
fn depth_is_limited_for_nodes_and_for_addresses() {
    // A node with a list of one node, and so on; and pairs within pairs.
    let nested = [LIST_8, 2, BINARY_8, 1, b'x', LIST_8, 1].repeat(1 << 20);
    for (bytes, dictionary) in [&nested].into_iter().flat_map(|bytes| BOTH.map(|d| (bytes, d))) {
        assert_eq!(read(bytes, dictionary), Err(DecodeError::Depth));
    }
    for tag in [vec![JID_PAIR], vec![AD_JID, 1, 1]] {
        let bytes = [&[LIST_8, 3, BINARY_8, 1, b'x', BINARY_8, 1, b'k'][..], &tag.repeat(4 << 20)].concat();
        for dictionary in BOTH {
            assert_eq!(read(&bytes, dictionary), Err(DecodeError::Depth));
        }
    }
    let deepest = (0..31)
        .fold(NodeBuilder::new("x").build(), |inner, _| NodeBuilder::new("x").children([inner]).build());
    let deeper = NodeBuilder::new("x").children([deepest.clone()]).build();
    for dictionary in BOTH {
        assert_eq!(read(&written(&deepest, dictionary), dictionary), Ok(deepest.clone()));
        assert_eq!(read(&written(&deeper, dictionary), dictionary), Err(DecodeError::Depth));
    }
}

#[test]
fn elements_are_counted_before_there_is_room_for_them() {
    let children =
        |count| NodeBuilder::new("x").children((0..count).map(|_| NodeBuilder::new("y").build())).build();
    // A list that claims to be long, over and over.
    let claims = [LIST_8, 2, BINARY_8, 1, b'x', LIST_16, 0xff, 0xff].repeat(8);
    for dictionary in BOTH {
        assert!(read(&written(&children(999), dictionary), dictionary).is_ok());
        let error = read(&written(&children(1000), dictionary), dictionary);
        assert_eq!(error, Err(DecodeError::Elements));
        assert_eq!(read(&claims, dictionary), Err(DecodeError::Elements));
        let attributes = [LIST_16, 0xff, 0xff, BINARY_8, 1, b'x'];
        assert_eq!(read(&attributes, dictionary), Err(DecodeError::Elements));
    }
}

#[test]
fn damaged_stanzas_are_errors_and_never_panics() {
    let mut node = stanza();
    if let Some(NodeContent::Nodes(nodes)) = &mut node.content {
        nodes.retain(|child| child.tag != "huge" && child.tag != "list");
    }
    for dictionary in BOTH {
        let whole = written(&node, dictionary);
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut], dictionary).is_err(), "cut at {cut}");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 236, 239, 240, AD_JID, LIST_16, JID_PAIR, BINARY_32, NIBBLE_8] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                // What comes out may be anything that can be written again.
                if let Ok(node) = read(&damaged, dictionary) {
                    written(&node, dictionary);
                }
            }
        }
        assert_eq!(read(&[whole, vec![0]].concat(), dictionary), Err(DecodeError::Leftover(1)));
        assert_eq!(read(&[LIST_EMPTY], dictionary), Err(DecodeError::NoTag));
        assert_eq!(read(&[LIST_8, 1, LIST_EMPTY], dictionary), Err(DecodeError::NoTag));
        assert_eq!(read(&[LIST_8, 1, BINARY_8, 1, 0xff], dictionary), Err(DecodeError::Text));
    }
}

#[test]
fn a_list_that_cannot_be_counted_is_refused() {
    let node = NodeBuilder::new("x").children((0..=1 << 16).map(|_| NodeBuilder::new("y").build())).build();
    for dictionary in BOTH {
        assert!(encode(&node, dictionary, &mut Vec::new()).is_err());
    }
}

/// A stanza of `baileys6.jsonl`.
fn stanza_of(value: &serde_json::Value) -> Node {
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let attrs = value["attrs"].as_object().expect("attributes");
    let content = match &value["content"] {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(NodeContent::String(text.into())),
        serde_json::Value::Array(nodes) => Some(NodeContent::Nodes(nodes.iter().map(stanza_of).collect())),
        bytes => Some(NodeContent::Bytes(hex::decode(text(&bytes["hex"])).expect("hex"))),
    };
    let attrs = attrs.iter().map(|(key, value)| (Cow::Owned(key.clone()), NodeValue::from(text(value))));
    Node { tag: Cow::Owned(text(&value["tag"])), attrs: attrs.collect(), content }
}

/// Written by `tests/foreign/baileys6/vectors.mjs`.
#[test]
fn baileys_6_writes_the_same_bytes() {
    for line in include_str!("baileys6.jsonl").lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let stanza = stanza_of(&line["stanza"]);
        let bytes = hex::decode(line["hex"].as_str().expect("hex")).expect("hex");
        let back = read(&bytes[1..], Dictionary::V2).expect("decode");
        assert!(same_stanza(&back, &stanza), "{back:#?}");
        if line["onlyRead"].is_null() {
            assert_eq!(written(&stanza, Dictionary::V2), bytes[1..], "{stanza:?}");
        }
    }
}
