//! The event log: one stream per shard, read by named groups.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Timestamp, events::Event, ports::PortResult, sessions::SessionKey};

/// The readers of the log. Each sees every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Event log → SQL.
    Store,
}

impl Group {
    /// Every group: the log is trimmed only below what all of them have acknowledged.
    pub const ALL: [Self; 1] = [Self::Store];

    /// The group's name in Redis.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
        }
    }
}

/// Where an entry stands: its shard and its id within the shard's stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogPosition {
    /// Shard number.
    pub shard: u16,
    /// Stream id (`millis-sequence`).
    pub id: String,
}

/// An event and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Where.
    pub position: LogPosition,
    /// What. `None` when the entry cannot be read by this version: acknowledge, count, go on.
    pub event: Option<Event>,
}

/// The event log.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends events of one session in order. With an epoch, refuses (`Stale`) when it is not the owner's.
    async fn append(&self, session: SessionKey, epoch: Option<u64>, events: &[Event]) -> PortResult<()>;

    /// Reads up to `count` entries per shard that this consumer has not acknowledged: first those
    /// it (or a vanished consumer) had taken before, then new ones; waits up to `block` for the first.
    /// Order holds within a shard as long as one consumer reads it.
    async fn read(
        &self,
        group: Group,
        consumer: &str,
        count: u32,
        block: Duration,
    ) -> PortResult<Vec<LogEntry>>;

    /// Acknowledges entries.
    async fn ack(&self, group: Group, positions: &[LogPosition]) -> PortResult<()>;

    /// Drops what every group has acknowledged; returns how many entries went.
    async fn trim(&self) -> PortResult<u64>;

    /// Entries that a group has not acknowledged, over all shards.
    async fn lag(&self, group: Group) -> PortResult<u64>;

    /// When the oldest entry was appended that a group has not acknowledged, over all shards.
    async fn oldest_unread(&self, group: Group) -> PortResult<Option<Timestamp>>;
}
