//! Stanzas out of random bytes: mostly words that mean something here, in places that may not.

use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node, NodeValue, Server};

use crate::handlers::{requests, stanza_tags};

/// Words of tags, attribute keys and values; what the handlers look for, whichever they are.
const WORDS: &str = include_str!("words.txt");
const SERVERS: [Server; 7] = [
    Server::Pn,
    Server::Lid,
    Server::Group,
    Server::Newsletter,
    Server::Broadcast,
    Server::Hosted,
    Server::HostedLid,
];
const DEPTH: u8 = 4;

/// Bytes that decide; an empty source decides for zero.
pub(super) struct Source<'a> {
    bytes: &'a [u8],
    words: Vec<&'static str>,
    /// User parts of addresses that exist.
    users: &'a [String],
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a [u8], users: &'a [String]) -> Self {
        Self { bytes, words: WORDS.lines().collect(), users }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *byte
    }

    fn below(&mut self, end: u8) -> u8 {
        self.byte().checked_rem(end).unwrap_or(0)
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let number = usize::from(self.byte()) << 8 | usize::from(self.byte());
        from.get(number.checked_rem(from.len())?).cloned()
    }

    fn take(&mut self, length: u8) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at(usize::from(length).min(self.bytes.len()));
        self.bytes = rest;
        taken
    }

    /// A request that is served, or a stanza of a kind that is handled, with some content.
    pub(super) fn stanza(&mut self) -> Node {
        let mut stanza = if self.below(2) == 0 {
            let (xmlns, kind) = self.pick(&requests().collect::<Vec<_>>()).unwrap_or_default();
            NodeBuilder::new("iq").attr("xmlns", xmlns).attr("type", kind)
        } else {
            NodeBuilder::new(self.pick(&stanza_tags().collect::<Vec<_>>()).unwrap_or_default())
        };
        let id = self.below(8);
        if id > 0 {
            stanza = stanza.attr("id", format!("ID{id}"));
        }
        if self.below(4) > 0 {
            stanza = stanza.attr("to", self.address());
        }
        self.filled(stanza, DEPTH)
    }

    /// Adds attributes and content.
    fn filled(&mut self, mut node: NodeBuilder, depth: u8) -> Node {
        for _ in 0..self.below(4) {
            let key = self.word();
            let value = self.value();
            node = node.attr(key, value);
        }
        match self.below(4) {
            0 => node.build(),
            1 => {
                let length = self.length();
                node.bytes(self.take(length)).build()
            }
            2 => {
                let text = if self.below(2) == 0 { self.text() } else { self.json() };
                node.string_content(text).build()
            }
            _ => {
                let count = if depth == 0 { 0 } else { self.below(5) };
                let children: Vec<Node> = (0..count)
                    .map(|_| {
                        let tag = self.word();
                        self.filled(NodeBuilder::new(tag), depth - 1)
                    })
                    .collect();
                node.children(children).build()
            }
        }
    }

    fn word(&mut self) -> &'static str {
        let words = std::mem::take(&mut self.words);
        let word = self.pick(&words).unwrap_or_default();
        self.words = words;
        word
    }

    fn value(&mut self) -> NodeValue {
        match self.below(4) {
            0 => self.address().into(),
            1 => i64::from(i16::from_be_bytes([self.byte(), self.byte()])).to_string().into(),
            _ => self.text().into(),
        }
    }

    fn address(&mut self) -> Jid {
        let user = if self.below(4) == 0 { self.text() } else { self.pick(self.users).unwrap_or_default() };
        let server = self.pick(&SERVERS).unwrap_or(Server::Pn);
        Jid { device: u16::from(self.below(4)), ..Jid::new(user, server) }
    }

    fn text(&mut self) -> String {
        match self.below(3) {
            0 => self.word().to_owned(),
            1 => format!("ID{}", self.below(8)),
            _ => {
                let length = self.length();
                String::from_utf8_lossy(self.take(length)).into_owned()
            }
        }
    }

    /// Lengths that keys, signatures and pictures have, and any other.
    fn length(&mut self) -> u8 {
        match self.below(6) {
            0 => 3,
            1 => 4,
            2 => 32,
            3 => 64,
            4 => 80,
            _ => self.byte(),
        }
    }

    /// What a GraphQL query carries.
    fn json(&mut self) -> String {
        let mut object = |count| -> serde_json::Value {
            (0..count)
                .map(|_| (self.word().to_owned(), self.text().into()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let (input, variables) = (object(3), object(3));
        let mut query = serde_json::json!({ "variables": variables });
        query["variables"]["input"] = input;
        query.to_string()
    }
}
