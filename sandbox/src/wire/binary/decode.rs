//! From bytes to nodes, within limits.

use std::borrow::Cow;

use wacore_binary::{Attrs, CompactString, Jid, Node, NodeContent, NodeValue, Server};

use super::super::prologue::Dictionary;
use super::packed::Alphabet;
use super::tags::{
    AD_JID, BINARY_8, BINARY_20, BINARY_32, DICTIONARY_0, DICTIONARY_3, HEX_8, JID_PAIR, LIST_8, LIST_16,
    LIST_EMPTY, NIBBLE_8,
};

/// An address inside an address: a client makes one of a text such as `a@b@c`.
const MAX_ADDRESS_DEPTH: usize = 32;

/// How much a stanza may be.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Limits {
    /// Nodes within nodes.
    pub(in super::super) depth: usize,
    /// Nodes and attributes together; each costs far more memory than bytes on the wire.
    pub(in super::super) elements: usize,
}

/// Why bytes are not a stanza.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(in super::super) enum DecodeError {
    #[error("ends too early")]
    Truncated,
    #[error("{0} bytes are left behind the node")]
    Leftover(usize),
    #[error("nested too deeply")]
    Depth,
    #[error("has too many elements")]
    Elements,
    #[error("byte {0} has no meaning here")]
    Tag(u8),
    #[error("a node has no tag")]
    NoTag,
    #[error("text is not UTF-8")]
    Text,
}

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads one node, which must be all there is. `bytes` come after the flag byte, inflated.
pub(in super::super) fn decode(bytes: &[u8], dictionary: Dictionary, limits: Limits) -> Result<Node> {
    let mut reader = Reader { rest: bytes, dictionary, limits };
    reader.element(1)?;
    let node = reader.node(limits.depth)?;
    match reader.rest.len() {
        0 => Ok(node),
        left => Err(DecodeError::Leftover(left)),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    dictionary: Dictionary,
    limits: Limits,
}

impl<'a> Reader<'a> {
    fn node(&mut self, depth: usize) -> Result<Node> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::Depth)?;
        let tag = self.byte()?;
        let size = self.list_size(tag)?;
        let parts = size.checked_sub(1).ok_or(DecodeError::NoTag)?;
        let tag = self.key()?;
        if tag.is_empty() {
            return Err(DecodeError::NoTag);
        }
        let attributes = parts / 2;
        self.element(attributes)?;
        let mut attrs = Attrs::with_capacity(attributes);
        for _ in 0..attributes {
            attrs.push_value(self.key()?, self.value()?);
        }
        let content = if parts % 2 == 1 { self.content(depth)? } else { None };
        Ok(Node { tag, attrs, content })
    }

    fn content(&mut self, depth: usize) -> Result<Option<NodeContent>> {
        let tag = self.byte()?;
        Ok(match tag {
            LIST_EMPTY => None,
            LIST_8 | LIST_16 => {
                let size = self.list_size(tag)?;
                self.element(size)?;
                let mut nodes = Vec::with_capacity(size);
                for _ in 0..size {
                    nodes.push(self.node(depth)?);
                }
                // none at all are no content, in whichever form that is written
                (size > 0).then_some(NodeContent::Nodes(nodes))
            }
            BINARY_8 | BINARY_20 | BINARY_32 => Some(NodeContent::Bytes(self.binary(tag)?.to_vec())),
            _ => Some(NodeContent::String(self.text(tag, MAX_ADDRESS_DEPTH)?)),
        })
    }

    fn value(&mut self) -> Result<NodeValue> {
        match self.byte()? {
            LIST_EMPTY => Ok(NodeValue::default()),
            tag @ (AD_JID | JID_PAIR) => self.address(tag, MAX_ADDRESS_DEPTH),
            tag => self.text(tag, MAX_ADDRESS_DEPTH).map(NodeValue::String),
        }
    }

    /// A tag or the name of an attribute, words without a copy.
    fn key(&mut self) -> Result<Cow<'static, str>> {
        let tag = self.byte()?;
        if let Some(word) = self.word(tag)? {
            return Ok(Cow::Borrowed(word));
        }
        Ok(Cow::Owned(self.text(tag, MAX_ADDRESS_DEPTH)?.into_string()))
    }

    /// A text whose tag has been read, addresses in their written form.
    fn text(&mut self, tag: u8, depth: usize) -> Result<CompactString> {
        if let Some(word) = self.word(tag)? {
            return Ok(CompactString::const_new(word));
        }
        match tag {
            LIST_EMPTY => Ok(CompactString::default()),
            BINARY_8 | BINARY_20 | BINARY_32 => {
                let text = std::str::from_utf8(self.binary(tag)?).map_err(|_| DecodeError::Text)?;
                Ok(text.into())
            }
            NIBBLE_8 => self.packed(Alphabet::Nibble),
            HEX_8 => self.packed(Alphabet::Hex),
            AD_JID | JID_PAIR => match self.address(tag, depth)? {
                NodeValue::String(text) => Ok(text),
                NodeValue::Jid(jid) => {
                    let mut text = CompactString::default();
                    wacore_binary::push_jid_to_compact(
                        &jid.user, jid.server, jid.agent, jid.device, &mut text,
                    );
                    Ok(text)
                }
            },
            _ => Err(DecodeError::Tag(tag)),
        }
    }

    /// An address; a text when its server is none: clients take any text with an `@` for one.
    fn address(&mut self, tag: u8, depth: usize) -> Result<NodeValue> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::Depth)?;
        let part = |reader: &mut Self| {
            let tag = reader.byte()?;
            reader.text(tag, depth)
        };
        if tag == AD_JID {
            let (domain, device) = (self.byte()?, u16::from(self.byte()?));
            let server = self.dictionary.server(domain).ok_or(DecodeError::Tag(domain))?;
            let user = part(self)?;
            return Ok(Jid { device, ..Jid::new(user, server) }.into());
        }
        let (mut user, server) = (part(self)?, part(self)?);
        if let Some(server) = Server::parse_known(&server) {
            return Ok(Jid::new(user, server).into());
        }
        user.push('@');
        user.push_str(&server);
        Ok(user.into())
    }

    fn packed(&mut self, alphabet: Alphabet) -> Result<CompactString> {
        let length = self.byte()?;
        let packed = self.take(Alphabet::packed_len(length))?;
        alphabet.unpack(length, packed).ok_or(DecodeError::Text)
    }

    /// The word that a tag stands for, when it is the number of one.
    fn word(&mut self, tag: u8) -> Result<Option<&'static str>> {
        match tag {
            LIST_EMPTY => Ok(None),
            DICTIONARY_0..=DICTIONARY_3 => {
                let number = self.byte()?;
                let word = self.dictionary.double(tag - DICTIONARY_0, number);
                word.map(Some).ok_or(DecodeError::Tag(number))
            }
            _ => Ok(self.dictionary.single(tag)),
        }
    }

    fn list_size(&mut self, tag: u8) -> Result<usize> {
        match tag {
            LIST_EMPTY => Ok(0),
            LIST_8 => self.byte().map(usize::from),
            LIST_16 => self.big_endian(2),
            _ => Err(DecodeError::Tag(tag)),
        }
    }

    fn binary(&mut self, tag: u8) -> Result<&'a [u8]> {
        let length = match tag {
            BINARY_8 => self.byte().map(usize::from),
            BINARY_20 => self.big_endian(3).map(|length| length & 0x0f_ffff),
            BINARY_32 => self.big_endian(4),
            _ => Err(DecodeError::Tag(tag)),
        }?;
        self.take(length)
    }

    fn byte(&mut self) -> Result<u8> {
        let (byte, rest) = self.rest.split_first().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn big_endian(&mut self, bytes: usize) -> Result<usize> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Counts elements before room is made for them.
    fn element(&mut self, count: usize) -> Result<()> {
        self.limits.elements = self.limits.elements.checked_sub(count).ok_or(DecodeError::Elements)?;
        Ok(())
    }
}
