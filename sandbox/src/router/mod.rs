//! Who gets what: accounts, queues, messages, receipts, presence.

mod account;
mod account_changes;
mod blocking;
mod bundles;
mod business;
mod calls;
mod chatstate;
mod device_hash;
mod direct;
mod directory;
mod exchange;
mod fanout;
mod identity;
mod live;
mod names;
mod notify;
mod phone_feed;
mod phone_pump;
mod presence;
mod privacy;
mod profile;
mod receipts;
mod restrictions;
mod status;
mod tokens;

pub(crate) use account::Account;
pub(crate) use blocking::blocked_item;
pub(crate) use calls::CallBoard;
pub(crate) use directory::Directory;
pub(crate) use exchange::{Exchange, Origin, Replies};
pub(crate) use live::{Acknowledged, Live};
pub(crate) use notify::ListChange;
pub(crate) use phone_pump::PhonePump;
pub(crate) use presence::PresenceBoard;
pub(crate) use privacy::Category;
pub(crate) use restrictions::{Restricted, Restriction, Restrictions};
