//! Bytes: WebSocket listener, framing, header, Noise, node codec.

mod binary;
mod certificates;
mod codec;
mod connection;
mod handshake;
mod meter;
mod noise;
mod parcel;
mod prologue;
mod reader;
mod writer;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::{
    binary::same_stanza,
    codec::codec_for,
    connection::Outgoing,
    noise::{AfterHello, respond},
    prologue::take_header,
    reader::take_frame,
};
pub(crate) use certificates::ServerIdentity;
pub(crate) use codec::{decode_stored, encode_stored};
pub(crate) use connection::Conn;
pub(crate) use handshake::{Ready, shake};
pub(crate) use prologue::Dictionary;
pub(crate) use reader::FrameReader;
pub(crate) use writer::FrameWriter;
