//! Binary XML: stanzas as bytes, in the words of a dictionary.
//!
//! A node is a list: tag, then attribute keys and values in turn, then the content if there is
//! any. Everything starts with one of the tags below, or with the number of a word.
//!
//! Decoding is where a hostile client is met: whatever it sends, memory and stack stay bounded
//! by [`Limits`] and the worst outcome is an error.

mod decode;
mod dictionary;
mod encode;
mod packed;
#[cfg(any(test, feature = "fuzzing"))]
mod same;

pub(super) use decode::{Limits, decode};
pub(super) use encode::encode;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use same::same_stanza;

/// First bytes that are not the number of a word.
mod tags {
    pub(super) const LIST_EMPTY: u8 = 0;
    /// The first of four tables of words that take a second byte.
    pub(super) const DICTIONARY_0: u8 = 236;
    pub(super) const DICTIONARY_3: u8 = 239;
    /// Address with a device: domain byte, device byte, user.
    pub(super) const AD_JID: u8 = 247;
    pub(super) const LIST_8: u8 = 248;
    pub(super) const LIST_16: u8 = 249;
    /// Address without a device: user, server.
    pub(super) const JID_PAIR: u8 = 250;
    pub(super) const HEX_8: u8 = 251;
    pub(super) const BINARY_8: u8 = 252;
    pub(super) const BINARY_20: u8 = 253;
    pub(super) const BINARY_32: u8 = 254;
    pub(super) const NIBBLE_8: u8 = 255;
}

#[cfg(test)]
mod tests;
