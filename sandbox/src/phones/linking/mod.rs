//! Linking companions: ADV signatures, pairing by code, the first messages to a new device.

mod adv;
mod bootstrap;
mod pair_code;
mod passkey;

pub(super) use adv::{sign_companion, sign_key_index_list};
pub(super) use pair_code::PendingPairings;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use pair_code::{normalize_code, open_bundle};
pub(super) use passkey::Session;
