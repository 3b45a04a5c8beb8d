//! What is read back: phones, chats, messages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::acts::Acts;
use super::super::behaviour::Behaviour;
use super::super::content::{Body, Media, Traits};

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To this account.
    In,
    /// From this account, by the phone or by one of its companions.
    Out,
    /// Between the phone and a companion; never shown.
    Peer,
}

/// How far a message has come. Only ever moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Stored, not yet accepted by the network.
    Pending,
    /// Refused by the network.
    Failed,
    /// Accepted by the network; for an incoming message: arrived, but not decrypted.
    Sent,
    /// Decrypted by the recipient.
    Delivered,
    /// Read by the recipient.
    Read,
    /// Played by the recipient.
    Played,
}

const STATUSES: [Status; 6] =
    [Status::Pending, Status::Failed, Status::Sent, Status::Delivered, Status::Read, Status::Played];

impl Direction {
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Peer => "peer",
        }
    }

    pub(super) fn from_column(column: &str) -> Self {
        match column {
            "in" => Self::In,
            "out" => Self::Out,
            _ => Self::Peer,
        }
    }
}

impl Status {
    pub(super) fn column(self) -> i64 {
        STATUSES.iter().position(|status| *status == self).map_or(0, |at| at as i64)
    }

    pub(super) fn from_column(column: i64) -> Self {
        usize::try_from(column).ok().and_then(|at| STATUSES.get(at)).copied().unwrap_or(Self::Pending)
    }
}

/// Some items and where to go on.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Cursor of the last item when there are more.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts one item too many off and remembers that there was one.
    pub(in super::super) fn cut(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// A phone as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct PhoneSummary {
    /// Phone number, digits.
    pub pn: String,
    /// LID, digits.
    pub lid: String,
    /// Push name.
    pub push_name: String,
    /// Whether the number exists for the network.
    pub on_whatsapp: bool,
    /// What it does by itself; `None` for what phones do by default.
    pub behaviour: Option<Behaviour>,
}

/// A chat of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatSummary {
    /// Peer's number, or the JID of a group.
    pub chat: String,
    /// Messages in it.
    pub messages: i64,
    /// Incoming messages not marked as read.
    pub unread: i64,
    /// Unix seconds of the newest message.
    pub last: i64,
}

/// A message as the phone shows it.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    /// Order in which the phones of this network saw their messages.
    pub seq: i64,
    /// Place in its chat, from 1 and without gaps.
    pub position: i64,
    /// Stanza id.
    pub id: String,
    /// Peer's number, or the JID of a group.
    pub chat: String,
    /// Which way it went.
    pub direction: Direction,
    /// Author: number and LID digits.
    pub from: (String, Option<String>),
    /// Recipient: number and LID digits; a group's JID for groups.
    pub to: (String, Option<String>),
    /// `text`, `image`, `reaction`, …
    pub kind: String,
    /// Text or caption, as it was last edited.
    pub text: Option<String>,
    /// Id of the message this one answers.
    pub quoted: Option<String>,
    /// Mentioned JIDs.
    pub mentions: Vec<String>,
    /// The attached file.
    pub media: Option<Media>,
    /// What it says beyond text and file.
    pub body: Option<Body>,
    /// View-once, forwarded, …
    pub traits: Traits,
    /// What later messages have done to it.
    pub acts: Acts,
    /// Unix seconds.
    pub time: i64,
    /// How far it came.
    pub status: Status,
    /// The network's refusal code.
    pub error: Option<i64>,
    /// Stanzas with this id beyond the first shown.
    pub duplicates: i64,
    /// True while no stanza of this message could be decrypted.
    pub undecryptable: bool,
    /// Stanzas of this message that could not be decrypted.
    pub retries: i64,
    pub(in super::super) chat_jid: String,
    pub(in super::super) sender_jid: String,
    pub(in super::super) raw: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_survive_their_column_and_read_is_the_one_in_the_schema() {
        for status in STATUSES {
            assert_eq!(Status::from_column(status.column()), status);
        }
        assert_eq!(Status::Read.column(), 4);
    }
}
