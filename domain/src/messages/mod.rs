//! Messages in and out: what they carry, how they travel, how they end.

mod change;
mod charge;
mod compose;
mod content;
mod list;
mod look;
mod reconcile;
mod send;
mod send_batch;
mod status;
mod when;
mod words;

pub(crate) use change::cancel_waiting;
pub use change::{ChangeError, EditMessage, cancel, edit, purge, retry};
pub use content::{Content, MediaKind, Quote};
pub use list::{ListError, ListMessages, MessagePage, list};
pub use look::{Outlook, QueueOutlook, look, look_at_queue};
pub use reconcile::{ReconcilePorts, expire_overdue, requeue_lost};
pub use send::{Body, MAX_TEXT, SendError, SendMessage, SendPorts, SentMessage, send};
pub use send_batch::{MAX_BATCH, SentBatch, send_batch};
pub use status::{Failure, Status, Times};
pub use when::When;
pub use words::{Sought, fold, words};

use serde::{Deserialize, Serialize};

use crate::{
    Address, ContactId, ContactIds, MessageId, SessionId, Timestamp, WorkspaceId, sessions::SessionKey,
};

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the linked account.
    Out,
    /// To the linked account.
    In,
}

/// Which of a session's waiting messages go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Single sends and replies: overtakes bulk.
    #[default]
    Interactive,
    /// Campaigns.
    Bulk,
}

/// A message as it is stored, queued and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Identifier.
    pub id: MessageId,
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session it went through.
    pub session: SessionId,
    /// In or out.
    pub direction: Direction,
    /// The chat's address as it was given (out) or as it came (in).
    pub chat: Address,
    /// The other person's identities as far as known; empty for groups and channels.
    #[serde(default)]
    pub contact: ContactIds,
    /// The contact, once the record knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
    /// Who wrote it, in groups and channels (inbound only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<ContactIds>,
    /// WhatsApp's id of the message, the same on every retry.
    pub stanza_id: String,
    /// What it carries.
    pub content: Content,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    /// People it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Address>,
    /// Sent while we were offline (inbound only).
    #[serde(default)]
    pub offline: bool,
    /// Push name the sender showed (inbound only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_name: Option<String>,
    /// Queue it waits in.
    #[serde(default)]
    pub priority: Priority,
    /// Where it stands.
    pub status: Status,
    /// Why it ended, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// When each step happened.
    pub times: Times,
    /// Not sent before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_at: Option<Timestamp>,
    /// After this moment it is not sent any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The campaign it belongs to, as the caller names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// How often it was changed while it waited.
    #[serde(default)]
    pub revision: u32,
    /// Order of lists: when it was accepted (out) or written by its sender (in).
    pub at: Timestamp,
}

impl Message {
    /// The moment it waits for, when it is scheduled.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.send_at.filter(|_| self.status == Status::Scheduled)
    }

    /// Which session it goes through.
    #[must_use]
    pub const fn lane(&self) -> SessionKey {
        SessionKey { workspace: self.workspace, id: self.session }
    }
}
