//! What a fault does.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::invalid::Invalid;
use super::point::Point;

/// How a socket ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// The WebSocket is closed as it should be.
    Clean,
    /// The TCP connection is gone without a word.
    #[default]
    Drop,
    /// Half a frame is written, then the TCP connection is gone.
    MidFrame,
}

/// `<stream:error>` and its relatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamError {
    /// Code 515: start the stream anew.
    Restart,
    /// Code 401 with `<conflict type=device_removed/>`; the device stays linked all the same.
    DeviceRemoved,
    /// `<conflict type=replaced/>`.
    Replaced,
    /// Code 516, which some clients take for `DeviceRemoved`.
    Removed,
    /// Code 409, which some clients take for `Replaced`.
    Conflict,
    /// Code 503.
    Unavailable,
    /// Code 429.
    RateLimited,
    /// `<ack/>` of the stanza within the error.
    Ack,
    /// `<xml-not-well-formed/>`.
    NotWellFormed,
    /// `<xmlstreamend/>` instead of an error.
    StreamEnd,
}

/// What a fault does. Each kind works at one place; see [`Point`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// The stanza is lost. One to a device stays in its queue and comes again with the next login.
    Drop,
    /// The stanza is late by milliseconds on the network's clock.
    Delay {
        /// Milliseconds.
        ms: u64,
        /// Whether what follows waits behind it; otherwise it is overtaken.
        #[serde(default = "yes")]
        keep_order: bool,
    },
    /// The stanza comes twice.
    Duplicate,
    /// So many stanzas, this one first, are held and go on shuffled, after a second at the latest.
    Reorder {
        /// How many, from 2 to 100.
        hold: usize,
    },
    /// The stanza is taken; the server's ack for one of its kind is lost.
    LoseAck,
    /// The stanza is taken; the server's ack for one of its kind is late and is overtaken.
    DelayAck {
        /// Milliseconds.
        ms: u64,
    },
    /// The message is refused: its ack carries a code.
    Nack {
        /// Such as 400, 403, 404, 421, 463, 475, 479, 500, 503.
        code: u16,
    },
    /// The IQ is answered with an error.
    IqError {
        /// Such as 400, 401, 403, 404, 405, 406, 409, 429, 500, 503.
        code: u16,
        /// Text of the error; the usual one of its code unless given.
        #[serde(default)]
        text: Option<String>,
        /// Adds `type=wait` with this backoff.
        #[serde(default)]
        wait_seconds: Option<u64>,
    },
    /// A bit of every ciphertext in the stanza is flipped.
    DamageEnc,
    /// The last bit of the frame's authentication tag is flipped: the client cannot decrypt it.
    BreakMac,
    /// The frame arrives in WebSocket messages of so many bytes.
    Split {
        /// Bytes, from 1.
        bytes: usize,
    },
    /// The frame arrives in one WebSocket message with the next one, or alone after 200 ms.
    Coalesce,
    /// The socket is closed.
    Close {
        /// How it ends.
        #[serde(default)]
        how: Closing,
        /// Whether the stanza still gets through.
        #[serde(default)]
        deliver: bool,
    },
    /// The socket stays open, but nothing is read or written any more.
    HalfOpen {
        /// Whether the stanza still gets through.
        #[serde(default)]
        deliver: bool,
    },
    /// The stream ends with an error.
    StreamError {
        /// Which one.
        error: StreamError,
        /// Whether the stanza still gets through.
        #[serde(default)]
        deliver: bool,
    },
    /// The stream ends with `<failure>`, although the device was logged in.
    Failure {
        /// Such as 401, 402, 403, 503.
        reason: u16,
        /// Whether the stanza still gets through.
        #[serde(default)]
        deliver: bool,
    },
    /// The login is answered with `<failure>`.
    RefuseLogin {
        /// 400, 401, 402, 403, 405, 406, 409, 413 to 418, 500, 501 or 503.
        reason: u16,
        /// Reason of a temporary ban, with 402.
        #[serde(default)]
        code: Option<u32>,
        /// How long a temporary ban lasts, with 402.
        #[serde(default)]
        expire_seconds: Option<u64>,
        /// Text for the user.
        #[serde(default)]
        message: Option<String>,
    },
    /// `t` of `<success>` is wrong.
    SkewClock {
        /// Seconds added to it; less than 0 for the past.
        seconds: i64,
    },
    /// The ServerHello is late.
    DelayHandshake {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection is closed instead of a ServerHello.
    DropHandshake,
    /// Random bytes are sent instead of a ServerHello.
    GarbageHello,
    /// The certificates have expired.
    ExpiredCertificate,
    /// The leaf certificate is for another key.
    WrongLeafKey,
    /// An IK hello is answered with XXfallback.
    RefuseIk,
    /// A pre-key bundle comes without a one-time key; the device keeps its own.
    WithoutOneTimeKey,
    /// The server has lost all one-time keys of the device whose bundle is asked for.
    LosePreKeys,
    /// The file is refused with an HTTP status.
    MediaStatus {
        /// From 400 to 599.
        status: u16,
    },
    /// The file comes slowly.
    MediaSlow {
        /// From 1.
        bytes_per_second: u64,
    },
    /// A download breaks off; an upload is refused with 500, and what has arrived can be resumed.
    MediaCut {
        /// Bytes that get through.
        after_bytes: u64,
    },
    /// The first byte of the file is wrong: as it is sent, or as it is stored.
    MediaGarble,
}

