//! Who holds which session, and how the API reaches the holder.

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::{
    ConnectorId,
    ports::PortResult,
    sessions::{Command, CommandReply, Pairing, SessionKey},
};

/// Liveness of connectors and ownership of sessions. Authority is the epoch in SQL
/// ([`crate::ports::Sessions::raise_epoch`]); this is where others look it up quickly.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Says "I am alive" for `ttl`.
    async fn heartbeat(&self, connector: ConnectorId, ttl: Duration) -> PortResult<()>;

    /// Connectors whose heartbeat has not run out.
    async fn alive(&self) -> PortResult<Vec<ConnectorId>>;

    /// Records the owner of a session. `Stale` when a higher epoch is on record. True when another had it that has not
    /// let go of it: it may be asleep, and wake.
    async fn take(&self, session: SessionKey, connector: ConnectorId, epoch: u64) -> PortResult<bool>;

    /// Forgets the owner if it is still this connector with this epoch. The epoch itself stays on record.
    async fn release(&self, session: SessionKey, connector: ConnectorId, epoch: u64) -> PortResult<()>;

    /// The owner on record.
    async fn owner(&self, session: SessionKey) -> PortResult<Option<(ConnectorId, u64)>>;

    /// Drops a connector's heartbeat at once (clean shutdown).
    async fn farewell(&self, connector: ConnectorId) -> PortResult<()>;
}

/// Something happened to a session that its owner should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wake {
    /// A message was queued or a command was left.
    Session(SessionKey),
    /// The subscription was interrupted: anything may have been missed.
    Everything,
}

/// Wake-ups of all shards.
pub type WakeStream = BoxStream<'static, Wake>;

/// Calls from the API to the connector that holds a session, and what it has on offer.
#[async_trait]
pub trait SessionCalls: Send + Sync {
    /// Tells connectors that a session wants an owner (or that its owner should look again).
    async fn announce(&self, session: SessionKey) -> PortResult<()>;

    /// Leaves a command and waits for the reply; `None` when none came within `patience`.
    /// With zero patience the command is only left.
    async fn call(
        &self,
        session: SessionKey,
        command: &Command,
        patience: Duration,
    ) -> PortResult<Option<CommandReply>>;

    /// Takes the next command left for a session: its id and what it asks. Owner's side.
    async fn next_command(&self, session: SessionKey) -> PortResult<Option<(String, Command)>>;

    /// Answers a command. Owner's side.
    async fn reply(&self, session: SessionKey, command: &str, reply: &CommandReply) -> PortResult<()>;

    /// Puts up (or with `None` takes down) what a phone can use to link the session. Owner's side.
    async fn offer(&self, session: SessionKey, pairing: Option<&Pairing>) -> PortResult<()>;

    /// What is on offer, and notes that somebody is asking.
    async fn offered(&self, session: SessionKey) -> PortResult<Option<Pairing>>;

    /// Whether somebody asked for a QR code within the last minutes. Owner's side.
    async fn is_wanted(&self, session: SessionKey) -> PortResult<bool>;

    /// Wake-ups for owners: queued messages, commands, announcements.
    async fn wakes(&self) -> PortResult<WakeStream>;
}
