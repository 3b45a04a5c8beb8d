//! Who gets what: accounts, queues, messages, receipts, presence.

mod account;
mod account_changes;
mod bundles;
mod chatstate;
mod direct;
mod directory;
mod exchange;
mod live;
mod notify;
mod phone_pump;
mod presence;
mod receipts;

pub(crate) use account::Account;
pub(crate) use directory::Directory;
pub(crate) use exchange::{Exchange, Origin, Replies};
pub(crate) use live::{Acknowledged, Live};
pub(crate) use notify::ListChange;
pub(crate) use phone_pump::PhonePump;
pub(crate) use presence::{PresenceBoard, keep_push_name};
