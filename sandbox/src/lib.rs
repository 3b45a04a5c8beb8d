//! The simulated WhatsApp network: the real wire protocol, on loopback.

pub mod control;
pub mod phones;
pub mod ports;
