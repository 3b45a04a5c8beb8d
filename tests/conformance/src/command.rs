//! What a client can be asked.

use serde::Serialize;

use crate::Said;

/// Something for a client to do. JIDs are strings as the libraries print them.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    /// Connect with the credentials it has, or show QR codes when it has none. A client that is connected opens a
    /// second connection.
    Open,
    /// Disconnect; the credentials stay.
    Close,
    /// Lose the connection without a word, as when the network fails; then come back as an app would.
    Drop,
    /// Unlink this device and disconnect.
    Logout,
    /// Ask for a pairing code for a number: answers `{code}`.
    PairingCode {
        /// Digits.
        number: String,
    },
    /// Send a message: answers `{id}`.
    Send {
        /// Chat.
        to: String,
        /// Content.
        said: Said,
    },
    /// Send a protobuf `Message` as it is: answers `{id}`.
    SendRaw {
        /// Chat.
        to: String,
        /// The message, base64.
        body: String,
    },
    /// Fetch the file of a message it has shown: answers `{sha256, size}` of the plain bytes.
    Download {
        /// The message.
        id: String,
    },
    /// Say that messages were read.
    Read {
        /// The messages, all of one chat and sender.
        ids: Vec<String>,
    },
    /// Say that a voice message was listened to.
    Played {
        /// The message.
        id: String,
    },
    /// Vote in a poll it has shown.
    Vote {
        /// The poll.
        poll: String,
        /// Options voted for.
        options: Vec<String>,
    },
    /// Count the votes of a poll it has made: answers `{options: {name: [JID]}}`.
    Tally {
        /// The poll.
        poll: String,
    },
    /// Be here or not.
    Presence {
        /// Whether.
        available: bool,
    },
    /// Be told when somebody comes and goes.
    Subscribe {
        /// Who.
        who: String,
    },
    /// Show that one writes.
    Typing {
        /// Chat.
        to: String,
        /// `composing`, `recording` or `paused`.
        doing: String,
    },
    /// Lose the Signal sessions with somebody's devices.
    ForgetSessions {
        /// All their JIDs.
        who: Vec<String>,
    },
    /// Ask which numbers are on WhatsApp: answers `{found: [{jid, lid}]}`.
    OnWhatsApp {
        /// Digits.
        numbers: Vec<String>,
    },
}
