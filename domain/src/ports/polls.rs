//! Polls, kept for the votes in them.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Address, ports::PortResult, sessions::SessionKey};

/// A poll as its votes need it: they come sealed with its secret and name its options by their hashes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// Who made it, as its message was addressed.
    pub creator: Address,
    /// What votes are sealed with.
    pub secret: Vec<u8>,
    /// The options' texts.
    pub options: Vec<String>,
}

impl fmt::Debug for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the secret stays one
        f.debug_struct("Poll").field("creator", &self.creator).field("options", &self.options).finish()
    }
}

/// Polls that a session has seen, for a time.
#[async_trait]
pub trait Polls: Send + Sync {
    /// Keeps a poll under its chat and WhatsApp's id of its message; the newest of that name counts.
    async fn keep(&self, session: SessionKey, chat: &Address, stanza_id: &str, poll: &Poll)
    -> PortResult<()>;

    /// The poll of that name.
    async fn find(&self, session: SessionKey, chat: &Address, stanza_id: &str) -> PortResult<Option<Poll>>;
}
