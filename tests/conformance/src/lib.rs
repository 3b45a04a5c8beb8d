//! One set of scenarios, several WhatsApp clients.
//!
//! A [`Stage`] holds a sandbox of its own and the clients on it. A [`Client`] takes a [`Command`] and tells
//! [`Event`]s; which library plays it is its [`Kind`]. What is said and what is shown is the same type
//! ([`Said`]), so a scenario compares what one client sent with what the other shows.
//!
//! Clients written by others run in a Node process that speaks JSON lines (`tests/foreign/`); ours runs in here,
//! configured as the connector configures it.

// the library's futures are deep, as it says itself
#![recursion_limit = "512"]

mod change;
mod client;
mod command;
mod event;
mod group;
mod kind;
mod log;
mod node;
mod ours;
mod said;
mod stage;

pub use change::Change;
pub use client::{Client, Refusal};
pub use command::Command;
pub use event::{Event, Message, PastChat, PastMessage, Reached};
pub use group::{Act, Group, Member, Setting};
pub use kind::Kind;
pub use node::NodeProcess;
pub use said::{Card, File, Said, What};
pub use stage::{PATIENCE, Person, Stage};
