//! The past: what a phone tells new companions of its chats, what it looks up for them later, and
//! a past that it is given.

mod chunk;
mod conversation;
mod on_demand;
mod past;
mod seed;
mod sync;
mod web_message;
mod wish;

pub use seed::Past;
