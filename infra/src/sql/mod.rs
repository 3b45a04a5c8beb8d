//! The record: SQLite or PostgreSQL behind one code base; the scheme of `DATABASE_URL` decides.
//!
//! [`Database`] implements every port of the record. [`wa::WaStore`] keeps what a linked WhatsApp
//! device needs, guarded by the session's epoch. Statements are built by SeaORM or written with
//! `$n` placeholders, which both databases read.

mod api_keys;
mod audit;
mod chats;
mod contacts;
mod data_keys;
mod database;
mod deliveries;
mod error;
mod exports;
mod media;
mod messages;
mod migrate;
mod origins;
mod outbox;
mod people;
#[cfg(test)]
mod plans_tests;
mod projection;
mod rekey;
mod removals;
mod retention;
mod ring_values;
#[expect(unreachable_pub, reason = "SeaORM's derive asks for public models")]
mod rows;
mod sessions;
mod told;
#[cfg(feature = "testing")]
mod traces;
pub mod wa;
mod webhooks;
mod words;
mod workspaces;

pub use database::Database;
pub use migrate::STEPS;
pub use people::SigningKey;
pub use rekey::Rotated;
