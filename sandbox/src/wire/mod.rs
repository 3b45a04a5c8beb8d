//! Bytes: WebSocket listener, framing, header, Noise, node codec.

mod binary;
mod certificates;
mod codec;
mod connection;
mod handshake;
mod listener;
mod noise;
mod parcel;
mod prologue;
mod reader;
mod writer;

pub(crate) use certificates::ServerIdentity;
pub(crate) use codec::{decode_stored, encode_stored};
pub(crate) use connection::Conn;
pub(crate) use handshake::{Ready, shake};
pub(crate) use listener::serve;
pub(crate) use prologue::Dictionary;
pub(crate) use writer::FrameWriter;