fn yes() -> bool {
    true
}

impl Effect {
    /// Where it works.
    #[must_use]
    pub fn point(&self) -> Point {
        match self {
            Self::Drop
            | Self::Delay { .. }
            | Self::Duplicate
            | Self::Reorder { .. }
            | Self::Close { .. }
            | Self::HalfOpen { .. }
            | Self::StreamError { .. }
            | Self::Failure { .. } => Point::Stanza,
            Self::Nack { .. } | Self::IqError { .. } => Point::StanzaIn,
            Self::LoseAck
            | Self::DelayAck { .. }
            | Self::DamageEnc
            | Self::BreakMac
            | Self::Split { .. }
            | Self::Coalesce => Point::StanzaOut,
            Self::RefuseLogin { .. } | Self::SkewClock { .. } => Point::Login,
            Self::DelayHandshake { .. }
            | Self::DropHandshake
            | Self::GarbageHello
            | Self::ExpiredCertificate
            | Self::WrongLeafKey
            | Self::RefuseIk => Point::Handshake,
            Self::WithoutOneTimeKey | Self::LosePreKeys => Point::Bundle,
            Self::MediaStatus { .. } | Self::MediaSlow { .. } | Self::MediaCut { .. } | Self::MediaGarble => {
                Point::Media
            }
        }
    }

    /// Whether it needs a socket: a phone has none, nor has it frames.
    #[must_use]
    pub fn needs_socket(&self) -> bool {
        matches!(
            self,
            Self::BreakMac
                | Self::Split { .. }
                | Self::Coalesce
                | Self::Close { .. }
                | Self::HalfOpen { .. }
                | Self::StreamError { .. }
                | Self::Failure { .. }
        )
    }

    /// Its kind, as the control API names it.
    #[must_use]
    pub fn name(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned()
    }
}

/// Longest delay, in milliseconds.
const LONGEST: u64 = 24 * 3600 * 1000;

impl Effect {
    /// Refuses numbers that mean nothing.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let range = |field: &str, value: u64, range: RangeInclusive<u64>| {
            if range.contains(&value) {
                return Ok(());
            }
            let remedy = format!("Give {} to {}.", range.start(), range.end());
            Err(Invalid::new(format!("effect.{field}"), format!("{value} is out of range."), remedy))
        };
        match self {
            Self::Delay { ms, .. } | Self::DelayAck { ms } | Self::DelayHandshake { ms } => {
                range("ms", *ms, 1..=LONGEST)
            }
            Self::Reorder { hold } => range("hold", *hold as u64, 2..=100),
            Self::Nack { code } | Self::IqError { code, .. } => range("code", u64::from(*code), 400..=599),
            Self::Split { bytes } => range("bytes", *bytes as u64, 1..=1 << 20),
            Self::Failure { reason, .. } | Self::RefuseLogin { reason, .. } => {
                range("reason", u64::from(*reason), 400..=599)
            }
            Self::MediaStatus { status } => range("status", u64::from(*status), 400..=599),
            Self::MediaSlow { bytes_per_second } => range("bytes_per_second", *bytes_per_second, 1..=1 << 40),
            _ => Ok(()),
        }
    }
}
