//! The record: what SQL keeps.

use std::net::IpAddr;

use async_trait::async_trait;

use crate::{
    Address, ApiKeyId, ConnectorId, Contact, ContactId, ContactIds, MediaId, MessageId, SessionId, Timestamp,
    WorkspaceId,
    auth::ApiKey,
    events::Event,
    media::Media,
    messages::{Message, Sought, Status},
    ports::PortResult,
    sessions::{RewriteSession, Session, SessionKey},
};

/// API keys.
#[async_trait]
pub trait ApiKeys: Send + Sync {
    /// Stores a key.
    async fn insert(&self, key: &ApiKey) -> PortResult<()>;
    /// The key with a secret of this hash, old or new, that is not revoked. The one look-up that comes before the
    /// tenant is known.
    async fn find(&self, hash: &str) -> PortResult<Option<ApiKey>>;
    /// One key of a tenant.
    async fn get(&self, workspace: WorkspaceId, key: ApiKeyId) -> PortResult<Option<ApiKey>>;
    /// Keys of a tenant, oldest first.
    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<ApiKey>>;
    /// Rewrites a key unless it was revoked or got another secret since it stood as `before`; whether it did.
    async fn update(&self, before: &ApiKey, key: &ApiKey) -> PortResult<bool>;
    /// Notes that a key was used.
    async fn used(&self, key: &ApiKey, at: Timestamp, from: Option<IpAddr>) -> PortResult<()>;
    /// Revokes a key; `false` when there is none.
    async fn revoke(&self, workspace: WorkspaceId, key: ApiKeyId, at: Timestamp) -> PortResult<bool>;
}

/// Sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a new session; one of the same id that exists already is returned instead.
    async fn insert(&self, session: &Session) -> PortResult<Session>;
    /// The same while its tenant has fewer than `most` sessions; `None` when it has as many already.
    async fn insert_within(&self, session: &Session, most: u32) -> PortResult<Option<Session>>;
    /// One session of a tenant.
    async fn get(&self, workspace: WorkspaceId, id: SessionId) -> PortResult<Option<Session>>;
    /// Sessions of a tenant after the one given, by id, at most `limit`.
    async fn list(
        &self,
        workspace: WorkspaceId,
        after: Option<SessionId>,
        limit: u32,
    ) -> PortResult<Vec<Session>>;
    /// Sets whether a connector should hold it; `None` when there is no such session.
    async fn set_wanted(
        &self,
        workspace: WorkspaceId,
        id: SessionId,
        wanted: bool,
    ) -> PortResult<Option<Session>>;
    /// Changes what is given; `None` when there is no such session.
    async fn rewrite(
        &self,
        workspace: WorkspaceId,
        id: SessionId,
        change: &RewriteSession,
    ) -> PortResult<Option<Session>>;
    /// Deletes a session and its credentials; `false` when there was none.
    async fn delete(&self, workspace: WorkspaceId, id: SessionId) -> PortResult<bool>;

    /// All sessions that want an owner, over all tenants that are not suspended. Connector's side.
    async fn wanted(&self) -> PortResult<Vec<Session>>;
    /// Takes a session over: raises its epoch from `expected` by one and notes the owner. `None` when
    /// somebody else was faster or it is gone or not wanted any more. Connector's side.
    async fn raise_epoch(
        &self,
        id: SessionId,
        expected: u64,
        owner: ConnectorId,
    ) -> PortResult<Option<Session>>;
}

/// Which chat's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatFilter {
    /// The chat with a person, by contact (one per session that knows the person).
    Contact(Vec<ContactId>),
    /// A group or channel.
    Address(Address),
}

/// One page of messages, newest first unless asked otherwise.
#[derive(Debug, Clone, Default)]
pub struct MessageQuery {
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only this chat's.
    pub chat: Option<ChatFilter>,
    /// Only those that stand there.
    pub status: Option<Status>,
    /// Only those of this campaign.
    pub campaign: Option<String>,
    /// Only those of this type, by its name on the wire; goes with `text`.
    pub kind: Option<String>,
    /// Only those with these words.
    pub text: Option<Sought>,
    /// Only those of this moment and later.
    pub from: Option<Timestamp>,
    /// Only those before this moment.
    pub to: Option<Timestamp>,
    /// Oldest first.
    pub oldest_first: bool,
    /// Strictly before this message in (time, id) order.
    pub before: Option<(Timestamp, MessageId)>,
    /// Strictly after this message in (time, id) order.
    pub after: Option<(Timestamp, MessageId)>,
    /// At most so many.
    pub limit: u32,
}

