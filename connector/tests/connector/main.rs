//! The connector against the simulated network, with real Redis, SQLite and S3.
#![cfg(feature = "sandbox")]

mod acts;
mod contested;
mod ends;
mod handover;
mod happenings;
mod history;
mod media;
mod messages;
mod order;
mod pairing;
mod rig;
mod trouble;
mod twin;
mod wire;
