//! Linking and unlinking companions.

mod code;
mod complete;
mod link;
mod pending;
mod ready;
mod unlink;

pub(crate) use link::{Link, Registration};
pub(crate) use pending::Pairings;
pub(crate) use ready::Bootstraps;
