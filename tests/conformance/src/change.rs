//! What one does with chats, and what the account's other devices then tell.

use serde::{Deserialize, Serialize};

/// A change to a chat, to a message in it, or to the contact behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields are the words of the apps")]
pub enum Change {
    Archived {
        on: bool,
    },
    Pinned {
        on: bool,
    },
    Muted {
        on: bool,
    },
    Read {
        on: bool,
    },
    Deleted,
    Cleared,
    Starred {
        id: String,
        on: bool,
    },
    /// A message was deleted for oneself.
    Forgotten {
        id: String,
    },
    /// The contact was saved.
    Contact {
        name: String,
    },
}
