//! Lanes: one FIFO per session with one consumer at a time.
//!
//! Rules every adapter holds: accept is idempotent by message id; a waiting message can be changed,
//! cancelled or parked, and keeps its place; a claim moves messages from the head to
//! in-flight and checks the claimer's epoch; interactive messages overtake bulk ones; a message
//! that is to be tried again goes back to the head and holds its lane, so order within a chat is
//! kept; a lane with nothing ready costs nothing.

use async_trait::async_trait;

use crate::{
    MessageId, Timestamp,
    events::Event,
    messages::Message,
    ports::PortResult,
    sessions::{Day, SessionKey},
};

/// A message to queue, with the event that tells of it: stored together or not at all.
#[derive(Debug, Clone)]
pub struct Accept {
    /// The message, complete: what the consumer claims is what was accepted. A scheduled one
    /// ([`Message::due`]) waits for its moment.
    pub message: Message,
    /// Appended to the event log in the same atomic step.
    pub event: Event,
    /// Which messages are left as they are.
    pub unless: Unless,
}

/// When an accept changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unless {
    /// When a message of that id was accepted before, also one that has ended: for new messages.
    #[default]
    Known,
    /// When it waits or is in flight: for messages that are queued anew.
    Waiting,
}

/// What became of an accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// Queued.
    Queued {
        /// Messages of the lane that leave before it as things stand; 0 for one that is due later.
        ahead: u64,
    },
    /// Nothing changed; see [`Unless`].
    Already,
}

/// What became of a change to a waiting message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// It is as the caller wants it.
    Done,
    /// It does not wait any more: it is in flight, or has ended.
    TooLate,
    /// Somebody else changed it since it was read.
    Conflict,
}

/// Where a message is that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Ready.
    Ready {
        /// Messages that leave before it as things stand.
        ahead: u64,
    },
    /// Waits for its moment.
    Due(Timestamp),
    /// Set aside until the session may begin new chats again.
    Parked {
        /// When that is, as far as it was known.
        until: Timestamp,
    },
    /// Claimed.
    InFlight,
}

/// A message in its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Where it is.
    pub place: Place,
    /// How many times it was claimed.
    pub attempts: u32,
}

/// Which waiting messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Of this chat, by its address as accepted.
    pub chat: Option<crate::Address>,
    /// Of this campaign.
    pub campaign: Option<String>,
}

/// A claimed message.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The message as it was accepted.
    pub message: Message,
    /// How many times it was claimed, this time included.
    pub attempt: u32,
}

/// What a claim may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Now: what is due by then is ready.
    pub now: Timestamp,
    /// Bulk messages, too.
    pub bulk: bool,
    /// At most so many; at least one is meant.
    pub most: u32,
}

impl Wanted {
    /// The head alone, whatever its priority.
    #[must_use]
    pub const fn one(now: Timestamp) -> Self {
        Self { now, bulk: true, most: 1 }
    }
}

/// What a claim found.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Messages, now in flight, in their order; at least one.
    Jobs(Vec<Job>),
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
    /// It has ended (failed, expired): remove it.
    Done,
    /// It was sent: remove it and count it.
    Sent {
        /// The day it counts for, in the session's time zone.
        day: Day,
        /// It began a chat.
        new_chat: bool,
    },
    /// Back to the head of its lane; the lane is held until the moment given.
    RetryAt(Timestamp),
    /// Back to its old place; it was not tried, and the claim does not count.
    Return,
    /// Set aside until [`Lanes::unpark`]; it keeps its place.
    Park {
        /// When that is to be; only told, nothing comes back by itself.
        until: Timestamp,
    },
    /// Kept aside as dead, listed and replayable.
    Bury,
}

/// The end of a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Settlement {
    /// Which message.
    pub message: MessageId,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What is to be told of it.
    pub events: Vec<Event>,
}

impl Settlement {
    /// Of a message that nothing is told of.
    #[must_use]
    pub const fn silent(message: MessageId, verdict: Verdict) -> Self {
        Self { message, verdict, events: Vec::new() }
    }
}

