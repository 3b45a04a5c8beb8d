//! What an actor has to write to Redis, in order, kept until it is written.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;
use wagate_domain::{
    events::Event,
    ports::{PortError, PortResult, Settlement},
    sessions::{CommandReply, Pairing, SessionKey},
};

use super::inbound::InboundStore;
use crate::{ports::ConnectorPorts, wa::Inbound};

/// A write that takes longer counts as failed; repeating it does no harm.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Entries written at a time.
const BATCH: usize = 200;
/// How long news of progress may wait for another write to go with.
const LINGER: Duration = Duration::from_millis(20);
/// How often a write that cannot work is repeated before it is dropped.
const HOPELESS: u32 = 5;

/// Something to write.
pub(super) enum Entry {
    /// Events for the log.
    Event(Box<Event>),
    /// The end of a claim.
    Settle(Settlement),
    /// Parked messages go back to their places.
    Unpark,
    /// What a phone can use to link the session.
    Offer(Option<Pairing>),
    /// The answer to a command.
    Reply { command: String, reply: CommandReply },
    /// Messages that came in past the durability hook.
    Inbound(Vec<Inbound>),
}

/// The session's lease was lost: nothing may be written any more.
#[derive(Debug)]
pub(super) struct Stale;

/// Writes in order.
#[derive(Default)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    failures: u32,
    retry_at: Option<Instant>,
    /// Until then nothing is urgent.
    lingers_until: Option<Instant>,
}

impl Outbox {
    pub(super) fn push(&mut self, entry: Entry) {
        self.lingers_until = None;
        self.entries.push_back(entry);
    }

    /// News of progress: soon something else will have to be written, and it goes along.
    pub(super) fn push_along(&mut self, event: Event) {
        if self.entries.is_empty() {
            self.lingers_until = Some(Instant::now() + LINGER);
        }
        self.entries.push_back(Entry::Event(Box::new(event)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is nothing that must be written before anything else is done.
    pub(super) fn is_at_ease(&self) -> bool {
        self.entries.is_empty() || self.lingers_until.is_some()
    }

    /// When to write, should nothing happen until then.
    pub(super) fn timer(&self) -> Option<Instant> {
        [self.retry_at, self.lingers_until].into_iter().flatten().max().filter(|_| !self.entries.is_empty())
    }

    /// Writes what is due. Failures are remembered and tried again later.
    pub(super) async fn flush(
        &mut self,
        ports: &ConnectorPorts,
        inbound: &InboundStore,
        session: SessionKey,
        epoch: u64,
    ) -> Result<(), Stale> {
        if self.timer().is_some_and(|at| Instant::now() < at) {
            return Ok(());
        }
        self.lingers_until = None;
        while !self.entries.is_empty() {
            let writing = self.write(ports, inbound, session, epoch);
            let written = tokio::time::timeout(PATIENCE, writing).await.unwrap_or_else(|_| Err(slow()));
            match written {
                Ok(count) => {
                    self.entries.drain(..count);
                    self.failures = 0;
                    self.retry_at = None;
                }
                Err(PortError::Stale) => return Err(Stale),
                Err(error) => {
                    self.failed(session, &error);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Writes the first entry, or all events and then ends of claims up to the first other entry; returns how many were written.
    async fn write(
        &self,
        ports: &ConnectorPorts,
        inbound: &InboundStore,
        session: SessionKey,
        epoch: u64,
    ) -> PortResult<usize> {
        let mut events: Vec<Event> =
            self.run(0, |entry| if let Entry::Event(event) = entry { Some((**event).clone()) } else { None });
        let mut ends: Vec<Settlement> = self
            .run(events.len(), |entry| if let Entry::Settle(end) = entry { Some(end.clone()) } else { None });
        let count = events.len() + ends.len();
        if let Some(first) = ends.first_mut() {
            // what was to be told before goes along, in one step
            events.append(&mut first.events);
            first.events = events;
            ports.lanes.settle(session, epoch, &ends).await?;
            return Ok(count);
        }
        if !events.is_empty() {
            ports.log.append(session, Some(epoch), &events).await?;
            return Ok(count);
        }
        match self.entries.front() {
            Some(Entry::Unpark) => {
                ports.lanes.unpark(session, epoch).await?;
            }
            Some(Entry::Offer(pairing)) => ports.calls.offer(session, pairing.as_ref()).await?,
            Some(Entry::Reply { command, reply }) => ports.calls.reply(session, command, reply).await?,
            Some(Entry::Inbound(batch)) => inbound.append(batch).await?,
            Some(Entry::Event(_) | Entry::Settle(_)) | None => {}
        }
        Ok(1)
    }

    /// The entries from one on, as far as they are of one kind.
    fn run<T>(&self, from: usize, kind: impl Fn(&Entry) -> Option<T>) -> Vec<T> {
        self.entries.iter().skip(from).take(BATCH).map_while(kind).collect()
    }

    fn failed(&mut self, session: SessionKey, error: &PortError) {
        self.failures += 1;
        if matches!(error, PortError::Internal { .. }) && self.failures >= HOPELESS {
            tracing::error!(session = %session.id, error = %chain(error), "a write was given up");
            self.entries.pop_front();
            self.failures = 0;
            return;
        }
        if self.failures == 1 {
            tracing::warn!(session = %session.id, error = %chain(error), "writes wait");
        }
        let pause = Duration::from_millis(250 << self.failures.min(6)).min(LONGEST_PAUSE);
        self.retry_at = Some(Instant::now() + pause);
    }
}

/// What a call that takes too long amounts to.
pub(super) fn slow() -> PortError {
    PortError::Unavailable { what: "Redis", source: "no answer in time".into() }
}

/// An error with its causes, for the log.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
