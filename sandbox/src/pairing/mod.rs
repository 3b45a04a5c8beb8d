//! Linking and unlinking companions.

mod code;
mod complete;
mod link;
mod passkey;
mod pending;
mod ready;
mod refresh;
mod unlink;

pub(crate) use link::{Link, Registration};
pub(crate) use passkey::{Approvals, PasskeyStep};
pub(crate) use pending::Pairings;
pub(crate) use ready::Bootstraps;
