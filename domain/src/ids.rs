//! Typed, prefixed, sortable identifiers: `msg_01J…` is a prefix and a ULID.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ulid::Ulid;

use crate::Timestamp;

/// What every identifier type can do; [`crate::Env::new_id`] makes one.
pub trait Id: Copy + fmt::Display {
    /// The three or four letters before the underscore.
    const PREFIX: &'static str;

    /// Wraps a ULID.
    fn from_ulid(ulid: Ulid) -> Self;
}

/// The text is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of the form {prefix}_<26 characters>")]
pub struct BadId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// Makes the ULID of a moment and 80 random bits (the upper bits of `random` are dropped).
#[must_use]
pub fn ulid(now: Timestamp, random: u128) -> Ulid {
    let millis = u64::try_from(now.as_millis()).unwrap_or(0);
    Ulid::from_parts(millis, random & ((1 << 80) - 1))
}

/// Makes the ULID of something that is known by a digest of 16 bytes or more: the same, however often it is met.
#[must_use]
pub fn ulid_of(at: Timestamp, digest: &[u8]) -> Ulid {
    ulid(at, digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte)))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// The ULID behind the prefix.
            #[must_use]
            pub const fn ulid(self) -> Ulid {
                self.0
            }
        }

        impl Id for $name {
            const PREFIX: &'static str = $prefix;

            fn from_ulid(ulid: Ulid) -> Self {
                Self(ulid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map(Self)
                    .ok_or(BadId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A tenant. Every row and every key belongs to one.
    WorkspaceId = "ws";
    /// An API key (not its secret).
    ApiKeyId = "key";
    /// A linked (or to be linked) WhatsApp account.
    SessionId = "ses";
    /// A message in or out.
    MessageId = "msg";
    /// An event of the log.
    EventId = "evt";
    /// A person or group as one session knows it, joining PN and LID.
    ContactId = "ctc";
    /// A media object.
    MediaId = "med";
    /// A connector process.
    ConnectorId = "con";
    /// A webhook.
    WebhookId = "whk";
    /// One event on its way to one webhook.
    DeliveryId = "dlv";
    /// A person who signs in.
    UserId = "usr";
    /// One time a person signed in: a family of refresh tokens.
    SignInId = "sig";
    /// A person's invitation into a workspace.
    InvitationId = "inv";
    /// An account at a provider that lets a person in.
    IdentityId = "idn";
    /// A mail that is or was to be sent.
    MailId = "mal";
    /// An entry of the audit log.
    AuditId = "aud";
    /// An export of a workspace.
    ExportId = "exp";
}

impl MessageId {
    /// The WhatsApp stanza id of an outgoing message: fixed when the message is accepted and
    /// the same on every retry, so that a receiving client shows it once. `3EB0` is the
    /// prefix of web clients; 72 random bits of the ULID follow.
    #[must_use]
    pub fn stanza_id(self) -> String {
        format!("3EB0{:018X}", self.0.random() & ((1 << 72) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_refuses_another_prefix() {
        let id = MessageId::from_ulid(ulid(Timestamp::from_millis(1), 7));
        let text = id.to_string();
        assert!(text.starts_with("msg_"));
        assert_eq!(text.parse::<MessageId>().unwrap(), id);
        assert_eq!(text.parse::<SessionId>(), Err(BadId { prefix: "ses" }));
        assert_eq!(id.stanza_id(), "3EB0000000000000000007");
    }
}