/// Messages on record.
#[async_trait]
pub trait Messages: Send + Sync {
    /// One message of a tenant.
    async fn get(&self, workspace: WorkspaceId, id: MessageId) -> PortResult<Option<Message>>;
    /// Those of these messages that a tenant has, in any order.
    async fn get_many(&self, workspace: WorkspaceId, ids: &[MessageId]) -> PortResult<Vec<Message>>;
    /// A page of a tenant's messages.
    async fn list(&self, workspace: WorkspaceId, query: &MessageQuery) -> PortResult<Vec<Message>>;
    /// Whether a session has written with somebody before: a message came in, or one went out that was sent.
    async fn has_written_with(&self, session: SessionKey, contact: &ContactIds) -> PortResult<bool>;
    /// Outgoing messages that have not ended, by id after the one given, over all tenants. Worker's side.
    async fn unfinished(&self, after: Option<MessageId>, limit: u32) -> PortResult<Vec<Message>>;
    /// Outgoing messages that have not ended and expired before `moment`, over all tenants. Worker's side.
    async fn overdue(&self, moment: Timestamp, limit: u32) -> PortResult<Vec<Message>>;
}

/// One page of contacts, the one met last first.
#[derive(Debug, Clone, Default)]
pub struct ContactQuery {
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only those with this in their name, folded; or, with `digits`, in one of both.
    pub name: Option<String>,
    /// Only those with these digits in their PN or LID, or with `name`.
    pub digits: Option<String>,
    /// Strictly behind this one.
    pub behind: Option<ContactId>,
    /// At most so many.
    pub limit: u32,
}

/// Contacts on record.
#[async_trait]
pub trait Contacts: Send + Sync {
    /// Contacts that carry this PN or LID, in one session or in all of the tenant's.
    async fn find(
        &self,
        workspace: WorkspaceId,
        session: Option<SessionId>,
        address: &Address,
    ) -> PortResult<Vec<Contact>>;
    /// One contact of a tenant; an id from before a merge leads to the contact it became.
    async fn get(&self, workspace: WorkspaceId, id: ContactId) -> PortResult<Option<Contact>>;
    /// A page of a tenant's contacts.
    async fn list(&self, workspace: WorkspaceId, query: &ContactQuery) -> PortResult<Vec<Contact>>;
}

/// Media objects on record.
#[async_trait]
pub trait MediaIndex: Send + Sync {
    /// Stores an object; one of the same id is left as it is.
    async fn insert(&self, media: &Media) -> PortResult<()>;
    /// One object of a tenant.
    async fn get(&self, workspace: WorkspaceId, id: MediaId) -> PortResult<Option<Media>>;
    /// Objects of a tenant after the one given, by id, at most `limit`.
    async fn list(
        &self,
        workspace: WorkspaceId,
        after: Option<MediaId>,
        limit: u32,
    ) -> PortResult<Vec<Media>>;
    /// Rewrites state, size, hash.
    async fn update(&self, media: &Media) -> PortResult<()>;
    /// Inbound objects of a session that are still pending, oldest first. Connector's side.
    async fn pending(&self, workspace: WorkspaceId, session: SessionId, limit: u32)
    -> PortResult<Vec<Media>>;
    /// Staged objects announced before `before` that never arrived, over all tenants. Worker's side.
    async fn abandoned(&self, before: Timestamp, limit: u32) -> PortResult<Vec<Media>>;
    /// Forgets an object.
    async fn delete(&self, workspace: WorkspaceId, id: MediaId) -> PortResult<()>;
}

/// Event log → SQL.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Applies events in order, in one transaction, and writes down what subscribers are to be told of it
    /// ([`crate::ports::ToldEvents`]); returns how much that is. Idempotent: the log may be replayed.
    async fn apply(&self, events: &[Event]) -> PortResult<usize>;
}
