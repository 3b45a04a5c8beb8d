//! Chats: the conversations a session has, with what is unread in each.

mod find;
mod list;

pub use find::{ReadPorts, chat_filter, find};
pub use list::{ChatPage, ListChats, list};

use serde::{Deserialize, Serialize};

use crate::{Address, ContactId, ContactIds, MessageId, SessionId, Timestamp, WorkspaceId};

/// A conversation with a person, a group or a channel, as one session has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session that has it.
    pub session: SessionId,
    /// What it is known by within its session: the contact's id, or the address of a group or channel.
    pub key: String,
    /// Its address, as it was met first.
    pub address: Address,
    /// The other person's identities as far as known; empty for groups and channels.
    pub contact: ContactIds,
    /// The other person on record; none for groups and channels.
    pub contact_id: Option<ContactId>,
    /// The group's subject, or the push name of the person.
    pub name: Option<String>,
    /// Its place in lists: the time of its last message, also when that is no longer on record.
    pub at: Timestamp,
    /// The last message on record that WhatsApp has; what waits or has failed is none.
    pub last_message: Option<MessageId>,
    /// Messages that came in and have not been read.
    pub unread: u64,
    /// Somebody marked it as unread.
    pub marked_unread: bool,
    /// It is in the archive.
    pub archived: bool,
    /// It is pinned.
    pub pinned: bool,
    /// It is muted.
    pub muted: Option<Muted>,
    /// The linked account has left the group.
    pub left: bool,
}

/// How long a chat is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muted {
    /// When it ends by itself; none: never.
    pub until: Option<Timestamp>,
}
