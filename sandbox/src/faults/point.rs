//! Where faults work.

use serde::Serialize;
use wacore_binary::Node;

use crate::state::DeviceKey;
use crate::trace::Direction;

/// A place where an effect can work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// A stanza of a client or phone, or to one.
    Stanza,
    /// A stanza of a client or phone.
    StanzaIn,
    /// A stanza to a client or phone.
    StanzaOut,
    /// The answer to a login.
    Login,
    /// The Noise handshake, before anybody knows who connects.
    Handshake,
    /// A pre-key bundle that somebody asks for.
    Bundle,
    /// A file on its way up or down.
    Media,
}

impl Point {
    /// Whether something has a direction here.
    pub(super) fn directed(self) -> bool {
        matches!(self, Self::Stanza | Self::Media)
    }

    /// Whether a stanza passes here.
    pub(super) fn is_stanza(self) -> bool {
        matches!(self, Self::Stanza | Self::StanzaIn | Self::StanzaOut)
    }

    /// The one direction of this place, where it has one.
    pub(super) fn direction(self) -> Option<Direction> {
        match self {
            Self::StanzaIn => Some(Direction::In),
            Self::StanzaOut => Some(Direction::Out),
            _ => None,
        }
    }
}

/// Something that is about to happen, and that a fault may bend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    Stanza { way: Direction, node: &'a Node },
    Login,
    Handshake,
    Bundle,
    Media { way: Direction, kind: &'a str },
}

/// To whom it happens.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Whom {
    pub(crate) connection: Option<u64>,
    /// Absent before login; for a file only its account counts.
    pub(crate) device: Option<DeviceKey>,
}

impl Subject<'_> {
    /// Whether an effect that works at `point` can work on this.
    pub(super) fn is_at(&self, point: Point) -> bool {
        match self {
            Self::Stanza { way, .. } => point.is_stanza() && point.direction().is_none_or(|d| d == *way),
            Self::Login => point == Point::Login,
            Self::Handshake => point == Point::Handshake,
            Self::Bundle => point == Point::Bundle,
            Self::Media { .. } => point == Point::Media,
        }
    }

    pub(super) fn way(&self) -> Option<Direction> {
        match self {
            Self::Stanza { way, .. } | Self::Media { way, .. } => Some(*way),
            _ => None,
        }
    }
}
