//! How far a message has come. Forward only.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Where a message stands. The order of the variants is the order of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
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
    /// Ended without being sent; see the failure.
    Failed,
    /// Ended by its owner before it was sent.
    Cancelled,
    /// Ended because its time ran out before it could be sent.
    Expired,
    /// Came in from WhatsApp.
    Received,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 11] = [
        Self::Accepted,
        Self::Scheduled,
        Self::Sending,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Played,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
        Self::Received,
    ];

    /// The name used on the wire and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Received => "received",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether a message that goes out has not ended and was not sent.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Accepted | Self::Scheduled | Self::Sending)
    }

    /// How many of accepted, sending, sent, delivered and read come before this status.
    const fn steps_before(self) -> usize {
        match self {
            Self::Accepted | Self::Scheduled | Self::Received => 0,
            Self::Sending => 1,
            Self::Sent => 2,
            Self::Delivered => 3,
            Self::Read => 4,
            Self::Played | Self::Failed | Self::Cancelled | Self::Expired => 5,
        }
    }

    /// Whether a message in this status may move to `next`: only forward, and an end is an end.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            // a message given up too early may still turn out to have arrived
            Self::Failed | Self::Expired => {
                matches!(next, Self::Sent | Self::Delivered | Self::Read | Self::Played)
            }
            Self::Cancelled | Self::Received | Self::Played => false,
            Self::Sent | Self::Delivered | Self::Read => next > self && next <= Self::Played,
            Self::Accepted | Self::Scheduled | Self::Sending => next > self && next != Self::Received,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a message ended without being sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable code (`not_on_whatsapp`, `session_logged_out`, `media_unavailable`, `nack_463` …).
    pub code: String,
    /// What happened, for people.
    pub message: String,
}

/// When each step of a message happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Times {
    /// Accepted into the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Timestamp>,
    /// Taken by a connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sending: Option<Timestamp>,
    /// Acknowledged by WhatsApp's server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<Timestamp>,
    /// Arrived at the recipient's device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Timestamp>,
    /// Read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
    /// Played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub played: Option<Timestamp>,
    /// Failed, cancelled or expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Received (inbound).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
    /// Last edited by who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<Timestamp>,
    /// Deleted, for everybody or on the account's own devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
}

impl Times {
    /// Notes when `status` was reached; the first time stands. Receipts carry whole seconds of another
    /// clock, so a step is never noted as earlier than one that came before it.
    pub fn note(&mut self, status: Status, at: Timestamp) {
        let steps = [self.accepted, self.sending, self.sent, self.delivered, self.read];
        let before = &steps[..status.steps_before()];
        let at = before.iter().flatten().fold(at, |latest, step| latest.max(*step));
        let slot = match status {
            Status::Accepted | Status::Scheduled => &mut self.accepted,
            Status::Sending => &mut self.sending,
            Status::Sent => &mut self.sent,
            Status::Delivered => &mut self.delivered,
            Status::Read => &mut self.read,
            Status::Played => &mut self.played,
            Status::Failed | Status::Cancelled | Status::Expired => &mut self.ended,
            Status::Received => &mut self.received,
        };
        slot.get_or_insert(at);
    }
}

#[cfg(test)]
mod tests {
    use super::{Status as T, Times, Timestamp};

    #[test]
    fn no_step_is_noted_before_the_one_it_follows() {
        let at = Timestamp::from_millis;
        let mut times = Times::default();
        times.note(T::Accepted, at(1_200));
        times.note(T::Sent, at(1_800));
        times.note(T::Delivered, at(1_000));
        times.note(T::Delivered, at(5_000));
        times.note(T::Read, at(2_000));
        assert_eq!(
            (times.sent, times.delivered, times.read),
            (Some(at(1_800)), Some(at(1_800)), Some(at(2_000)))
        );
    }

    #[test]
    fn moves_forward_only() {
        for (from, to, allowed) in [
            (T::Accepted, T::Sending, true),
            (T::Accepted, T::Sent, true),
            (T::Accepted, T::Cancelled, true),
            (T::Sending, T::Accepted, false),
            (T::Sent, T::Delivered, true),
            (T::Sent, T::Failed, false),
            (T::Delivered, T::Sent, false),
            (T::Read, T::Delivered, false),
            (T::Read, T::Played, true),
            (T::Played, T::Read, false),
            (T::Failed, T::Delivered, true),
            (T::Failed, T::Sending, false),
            (T::Cancelled, T::Sent, false),
            (T::Received, T::Read, false),
            (T::Accepted, T::Received, false),
        ] {
            assert_eq!(from.may_become(to), allowed, "{from} → {to}");
        }
    }
}
