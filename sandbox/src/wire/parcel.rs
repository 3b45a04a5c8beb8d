//! A stanza on its way out of a connection.

use bytes::Bytes;

use crate::faults::Effect;

/// An encoded stanza and how its frame is to be written.
pub(super) struct Parcel {
    pub(super) payload: Bytes,
    pub(super) framing: Framing,
}

/// How a frame is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// In a message of its own.
    Whole,
    /// In messages of so many bytes.
    Pieces(usize),
    /// In one message with the next frame.
    InCompany,
    /// With a wrong authentication tag.
    BrokenMac,
}

impl Parcel {
    pub(super) fn whole(payload: Bytes) -> Self {
        Self { payload, framing: Framing::Whole }
    }
}

impl Framing {
    pub(super) fn of(effect: &Effect) -> Self {
        match effect {
            Effect::Split { bytes } => Self::Pieces((*bytes).max(1)),
            Effect::Coalesce => Self::InCompany,
            Effect::BreakMac => Self::BrokenMac,
            _ => Self::Whole,
        }
    }
}
