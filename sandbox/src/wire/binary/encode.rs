//! From nodes to bytes.

use wacore_binary::token::TokenKind;
use wacore_binary::{Jid, Node, NodeContent, NodeValue, Server};

use super::super::prologue::Dictionary;
use super::packed::Alphabet;
use super::tags::{
    AD_JID, BINARY_8, BINARY_20, BINARY_32, DICTIONARY_0, HEX_8, JID_PAIR, LIST_8, LIST_16, LIST_EMPTY,
    NIBBLE_8,
};

/// Why a node cannot be written: a list of more than 2^16 - 1 or a text of more than 2^32 - 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0} elements or bytes are more than the format can count")]
pub(in super::super) struct EncodeError(usize);

type Result = std::result::Result<(), EncodeError>;

/// Appends a node, without flag byte.
pub(in super::super) fn encode(node: &Node, dictionary: Dictionary, output: &mut Vec<u8>) -> Result {
    Writer { output, dictionary }.node(node)
}

struct Writer<'a> {
    output: &'a mut Vec<u8>,
    dictionary: Dictionary,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node) -> Result {
        self.list(1 + 2 * node.attrs.len() + usize::from(node.content.is_some()))?;
        self.text(&node.tag)?;
        for (key, value) in &node.attrs {
            self.text(key)?;
            match value {
                NodeValue::String(text) => self.text(text)?,
                NodeValue::Jid(jid) => self.address(jid)?,
            }
        }
        match &node.content {
            None => Ok(()),
            Some(NodeContent::Bytes(bytes)) => self.binary(bytes),
            Some(NodeContent::String(text)) => self.text(text),
            Some(NodeContent::Nodes(nodes)) => {
                self.list(nodes.len())?;
                nodes.iter().try_for_each(|node| self.node(node))
            }
        }
    }

    /// A text in its shortest form; one that is an address becomes one.
    fn text(&mut self, text: &str) -> Result {
        match self.dictionary.number(text) {
            Some(TokenKind::Single(number)) => self.output.push(number),
            Some(TokenKind::Double(table, number)) => self.output.extend([DICTIONARY_0 + table, number]),
            None => match Alphabet::of(text) {
                Some(alphabet) => {
                    self.output.push(if alphabet == Alphabet::Nibble { NIBBLE_8 } else { HEX_8 });
                    alphabet.pack(text, self.output);
                }
                None => match plain_address(text) {
                    Some(jid) => self.address(&jid)?,
                    None => self.binary(text.as_bytes())?,
                },
            },
        }
        Ok(())
    }

    /// An address with a device is spelled out when the dictionary has no form for it.
    fn address(&mut self, jid: &Jid) -> Result {
        let agent = jid.agent > 0 && jid.server.renders_agent();
        if jid.device == 0 && !agent {
            self.output.push(JID_PAIR);
            if jid.user.is_empty() {
                self.output.push(LIST_EMPTY);
            } else {
                self.text(&jid.user)?;
            }
            return self.text(jid.server.as_str());
        }
        match (self.dictionary.domain(jid.server), u8::try_from(jid.device)) {
            (Some(domain), Ok(device)) if device > 0 => {
                self.output.extend([AD_JID, domain, device]);
                self.text(&jid.user)
            }
            _ => self.binary(jid.to_string().as_bytes()),
        }
    }

    fn list(&mut self, size: usize) -> Result {
        match (u8::try_from(size), u16::try_from(size)) {
            (Ok(0), _) => self.output.push(LIST_EMPTY),
            (Ok(size), _) => self.output.extend([LIST_8, size]),
            (_, Ok(size)) => {
                self.output.push(LIST_16);
                self.output.extend(size.to_be_bytes());
            }
            _ => return Err(EncodeError(size)),
        }
        Ok(())
    }

    fn binary(&mut self, bytes: &[u8]) -> Result {
        let length = u32::try_from(bytes.len()).map_err(|_| EncodeError(bytes.len()))?;
        match (u8::try_from(length), length.to_be_bytes()) {
            (Ok(length), _) => self.output.extend([BINARY_8, length]),
            (_, [0, high @ 0..16, middle, low]) => self.output.extend([BINARY_20, high, middle, low]),
            (_, all) => {
                self.output.push(BINARY_32);
                self.output.extend(all);
            }
        }
        self.output.extend(bytes);
        Ok(())
    }
}

/// The address that a text is, where both say the same. Any other text with an `@`, such as the
/// name of a user, must stay a text: clients refuse an address whose server they do not know.
fn plain_address(text: &str) -> Option<Jid> {
    let (user, server) = text.split_once('@')?;
    let server = Server::parse_known(server)?;
    let (user, device) = match user.split_once(':') {
        Some((user, device)) if device.starts_with(|first| matches!(first, '1'..='9')) => {
            (user, device.parse().ok()?)
        }
        Some(_) => return None,
        None => (user, 0),
    };
    let plain = user.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain.then(|| Jid { device, ..Jid::new(user, server) })
}
