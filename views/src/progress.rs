//! How far a message has come, as it is shown.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{
    Timestamp,
    messages::{Failure, Status, Times},
};

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// In the queue; will not be lost.
    Accepted,
    /// In the queue for a later moment.
    Scheduled,
    /// A connector has taken it.
    Sending,
    /// WhatsApp's server has acknowledged it.
    Sent,
    /// On the recipient's device.
    Delivered,
    /// Read by the recipient.
    Read,
    /// A voice note or video was played.
    Played,
    /// Ended without being sent; see `failure`.
    Failed,
    /// Ended by its owner before it was sent.
    Cancelled,
    /// Ended because its time ran out before it could be sent.
    Expired,
    /// Came in from WhatsApp.
    Received,
}

/// Why a message ended without being sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MessageFailure)]
pub struct FailureView {
    /// Stable code.
    #[schema(example = "not_on_whatsapp")]
    code: String,
    /// What happened, for people.
    message: String,
}

/// When each step of a message happened (RFC 3339, UTC); steps that have not happened are left out.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = MessageTimes)]
#[serde(default)]
pub struct TimesView {
    /// Accepted into the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<String>,
    /// Taken by a connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    sending: Option<String>,
    /// Acknowledged by WhatsApp's server.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<String>,
    /// Arrived at the recipient's device.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<String>,
    /// Read.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<String>,
    /// Played.
    #[serde(skip_serializing_if = "Option::is_none")]
    played: Option<String>,
    /// Failed, cancelled or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    /// Received (inbound).
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    /// Last edited by who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<String>,
    /// Deleted, for everybody or on the account's own devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<String>,
}

impl From<Status> for MessageStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Accepted => Self::Accepted,
            Status::Scheduled => Self::Scheduled,
            Status::Sending => Self::Sending,
            Status::Sent => Self::Sent,
            Status::Delivered => Self::Delivered,
            Status::Read => Self::Read,
            Status::Played => Self::Played,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            Status::Expired => Self::Expired,
            Status::Received => Self::Received,
        }
    }
}

impl From<Times> for TimesView {
    fn from(times: Times) -> Self {
        let Times { accepted, sending, sent, delivered, read, played, ended, received, edited, deleted } =
            times;
        let shown = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            accepted: shown(accepted),
            sending: shown(sending),
            sent: shown(sent),
            delivered: shown(delivered),
            read: shown(read),
            played: shown(played),
            ended: shown(ended),
            received: shown(received),
            edited: shown(edited),
            deleted: shown(deleted),
        }
    }
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_shown_under_their_names() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(MessageStatus::from(status)).unwrap(), status.name());
        }
    }
}
