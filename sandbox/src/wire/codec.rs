//! Stanzas as decrypted payloads: one codec per dictionary, chosen by the header of a connection.

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use wacore_binary::Node;
use wacore_binary::util::{unpack, unpack_bytes};

use super::binary::{Limits, decode, encode};
use super::prologue::Dictionary;

/// Flag byte of a payload that is not compressed.
const PLAIN: u8 = 0;

/// What a client may send: real stanzas nest less than ten deep, and the key distribution of a
/// group of a thousand members has some ten thousand elements.
const FROM_CLIENT: Limits = Limits { depth: 32, elements: 1 << 17 };
/// What was stored has been through [`FROM_CLIENT`] and may have been wrapped since.
const FROM_STORE: Limits = Limits { depth: 64, elements: 1 << 20 };

/// Turns stanzas into decrypted payloads (flag byte and node) and back.
///
/// The network keeps stanzas in the form of [`encode_stored`]; a codec for another
/// dictionary re-encodes them on the way out.
pub(crate) trait NodeCodec: Send + Sync {
    /// Reads a decrypted payload, inflating it (to 16 MiB at most) when its flag says so.
    fn decode(&self, payload: BytesMut) -> Result<Node>;
    /// Writes a payload.
    fn encode(&self, node: &Node) -> Result<Bytes>;
    /// Writes a payload from its stored form.
    fn encode_from_stored(&self, stored: &Bytes) -> Result<Bytes>;
}

/// The codec for a dictionary.
pub(crate) fn codec_for(dictionary: Dictionary) -> &'static dyn NodeCodec {
    match dictionary {
        Dictionary::V2 => &DictionaryV2,
        Dictionary::V3 => &DictionaryV3,
    }
}

/// Dictionary 2, of older clients.
struct DictionaryV2;

impl NodeCodec for DictionaryV2 {
    fn decode(&self, payload: BytesMut) -> Result<Node> {
        from_client(payload, Dictionary::V2)
    }

    fn encode(&self, node: &Node) -> Result<Bytes> {
        payload(node, Dictionary::V2)
    }

    fn encode_from_stored(&self, stored: &Bytes) -> Result<Bytes> {
        self.encode(&decode_stored(stored)?)
    }
}

/// Dictionary 3; also the stored form.
struct DictionaryV3;

impl NodeCodec for DictionaryV3 {
    fn decode(&self, payload: BytesMut) -> Result<Node> {
        from_client(payload, Dictionary::V3)
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
    payload(node, Dictionary::V3)
}

/// Reads the stored form.
pub(crate) fn decode_stored(stored: &[u8]) -> Result<Node> {
    decode(&unpack(stored)?, Dictionary::V3, FROM_STORE).context("a stored stanza is damaged")
}

fn from_client(payload: BytesMut, dictionary: Dictionary) -> Result<Node> {
    Ok(decode(&unpack_bytes(payload)?, dictionary, FROM_CLIENT)?)
}

fn payload(node: &Node, dictionary: Dictionary) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(1024);
    bytes.push(PLAIN);
    encode(node, dictionary, &mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use wacore_binary::Jid;
    use wacore_binary::builder::NodeBuilder;

    const BOTH: [Dictionary; 2] = [Dictionary::V2, Dictionary::V3];

    fn message() -> Node {
        NodeBuilder::new("message")
            .attr("from", Jid::pn_device("4915112345", 3))
            .attr("id", "ABC")
            .children([NodeBuilder::new("enc").bytes(vec![1, 2, 3]).build()])
            .build()
    }

    fn deflated(bytes: &[u8]) -> BytesMut {
        let mut zlib = ZlibEncoder::new(vec![2], Compression::default());
        zlib.write_all(bytes).expect("deflate");
        BytesMut::from(&zlib.finish().expect("deflate")[..])
    }

    #[test]
    fn stored_stanzas_reach_clients_of_both_dictionaries() {
        let node = message();
        let stored = encode_stored(&node).expect("encode");
        assert_eq!(decode_stored(&stored).expect("decode"), node);
        for dictionary in BOTH {
            let codec = codec_for(dictionary);
            let sent = codec.encode_from_stored(&stored).expect("encode");
            assert_eq!(sent, codec.encode(&node).expect("encode"));
            assert_eq!(codec.decode(BytesMut::from(sent)).expect("decode"), node);
        }
    }

    #[test]
    fn a_stanza_that_a_client_may_send_can_be_wrapped_and_stored() {
        let inner = (2..FROM_CLIENT.depth)
            .fold(message(), |inner, _| NodeBuilder::new("message").children([inner]).build());
        let codec = codec_for(Dictionary::V3);
        let node = codec.decode(BytesMut::from(codec.encode(&inner).expect("encode"))).expect("deep enough");
        let wrapped = NodeBuilder::new("message").children([node]).build();
        assert!(codec.decode(BytesMut::from(codec.encode(&wrapped).expect("encode"))).is_err());
        assert_eq!(decode_stored(&encode_stored(&wrapped).expect("encode")).expect("decode"), wrapped);
    }

    #[test]
    fn compressed_payloads_are_read_up_to_the_limit() {
        for dictionary in BOTH {
            let codec = codec_for(dictionary);
            let plain = codec.encode(&message()).expect("encode");
            assert_eq!(codec.decode(deflated(&plain[1..])).expect("decode"), message());
            let node = NodeBuilder::new("message").bytes(vec![0; 17 << 20]).build();
            let error =
                codec.decode(deflated(&codec.encode(&node).expect("encode")[1..])).expect_err("too much");
            assert!(error.to_string().contains("Zlib"), "{error}");
        }
    }

    #[test]
    fn garbage_is_an_error_not_a_panic() {
        assert!(decode_stored(b"").is_err());
        assert!(decode_stored(b"\x00\xf8\xff\xff").is_err());
        for dictionary in BOTH {
            for payload in [&b""[..], b"\x00", b"\x02nozlib", b"\x00\xff"] {
                assert!(codec_for(dictionary).decode(BytesMut::from(payload)).is_err());
            }
        }
    }
}
