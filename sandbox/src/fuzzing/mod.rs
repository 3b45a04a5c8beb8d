//! Doors for the fuzz targets in `sandbox/fuzz`: what a hostile peer can reach, one function each.
//!
//! Compiled for them (feature `fuzzing`) and for tests, which walk through the same doors with the
//! committed seeds. A door returns nothing: whatever comes in, it must neither panic nor hang, and
//! what it asserts must hold.

mod grammar;
mod network;

use std::sync::LazyLock;

use buffa::Message;
use bytes::BytesMut;
use waproto::whatsapp::ClientPayload;

pub use self::network::Network;
use crate::control::{digits, parse_qr};
use crate::pairing::Registration;
use crate::phones::{normalize_code, open_bundle};
use crate::wire::{
    AfterHello, Dictionary, ServerIdentity, codec_for, respond, same_stanza, take_frame, take_header,
};

/// Frames of the stream door are larger than this only in their prefix.
const FRAME_LIMIT: usize = 64 * 1024;

/// The start of a stream and its frames come out the same however the bytes are cut. The first
/// byte of the input is the length of the pieces.
pub fn stream(input: &[u8]) {
    let Some((piece, bytes)) = input.split_first() else { return };
    let whole = read_stream(bytes, bytes.len().max(1));
    let pieces = read_stream(bytes, usize::from(*piece).max(1));
    assert_eq!(whole, pieces);
}

/// What a stream holds, and whether it ended in an error.
fn read_stream(bytes: &[u8], piece: usize) -> (Option<[u8; 4]>, Vec<BytesMut>, bool) {
    let (mut buffer, mut header, mut frames) = (BytesMut::new(), None, Vec::new());
    for piece in bytes.chunks(piece) {
        buffer.extend_from_slice(piece);
        if header.is_none() {
            match take_header(&mut buffer) {
                Ok(Some(found)) => header = Some(found.bytes),
                Ok(None) => continue,
                Err(_) => return (header, frames, true),
            }
        }
        loop {
            match take_frame(&mut buffer, FRAME_LIMIT) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (header, frames, true),
            }
        }
    }
    (header, frames, false)
}

/// A decrypted payload in both dictionaries: what is read says the same after it was written, and
/// writing it again gives the same bytes.
pub fn node(payload: &[u8]) {
    for codec in [Dictionary::V2, Dictionary::V3].map(codec_for) {
        let Ok(first) = codec.decode(payload.into()) else { continue };
        let Ok(written) = codec.encode(&first) else { panic!("was read and cannot be written: {first:?}") };
        let second = codec.decode(BytesMut::from(&written[..]));
        let second = second.unwrap_or_else(|error| panic!("cannot be read again ({error:#}): {first:?}"));
        assert!(same_stanza(&first, &second), "{first:?}\nbecame\n{second:?}");
        assert_eq!(codec.encode(&second).ok(), Some(written), "{first:?}");
    }
}

/// What a client says before it is known: the two handshake messages, its login payload and its
/// registration. The first byte chooses.
pub fn login(input: &[u8]) {
    static SERVER: LazyLock<ServerIdentity> =
        LazyLock::new(|| ServerIdentity::generate(1_700_000_000).unwrap_or_else(|error| panic!("{error:#}")));
    let Some((which, bytes)) = input.split_first() else { return };
    if which % 2 == 0 {
        // Two frames: the hello, whose length comes first, and the finish.
        let Some((length, bytes)) = bytes.split_first() else { return };
        let (hello, finish) = bytes.split_at(usize::from(*length).min(bytes.len()));
        if let Ok(AfterHello::Finish { pending, .. }) = respond(&SERVER, b"WA\x06\x03", hello) {
            drop(pending.finish(finish));
        }
    } else if let Ok(payload) = ClientPayload::decode_from_slice(bytes)
        && let Some(data) = payload.device_pairing_data.as_option()
    {
        drop(Registration::read(data, [7; 32]));
    }
}

/// What a person types or scans, and the sealed bundle that ends pairing by code.
pub fn pairing(input: &[u8]) {
    drop(open_bundle(&[7; 32], input));
    let text = String::from_utf8_lossy(input);
    drop(digits("number", &text));
    drop(normalize_code(&text));
    if let Ok((reference, _)) = parse_qr(&text) {
        assert!(!reference.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The seeds of a target, which must not be none.
    fn seeds(target: &str) -> Vec<Vec<u8>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
        let files = std::fs::read_dir(&folder).expect("the folder of seeds");
        let seeds: Vec<_> =
            files.map(|file| std::fs::read(file.expect("a seed").path()).expect("a seed")).collect();
        assert!(!seeds.is_empty(), "{target} has no seeds");
        seeds
    }

    #[test]
    fn seeds_of_pure_doors() {
        seeds("stream").iter().for_each(|seed| stream(seed));
        seeds("node").iter().for_each(|seed| node(seed));
        seeds("login").iter().for_each(|seed| login(seed));
        seeds("pairing").iter().for_each(|seed| pairing(seed));
    }

    #[test]
    fn seeds_of_the_network() {
        let folder = tempfile::tempdir().expect("folder");
        let mut network = Network::start(folder.path()).expect("network");
        for seed in seeds("network") {
            network.play(&seed);
        }
    }
}
