//! What subscribers are told, in its order: the one place that webhooks, live streams and polls read from.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::{
    EventId, SessionId, WorkspaceId,
    events::{EventKind, Told},
    ports::PortResult,
};

/// An event in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldEntry {
    /// Its place: later events have larger ones, and none shows up before an earlier one.
    pub seq: u64,
    /// What order holds within: events of the same chat (or session, without one) share it.
    pub order: String,
    /// The event.
    pub told: Told,
}

/// Which events.
#[derive(Debug, Clone, Default)]
pub struct ToldQuery {
    /// Only this session's.
    pub session: Option<SessionId>,
    /// Only of these types; none given: all.
    pub kinds: Vec<EventKind>,
    /// Only of these chats, named as [`Told::order`] names them; none given: all.
    pub orders: Vec<String>,
    /// Strictly after this place.
    pub after: u64,
    /// Up to and including this place.
    pub until: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// What one or more events are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToldSubject {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Session, if they are of one.
    pub session: Option<SessionId>,
    /// Type.
    pub kind: EventKind,
}

/// The events of all tenants.
#[async_trait]
pub trait ToldEvents: Send + Sync {
    /// A tenant's events in their order.
    async fn list(&self, workspace: WorkspaceId, query: &ToldQuery) -> PortResult<Vec<ToldEntry>>;
    /// One event.
    async fn get(&self, workspace: WorkspaceId, id: EventId) -> PortResult<Option<ToldEntry>>;
    /// Events in these places.
    async fn at(&self, workspace: WorkspaceId, places: &[u64]) -> PortResult<Vec<ToldEntry>>;
    /// The last place that is taken; 0 when there is none.
    async fn newest(&self) -> PortResult<u64>;
    /// The places after `after` that a time span covers: from the first event at or after `from` (milliseconds) to the
    /// last before `until`. `None` when there is none.
    async fn span(&self, workspace: WorkspaceId, from: i64, until: i64) -> PortResult<Option<(u64, u64)>>;
    /// Events of all tenants in their order, strictly after a place. For streams.
    async fn tail(&self, after: u64, limit: u32) -> PortResult<Vec<ToldEntry>>;
    /// What the events strictly after a place, up to and including another, are about: each subject once.
    async fn subjects(&self, after: u64, until: u64) -> PortResult<Vec<ToldSubject>>;
    /// Adds events that did not come from the log.
    async fn tell(&self, told: &[Told]) -> PortResult<()>;
}

/// Calls those who read [`ToldEvents`] when there is something new.
#[async_trait]
pub trait Bell: Send + Sync {
    /// Says that there is something new. A call may be lost; whoever listens looks by itself now and then.
    async fn ring(&self) -> PortResult<()>;
    /// One item per call, and one whenever calls may have been missed.
    async fn listen(&self) -> PortResult<BoxStream<'static, ()>>;
}

/// News for those who follow.
#[derive(Debug, Clone)]
pub enum Fed {
    /// New events of all tenants, in their order.
    Told(Arc<[ToldEntry]>),
    /// Some may have been missed: look into the record.
    Missed,
    /// Nothing comes any more: this process ends.
    Over,
}

/// New events as they are told, read once for everybody in this process.
pub trait ToldFeed: Send + Sync {
    /// What is told from now on. The first item may be [`Fed::Missed`].
    fn follow(&self) -> BoxStream<'static, Fed>;
    /// Lets everybody go who follows, now and later: this process ends.
    fn close(&self);
}
