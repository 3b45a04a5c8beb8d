//! Holds the WhatsApp sockets: a supervisor that takes its share of the sessions, one actor per
//! session, and the conversion between WhatsApp's messages and ours.
//!
//! There are two builds. With the feature `sandbox` (the default) the crate talks to the simulated
//! network only; with `live` it talks to WhatsApp only. Each refuses every other address.

#[cfg(all(feature = "sandbox", feature = "live"))]
compile_error!(
    "the features `sandbox` and `live` exclude each other: build with --no-default-features --features live"
);
#[cfg(not(any(feature = "sandbox", feature = "live")))]
compile_error!("choose a network: the feature `sandbox` or the feature `live`");

mod census;
mod config;
mod convert;
mod media;
mod ports;
mod session;
mod supervisor;
mod turns;
mod wa;

pub use census::Census;
pub use config::{ConnectorConfig, Network, SandboxNetwork, StartError};
pub use ports::{BackendFactory, ConnectorPorts, SessionStore};
pub use supervisor::{Connector, ConnectorHandle};
pub use wa::{Lost, Order, Owed, Ratchets, Replays, SentMessages, SqlBackend, SqlBackends};
