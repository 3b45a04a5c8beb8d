//! The simulated WhatsApp network: the real wire protocol, on loopback.
//!
//! [`Sandbox::start`] brings up a WebSocket listener that any WhatsApp Web client can talk to,
//! a media endpoint (HTTP and TLS), simulated phones (device 0 of every account) and a control
//! API that scans QR codes, types pairing codes and makes phones write. All state is under
//! `<data_dir>/sandbox` and survives a restart.

pub mod channels;
mod clock;
mod config;
pub mod control;
mod core;
mod descriptors;
pub mod faults;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod groups;
mod handlers;
mod http;
mod listener;
mod media;
mod network;
mod nodes;
pub mod options;
mod pairing;
pub mod phones;
pub mod ports;
mod router;
mod sandbox;
mod state;
mod stream;
pub mod trace;
mod wire;

pub use config::SandboxConfig;
pub use control::openapi_json;
pub use sandbox::Sandbox;
