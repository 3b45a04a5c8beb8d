//! Linking a session: what is on offer right now, and what can be asked of the session's owner.

use serde::{Deserialize, Serialize};

use super::Health;
use crate::Timestamp;

/// What a phone can use right now to link the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Pairing {
    /// Text of a QR code.
    Qr {
        /// What the QR code encodes.
        code: String,
        /// After this moment the next code takes its place.
        expires_at: Timestamp,
    },
    /// Eight characters to type on the phone.
    Code {
        /// The code, without a dash.
        code: String,
        /// After this moment it is refused.
        expires_at: Timestamp,
    },
}

/// What the API shows of a session's pairing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairingView {
    /// Something is on offer.
    Offered(Pairing),
    /// Already linked; nothing to scan.
    Linked,
    /// The connector has been asked and has not offered anything yet.
    Pending,
}

/// What the API asks of the connector that owns a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Offer QR codes (again).
    OfferQr,
    /// Offer a pairing code for this phone number (digits).
    OfferCode {
        /// Digits of the phone that will type the code.
        phone: String,
    },
    /// Unlink the device at WhatsApp, then stop.
    Logout,
    /// Look again at the stored session: it was stopped, started or deleted.
    Refresh,
    /// Tell how the connection is.
    Health,
    /// Send read receipts for messages of one chat.
    MarkRead {
        /// Chat, as an address.
        chat: String,
        /// Stanza ids.
        ids: Vec<String>,
    },
    /// Show the account as online, or not; others' typing is told only to those who are.
    ShowPresence {
        /// Online.
        available: bool,
    },
    /// Ask to be told when somebody comes and goes.
    WatchPresence {
        /// The person, as an address.
        chat: String,
    },
}

/// The owner's answer to a [`Command`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum CommandReply {
    /// Done; nothing more to say.
    Done,
    /// The pairing that is now on offer.
    Pairing(Pairing),
    /// How the connection is.
    Health(Health),
    /// Refused, with a stable code and a sentence.
    Refused {
        /// Stable code.
        code: String,
        /// What happened and what to do.
        message: String,
    },
}
