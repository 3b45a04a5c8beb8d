//! App state on a phone. The phone holds the keys: it checks every patch of its companions, keeps
//! what they say, and writes patches itself.

mod change;
mod change_write;
mod client_errors;
mod effects;
mod keys;
mod open;
mod patch;
mod records;
mod snapshot;
mod sync;
#[cfg(test)]
mod tests;
mod view;
mod write;

pub use change::{Change, Changed};
pub(super) use client_errors::NewClientError;
pub use client_errors::{ClientError, ClientErrorKind};
pub(super) use keys::key_share;
pub use view::{
    Action, AppState, ChatSettings, CollectionStatus, ContactName, Label, MessageRef, QuickReply,
};

/// Tables of this part.
pub(super) const TABLES: &str = include_str!("schema.sql");
