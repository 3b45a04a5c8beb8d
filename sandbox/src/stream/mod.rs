//! A connection's life: handshake, then pairing or login, then stanzas until it ends.

mod connections;
mod inflow;
mod login;
mod register;
mod serve;

pub(crate) use connections::Connections;
pub(crate) use serve::{Stage, run};
