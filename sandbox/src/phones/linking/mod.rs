//! Linking companions: ADV signatures, pairing by code, the first messages to a new device.

mod adv;
mod bootstrap;
mod history;
mod pair_code;

pub(super) use adv::{sign_companion, sign_key_index_list};
pub(super) use pair_code::PendingPairings;
