//! The parts that events are made of.

use serde::{Deserialize, Serialize};

use crate::{Address, ContactIds, Timestamp};

/// A message as WhatsApp names it, when an event is about one that was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Chat it stands in.
    pub chat: Address,
    /// The other person of that chat; empty for groups and channels.
    #[serde(default)]
    pub contact: ContactIds,
    /// WhatsApp's id of it.
    pub stanza_id: String,
    /// Whether the linked account wrote it.
    pub from_me: bool,
}

/// Who did something: the linked account itself, or somebody else as far as known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Actor {
    /// The linked account did it, on whatever device.
    pub from_me: bool,
    /// PN and LID of whoever did it.
    #[serde(default)]
    pub contact: ContactIds,
}

/// What happened to a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GroupChange {
    /// The linked account came into the group (made it, joined, or was added).
    Joined {
        /// The group's name, when it is told.
        subject: Option<String>,
    },
    /// The linked account is not in the group any more.
    Left {},
    /// People came in.
    Added {
        /// Who.
        participants: Vec<ContactIds>,
    },
    /// People went or were removed.
    Removed {
        /// Who.
        participants: Vec<ContactIds>,
    },
    /// People became administrators.
    Promoted {
        /// Who.
        participants: Vec<ContactIds>,
    },
    /// People are no administrators any more.
    Demoted {
        /// Who.
        participants: Vec<ContactIds>,
    },
    /// It has another name.
    Subject {
        /// The name.
        subject: String,
    },
    /// It has another description, or none.
    Description {
        /// The description.
        description: Option<String>,
    },
    /// It has another picture, or none.
    Picture {
        /// It was taken away.
        removed: bool,
    },
    /// Only administrators may write, or everybody.
    Announcement {
        /// Only administrators.
        on: bool,
    },
    /// Only administrators may change name and picture, or everybody.
    Locked {
        /// Only administrators.
        on: bool,
    },
    /// Its messages disappear after a time; 0: they stay.
    Ephemeral {
        /// The time in seconds.
        seconds: u32,
    },
    /// Its invite link was renewed.
    InviteRenewed {},
    /// Something this version does not model.
    Other {
        /// WhatsApp's name of it.
        what: String,
    },
}

/// What somebody is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Online.
    Available,
    /// Not online.
    Unavailable,
    /// Types in the chat.
    Typing,
    /// Records a voice note in the chat.
    Recording,
    /// Stopped typing or recording.
    Paused,
}

/// What happened to a chat on one of the account's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChatChange {
    /// Archived, or taken out of the archive.
    Archived {
        /// It is in the archive.
        on: bool,
    },
    /// Pinned, or not any more.
    Pinned {
        /// It is pinned.
        on: bool,
    },
    /// Muted until a moment (for ever without one), or not any more.
    Muted {
        /// It is muted.
        on: bool,
        /// When it ends by itself.
        until: Option<Timestamp>,
    },
    /// Marked as read, or as unread.
    Read {
        /// Everything in it counts as read.
        on: bool,
    },
    /// Emptied.
    Cleared {},
    /// Deleted.
    Deleted {},
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    /// It rings.
    Ringing,
    /// Taken, on another device of the account.
    Accepted,
    /// Refused.
    Rejected,
    /// Over without having been taken.
    Missed,
    /// Over.
    Ended,
}

/// A call to the linked account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// WhatsApp's id of it.
    pub id: String,
    /// Where it stands.
    pub state: CallState,
    /// Who calls.
    pub from: ContactIds,
    /// The group, when it is a group call.
    pub group: Option<Address>,
    /// With pictures.
    pub video: bool,
}

/// How far the account's history has come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryProgress {
    /// Per cent, as the phone says.
    pub percent: u32,
    /// Messages of the past stored by this step.
    pub messages: u32,
    /// Chats named by this step.
    pub chats: u32,
    /// Nothing more comes by itself.
    pub done: bool,
}
