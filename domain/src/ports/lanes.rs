//! Lanes: one FIFO per session with one consumer at a time.
//!
//! Rules every adapter holds: accept is idempotent by message id; a claim moves the head to
//! in-flight and checks the claimer's epoch; interactive messages overtake bulk ones; a message
//! that is to be tried again goes back to the head and holds its lane, so order within a chat is
//! kept; a lane with nothing ready costs nothing.

use async_trait::async_trait;

use crate::{
    MessageId, Timestamp, events::Event, messages::Message, ports::PortResult, sessions::SessionKey,
};

/// A message to queue, with the event that tells of it: stored together or not at all.
#[derive(Debug, Clone)]
pub struct Accept {
    /// The session's lane.
    pub lane: SessionKey,
    /// The message, complete: what the consumer claims is what was accepted.
    pub message: Message,
    /// Not before this moment; at once when absent.
    pub due: Option<Timestamp>,
    /// Appended to the event log in the same atomic step.
    pub event: Event,
}

/// What became of an accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Queued.
    Queued,
    /// A message of that id had been accepted before; nothing changed.
    Already,
}

/// A claimed message.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The message as it was accepted.
    pub message: Message,
    /// How many times it was claimed, this time included.
    pub attempt: u32,
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// A message, now in flight.
    Job(Box<Job>),
    /// Nothing is ready. `next` is when the first scheduled one comes due or a held lane opens;
    /// without it, wait for a wake-up.
    Nothing {
        /// When to look again.
        next: Option<Timestamp>,
    },
}

/// What is to become of an in-flight message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It has ended (sent, failed, expired): remove it.
    Done,
    /// Back to the head of its lane; the lane is held until the moment given.
    RetryAt(Timestamp),
    /// Kept aside as dead, listed and replayable.
    Bury,
}

/// How full a lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaneDepth {
    /// Ready, interactive.
    pub interactive: u64,
    /// Ready, bulk.
    pub bulk: u64,
    /// Waiting for their time.
    pub due: u64,
    /// Claimed, not settled.
    pub in_flight: u64,
    /// Buried.
    pub dead: u64,
}

/// The queue of sends.
#[async_trait]
pub trait Lanes: Send + Sync {
    /// Queues a message and appends its event, atomically; wakes the lane's owner.
    async fn accept(&self, accept: &Accept) -> PortResult<Accepted>;

    /// Claims the head of a lane. Due messages are promoted first, in bounded batches.
    /// `Stale` when `epoch` is not the owner's.
    async fn claim(&self, lane: SessionKey, epoch: u64, now: Timestamp) -> PortResult<Claim>;

    /// Settles an in-flight message and appends `events`, atomically. Settling one that is not in
    /// flight any more changes the queue in no way, but still appends. `Stale` as for claim.
    async fn settle(
        &self,
        lane: SessionKey,
        epoch: u64,
        id: MessageId,
        verdict: Verdict,
        events: &[Event],
    ) -> PortResult<()>;

    /// Puts what a former owner left in flight back to the head, in its old order; returns how many.
    /// Called once by a new owner. `Stale` as for claim.
    async fn recover(&self, lane: SessionKey, epoch: u64) -> PortResult<u64>;

    /// Takes a waiting message out and appends `event`. `false` when it is in flight or gone.
    async fn cancel(&self, lane: SessionKey, id: MessageId, event: &Event) -> PortResult<bool>;

    /// Messages that wait in a lane (ready or scheduled), at most `limit`; those in flight are not among them.
    async fn waiting(&self, lane: SessionKey, limit: u32) -> PortResult<Vec<MessageId>>;

    /// An accepted message by id, while Redis remembers it; covers the moments before SQL knows it.
    async fn peek(&self, workspace: crate::WorkspaceId, id: MessageId) -> PortResult<Option<Message>>;

    /// How full a lane is.
    async fn depth(&self, lane: SessionKey) -> PortResult<LaneDepth>;
}
