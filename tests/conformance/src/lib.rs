//! One set of scenarios, several WhatsApp clients.
//!
//! A [`Stage`] holds a sandbox of its own and the clients on it. A [`Client`] takes a [`Command`] and tells
//! [`Event`]s; which library plays it is its [`Kind`]. What is said and what is shown is the same type
//! ([`Said`]), so a scenario compares what one client sent with what the other shows.
//!
//! Clients written by others run in a Node process that speaks JSON lines (`tests/foreign/`); ours runs in here,
//! configured as the connector configures it.

mod client;
mod command;
mod event;
mod kind;
mod log;
mod node;
mod ours;
mod said;
mod stage;

pub use client::{Client, Refusal};
pub use command::Command;
pub use event::{Event, Message, Reached};
pub use kind::Kind;
pub use node::NodeProcess;
pub use said::{Card, File, Said, What};
pub use stage::{PATIENCE, Person, Stage};
