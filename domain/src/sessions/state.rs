//! The life of a session: its states, what can happen to it, and the one table that joins them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made, not linked, nobody is waiting to link it.
    Created,
    /// A connector has taken it and is opening the connection.
    Starting,
    /// Waiting for a phone to scan a QR code or type a pairing code.
    Pairing,
    /// Online.
    Connected,
    /// Online, but the wire shows trouble.
    Degraded,
    /// Lost the connection and is trying again.
    Reconnecting,
    /// Online; WhatsApp lets the account begin no new chats for a time. Replies go out.
    Restricted,
    /// Unlinked, from either side; needs a new scan.
    LoggedOut,
    /// WhatsApp banned the account.
    Banned,
    /// WhatsApp refuses this client version.
    Outdated,
    /// Stopped by its owner; stays linked.
    Stopped,
    /// Gave up; the reason says why.
    Failed,
}

impl State {
    /// Every state, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Created,
        Self::Starting,
        Self::Pairing,
        Self::Connected,
        Self::Degraded,
        Self::Reconnecting,
        Self::Restricted,
        Self::LoggedOut,
        Self::Banned,
        Self::Outdated,
        Self::Stopped,
        Self::Failed,
    ];

    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Starting => "starting",
            Self::Pairing => "pairing",
            Self::Connected => "connected",
            Self::Degraded => "degraded",
            Self::Reconnecting => "reconnecting",
            Self::Restricted => "restricted",
            Self::LoggedOut => "logged_out",
            Self::Banned => "banned",
            Self::Outdated => "outdated",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether messages can leave right now.
    #[must_use]
    pub const fn can_send(self) -> bool {
        matches!(self, Self::Connected | Self::Degraded | Self::Restricted)
    }

    /// Whether a person has to act before it can go on (scan, start, contact WhatsApp).
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        matches!(
            self,
            Self::Created | Self::LoggedOut | Self::Banned | Self::Outdated | Self::Stopped | Self::Failed
        )
    }

    /// The state after `signal`, or `None` when the signal means nothing here.
    #[must_use]
    pub const fn after(self, signal: Signal) -> Option<Self> {
        use Signal as S;
        match (self, signal) {
            // a terminal verdict of WhatsApp holds until a person starts the session again
            (Self::Banned | Self::Outdated | Self::LoggedOut, S::Lost | S::Trouble | S::Recovered) => None,
            (_, S::Start) => Some(Self::Starting),
            (_, S::Stop) => Some(Self::Stopped),
            (Self::Stopped, _) => None,
            (_, S::AwaitPairing) => Some(Self::Pairing),
            (Self::Pairing | Self::Starting, S::PairingEnded) => Some(Self::Created),
            (_, S::PairingEnded) => None,
            (_, S::Online) => Some(Self::Connected),
            (Self::Connected, S::Trouble) => Some(Self::Degraded),
            (Self::Degraded, S::Recovered) => Some(Self::Connected),
            (_, S::Trouble | S::Recovered) => None,
            // a fresh session that loses its socket while pairing goes on pairing
            (Self::Pairing | Self::Created | Self::Failed, S::Lost) => None,
            (_, S::Lost) => Some(Self::Reconnecting),
            (Self::Connected | Self::Degraded | Self::Restricted, S::Restricted) => Some(Self::Restricted),
            (Self::Restricted, S::Eased) => Some(Self::Connected),
            (_, S::Restricted | S::Eased) => None,
            (_, S::LoggedOut) => Some(Self::LoggedOut),
            (_, S::Banned) => Some(Self::Banned),
            (_, S::Outdated) => Some(Self::Outdated),
            (_, S::Fatal) => Some(Self::Failed),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// A connector has taken the session.
    Start,
    /// Its owner wants it stopped.
    Stop,
    /// A QR or pairing code is on offer.
    AwaitPairing,
    /// Nobody used the codes and nobody is asking for more.
    PairingEnded,
    /// Logged in and in sync.
    Online,
    /// The wire went quiet or slow.
    Trouble,
    /// The wire is well again.
    Recovered,
    /// The socket is gone; the client tries again.
    Lost,
    /// WhatsApp lets the account begin no new chats for a time.
    Restricted,
    /// The restriction has ended.
    Eased,
    /// The device was unlinked.
    LoggedOut,
    /// The account was banned.
    Banned,
    /// The client version is refused.
    Outdated,
    /// Cannot go on; needs an operator.
    Fatal,
}

/// Why a session is in its state, as a stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable code (`device_removed`, `replaced`, `pairing_expired` …).
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
}

impl Reason {
    /// A code and its sentence.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Signal as S, State as T};

    #[test]
    fn transitions() {
        for (from, signal, to) in [
            (T::Created, S::Start, Some(T::Starting)),
            (T::Starting, S::AwaitPairing, Some(T::Pairing)),
            (T::Pairing, S::PairingEnded, Some(T::Created)),
            (T::Connected, S::PairingEnded, None),
            (T::Pairing, S::Online, Some(T::Connected)),
            (T::Starting, S::Online, Some(T::Connected)),
            (T::Connected, S::Lost, Some(T::Reconnecting)),
            (T::Reconnecting, S::Online, Some(T::Connected)),
            (T::Pairing, S::Lost, None),
            (T::Connected, S::Trouble, Some(T::Degraded)),
            (T::Degraded, S::Recovered, Some(T::Connected)),
            (T::Reconnecting, S::Recovered, None),
            (T::Connected, S::LoggedOut, Some(T::LoggedOut)),
            (T::LoggedOut, S::Lost, None),
            (T::LoggedOut, S::Start, Some(T::Starting)),
            (T::Banned, S::Lost, None),
            (T::Outdated, S::Lost, None),
            (T::Connected, S::Stop, Some(T::Stopped)),
            (T::Stopped, S::Online, None),
            (T::Stopped, S::Lost, None),
            (T::Stopped, S::Start, Some(T::Starting)),
            (T::Connected, S::Restricted, Some(T::Restricted)),
            (T::Reconnecting, S::Restricted, None),
            (T::Restricted, S::Eased, Some(T::Connected)),
            (T::Restricted, S::Lost, Some(T::Reconnecting)),
            (T::Connected, S::Eased, None),
            (T::Starting, S::Fatal, Some(T::Failed)),
            (T::Failed, S::Lost, None),
        ] {
            assert_eq!(from.after(signal), to, "{from} after {signal:?}");
        }
    }

    #[test]
    fn names_read_back() {
        for state in T::ALL {
            assert_eq!(T::from_name(state.name()), Some(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
        }
    }
}