/// What a session has sent on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// The day.
    pub day: Day,
    /// Messages.
    pub sent: u32,
    /// Chats that began.
    pub new_chats: u32,
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
    /// Set aside until new chats may begin again.
    pub parked: u64,
    /// Claimed, not settled.
    pub in_flight: u64,
    /// Buried.
    pub dead: u64,
    /// Nothing is claimed until it is resumed.
    pub paused: bool,
    /// Nothing is claimed before this moment: the head is to be tried again then.
    pub held_until: Option<Timestamp>,
}

/// The queue of sends.
#[async_trait]
pub trait Lanes: Send + Sync {
    /// Queues messages of one lane, in their order, each with its event in the same atomic step; wakes
    /// the lane's owner. One answer for each. Many at once are split into a few steps.
    async fn accept(&self, lane: SessionKey, accepts: &[Accept]) -> PortResult<Vec<Accepted>>;

    /// Rewrites a waiting message and appends `event`, atomically. `message` is what it is to be; it was
    /// read at the revision before its own.
    async fn edit(&self, message: &Message, event: &Event) -> PortResult<Edited>;

    /// Claims messages from the head of a lane. Due messages are promoted first, in bounded batches. `Stale` when
    /// `epoch` is not the owner's.
    async fn claim(&self, lane: SessionKey, epoch: u64, wanted: Wanted) -> PortResult<Claim>;

    /// What the session sent on the latest day that something was counted for.
    async fn tally(&self, lane: SessionKey) -> PortResult<Tally>;

    /// Settles in-flight messages and appends their events, all in one atomic step. Settling one that is not in
    /// flight any more changes the queue in no way, but its events are still appended. `Stale` as for claim.
    async fn settle(&self, lane: SessionKey, epoch: u64, settlements: &[Settlement]) -> PortResult<()>;

    /// Puts what a former owner left in flight back to the head, in its old order; returns how many.
    /// Called once by a new owner. `Stale` as for claim.
    async fn recover(&self, lane: SessionKey, epoch: u64) -> PortResult<u64>;

    /// Puts every parked message back to its place; returns how many. `Stale` as for claim.
    async fn unpark(&self, lane: SessionKey, epoch: u64) -> PortResult<u64>;

    /// Stops claims from a lane, or lets them go on, whoever owns it; wakes the owner.
    async fn set_paused(&self, lane: SessionKey, paused: bool) -> PortResult<()>;

    /// Takes waiting messages out, each with its event in one atomic step. For each, `false` when it is
    /// in flight or gone.
    async fn cancel(&self, lane: SessionKey, messages: &[(MessageId, Event)]) -> PortResult<Vec<bool>>;

    /// Messages that wait in a lane (ready, parked or scheduled); those in flight are not among them.
    async fn waiting(&self, lane: SessionKey, which: &Which) -> PortResult<Vec<MessageId>>;

    /// Which of these messages Redis knows nothing of, neither as waiting nor as ended lately.
    async fn missing(&self, lane: SessionKey, ids: &[MessageId]) -> PortResult<Vec<MessageId>>;

    /// Whether the queue has lost nothing since [`Lanes::mark_intact`]: its marks, one in each shard, are there.
    async fn is_intact(&self) -> PortResult<bool>;

    /// Leaves the marks.
    async fn mark_intact(&self) -> PortResult<()>;

    /// A message as it waits, and where; `None` when it is not in the lane.
    async fn standing(&self, lane: SessionKey, id: MessageId) -> PortResult<Option<(Message, Standing)>>;

    /// The messages that leave first, as things stand: in flight, then ready, in their order.
    async fn front(&self, lane: SessionKey, limit: u32) -> PortResult<Vec<(MessageId, Standing)>>;

    /// An accepted message by id, while Redis remembers it; covers the moments before SQL knows it.
    async fn peek(&self, workspace: crate::WorkspaceId, id: MessageId) -> PortResult<Option<Message>>;

    /// How full a lane is.
    async fn depth(&self, lane: SessionKey) -> PortResult<LaneDepth>;
}
