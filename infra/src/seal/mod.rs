//! How secrets lie at rest: keys and envelopes, without a place to keep them.
//!
//! A value is sealed with its workspace's data key ([`DataKey`]) for one [`Place`]; a data key is wrapped by a key of the
//! operator's [`Ring`]. Both by XAES-256-GCM ([`cipher`]). Where sealed values and data keys lie is `crate::sql`'s.

mod cipher;
mod envelope;
mod ring;

pub use ring::{Ring, RingError, new_key};

pub(crate) use envelope::{DataKey, DataKeyId, Place};
pub(crate) use ring::Wrapped;
