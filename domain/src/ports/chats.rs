//! Chats on record.

use async_trait::async_trait;

use crate::{
    SessionId, Timestamp, WorkspaceId,
    chats::Chat,
    ports::{ChatFilter, PortResult},
};

/// Where a chat stands in the list of a tenant's chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatPlace {
    /// Its time.
    pub at: Timestamp,
    /// Its session.
    pub session: SessionId,
    /// What it is known by within its session.
    pub key: String,
}

/// One page of chats, the one with the newest message first.
#[derive(Debug, Clone, Default)]
pub struct ChatQuery {
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only those in the archive, or outside.
    pub archived: Option<bool>,
    /// Only those with something unread, or without.
    pub unread: Option<bool>,
    /// Strictly behind this place.
    pub behind: Option<ChatPlace>,
    /// At most so many.
    pub limit: u32,
}

/// Chats on record.
#[async_trait]
pub trait Chats: Send + Sync {
    /// One chat of a session, also a deleted one.
    async fn get(
        &self,
        workspace: WorkspaceId,
        session: SessionId,
        chat: &ChatFilter,
    ) -> PortResult<Option<Chat>>;
    /// A page of a tenant's chats, without deleted ones.
    async fn list(&self, workspace: WorkspaceId, query: &ChatQuery) -> PortResult<Vec<Chat>>;
}
