//! A connection's life: handshake, then pairing or login, then stanzas until it ends.

mod login;
mod register;
mod serve;

pub(crate) use serve::{Stage, run};
