//! Where a session stands, as it is shown.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::sessions::{Reason, State};

/// Why a session is in its state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionReason)]
pub struct ReasonView {
    /// Stable code.
    #[schema(example = "device_removed")]
    code: String,
    /// What happened and what to do, for people.
    #[schema(example = "The device was removed on the phone; scan a new QR code.")]
    message: String,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
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

impl From<Reason> for ReasonView {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code, message: reason.message }
    }
}

impl From<State> for SessionState {
    fn from(state: State) -> Self {
        match state {
            State::Created => Self::Created,
            State::Starting => Self::Starting,
            State::Pairing => Self::Pairing,
            State::Connected => Self::Connected,
            State::Degraded => Self::Degraded,
            State::Reconnecting => Self::Reconnecting,
            State::Restricted => Self::Restricted,
            State::LoggedOut => Self::LoggedOut,
            State::Banned => Self::Banned,
            State::Outdated => Self::Outdated,
            State::Stopped => Self::Stopped,
            State::Failed => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_shown_under_their_names() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(SessionState::from(state)).unwrap(), state.name());
        }
    }
}
