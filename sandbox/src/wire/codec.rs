//! Binary XML: one codec per dictionary, chosen by the header of a connection.

use anyhow::{Result, bail};
use bytes::{Bytes, BytesMut};
use wacore_binary::Node;
use wacore_binary::marshal::{marshal, unmarshal_ref};
use wacore_binary::util::unpack_bytes;

use super::prologue::Dictionary;

/// Turns stanzas into decrypted payloads (flag byte and node) and back.
///
/// The network keeps stanzas in the form of [`encode_stored`]; a codec for another
/// dictionary re-encodes them on the way out.
pub(crate) trait NodeCodec: Send + Sync {
    /// Reads a decrypted payload, inflating it when its flag says so.
    fn decode(&self, payload: BytesMut) -> Result<Node>;
    /// Writes a payload.
    fn encode(&self, node: &Node) -> Result<Bytes>;
    /// Writes a payload from its stored form.
    fn encode_from_stored(&self, stored: &Bytes) -> Result<Bytes>;
}

/// The codec for a dictionary; `None` when this build has none for it.
pub(crate) fn codec_for(dictionary: Dictionary) -> Option<&'static dyn NodeCodec> {
    match dictionary {
        Dictionary::V3 => Some(&DictionaryV3),
        Dictionary::V2 => None,
    }
}

/// Dictionary 3, served by `wacore-binary`; also the stored form.
struct DictionaryV3;

impl NodeCodec for DictionaryV3 {
    fn decode(&self, payload: BytesMut) -> Result<Node> {
        let bytes = unpack_bytes(payload)?;
        Ok(unmarshal_ref(&bytes)?.to_owned())
    }

    fn encode(&self, node: &Node) -> Result<Bytes> {
        encode_stored(node)
    }

    fn encode_from_stored(&self, stored: &Bytes) -> Result<Bytes> {
        Ok(stored.clone())
    }
}

/// The form in which stanzas are queued and stored.
pub(crate) fn encode_stored(node: &Node) -> Result<Bytes> {
    Ok(Bytes::from(marshal(node)?))
}

/// Reads the stored form.
pub(crate) fn decode_stored(stored: &[u8]) -> Result<Node> {
    match stored.split_first() {
        Some((0, node)) => Ok(unmarshal_ref(node)?.to_owned()),
        _ => bail!("a stored stanza starts with flag byte 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wacore_binary::Jid;
    use wacore_binary::builder::NodeBuilder;

    #[test]
    fn stored_stanzas_survive_a_round_trip() {
        let node = NodeBuilder::new("message")
            .attr("from", Jid::pn_device("4915112345", 3))
            .attr("id", "ABC")
            .children([NodeBuilder::new("enc").bytes(vec![1, 2, 3]).build()])
            .build();
        let stored = encode_stored(&node).expect("encode");
        assert_eq!(decode_stored(&stored).expect("decode"), node);
    }

    #[test]
    fn garbage_is_an_error_not_a_panic() {
        assert!(decode_stored(b"").is_err());
        assert!(decode_stored(b"\x00\xf8\xff\xff").is_err());
        assert!(DictionaryV3.decode(BytesMut::from(&b"\x02nozlib"[..])).is_err());
    }
}
