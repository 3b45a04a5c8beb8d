//! Webhooks on record, deliveries, and posting.

use std::{collections::HashSet, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    DeliveryId, SessionId, Timestamp, WebhookId, WorkspaceId,
    events::EventKind,
    mail::Mail,
    ports::{FetchError, PortResult},
    webhooks::{Delivery, DeliveryState, DeliveryStats, Disabled, Webhook},
};

/// Webhooks on record.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Stores a webhook unless the tenant has `most`; one of the same id that exists already is returned instead.
    async fn insert(&self, webhook: &Webhook, most: u32) -> PortResult<Option<Webhook>>;
    /// One webhook of a tenant.
    async fn get(&self, workspace: WorkspaceId, id: WebhookId) -> PortResult<Option<Webhook>>;
    /// A tenant's webhooks, oldest first; all of them, for their number is bounded.
    async fn list(&self, workspace: WorkspaceId) -> PortResult<Vec<Webhook>>;
    /// Rewrites what its owner decides; `false` when there is none.
    async fn update(&self, webhook: &Webhook) -> PortResult<bool>;
    /// Lets whoever tells a webhook look at its waiting deliveries anew.
    async fn touch(&self, workspace: WorkspaceId, id: WebhookId, now: Timestamp) -> PortResult<()>;
    /// Forgets a webhook and its deliveries; `false` when there was none.
    async fn delete(&self, workspace: WorkspaceId, id: WebhookId) -> PortResult<bool>;

    /// All that are enabled, over all tenants. Worker's side.
    async fn enabled(&self) -> PortResult<Vec<Webhook>>;
    /// Switches one off that is on, and puts the mail about that into the outbox in the same step; `false` when it is
    /// not on. Worker's side.
    async fn disable(&self, webhook: &Webhook, why: &Disabled, mail: Option<&Mail>) -> PortResult<bool>;
}

/// One page of deliveries, newest first.
#[derive(Debug, Clone, Default)]
pub struct DeliveryQuery {
    /// In this state.
    pub state: Option<DeliveryState>,
    /// Of this type of event.
    pub kind: Option<EventKind>,
    /// Of this session.
    pub session: Option<SessionId>,
    /// Strictly before this one.
    pub before: Option<DeliveryId>,
    /// At most so many.
    pub limit: u32,
}

/// One that tells a webhook, from where the last one stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Which one, counted.
    pub number: u64,
    /// The place up to which events are taken care of.
    pub cursor: u64,
    /// Since when nothing has got through.
    pub failing_since: Option<Timestamp>,
}

/// Deliveries on record.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// A page of a webhook's deliveries.
    async fn list(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        query: &DeliveryQuery,
    ) -> PortResult<Vec<Delivery>>;
    /// One delivery of a tenant.
    async fn get(&self, workspace: WorkspaceId, id: DeliveryId) -> PortResult<Option<Delivery>>;
    /// Adds deliveries that wait.
    async fn add(&self, deliveries: &[Delivery]) -> PortResult<()>;
    /// Lets those of a webhook that have ended wait again, from now on; returns how many.
    async fn retry(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        ids: &[DeliveryId],
        now: Timestamp,
    ) -> PortResult<u64>;
    /// Forgets up to `limit` of a webhook's deliveries that have ended, in one state or in both; returns how many.
    async fn clear(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> PortResult<u64>;
    /// How a webhook did since a moment.
    async fn stats(
        &self,
        workspace: WorkspaceId,
        webhook: WebhookId,
        since: Timestamp,
    ) -> PortResult<DeliveryStats>;

    /// Deliveries of a webhook that wait and are not among `held`, in the order of their events. Worker's side.
    async fn waiting(
        &self,
        webhook: WebhookId,
        held: &(dyn Fn(DeliveryId) -> bool + Sync),
        limit: u32,
    ) -> PortResult<Vec<Delivery>>;
    /// Which of these are on record. Worker's side.
    async fn known(&self, ids: &[DeliveryId]) -> PortResult<HashSet<DeliveryId>>;
    /// Begins to tell a webhook: whoever told it until now can write nothing any more. `None` when it is gone. Worker's side.
    async fn begin(&self, webhook: WebhookId) -> PortResult<Option<Term>>;
    /// Writes down how deliveries stand, and how far the term has come, all together. Worker's side.
    ///
    /// # Errors
    /// [`PortError::Stale`](super::PortError::Stale) when a later term has begun or the webhook is gone; nothing is written
    /// then.
    async fn settle(&self, webhook: WebhookId, term: &Term, deliveries: &[Delivery]) -> PortResult<()>;
}

/// Something to post.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Where to.
    pub url: String,
    /// Headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    pub body: Bytes,
    /// How long it may take until the answer is there.
    pub patience: Duration,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The seconds or the date of `Retry-After`, as a time from now.
    pub retry_after: Option<Duration>,
    /// The beginning of the body; what does not fit is not even read.
    pub excerpt: String,
}

/// Posts letters to servers that tenants name.
#[async_trait]
pub trait Post: Send + Sync {
    /// Whether an address may be posted to, as far as that shows by itself.
    ///
    /// # Errors
    /// [`FetchError::BadUrl`] and [`FetchError::Private`].
    fn check(&self, url: &str) -> Result<(), FetchError>;
    /// Posts. Every address is checked before it is connected to; redirects are not followed.
    ///
    /// # Errors
    /// See [`FetchError`]; a status is never one.
    async fn post(&self, letter: &Letter) -> Result<Answer, FetchError>;
}
