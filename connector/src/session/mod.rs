//! A session's actor: one inbox, one state, one linked device.

mod actor;
mod append;
mod commands;
mod contest;
mod deliver;
mod device;
mod flights;
mod history;
mod inbound;
mod newcomers;
mod news;
mod numbers;
mod ours;
mod outbox;
mod pacer;
mod pairing;
mod presence;
mod reaction;
mod sending;
mod verdict;
mod watch;

use std::sync::Arc;

use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use wagate_domain::{
    ConnectorId, Env,
    sessions::{Session, SessionKey},
};

use crate::{
    census::Census,
    config::ConnectorConfig,
    ports::{BackendFactory, ConnectorPorts},
    turns::Turns,
    wa::{CodeRefusal, Links, PairingCode, WireEvent},
};

pub(crate) use outbox::chain;

/// What all actors of a connector share.
pub(crate) struct Shared {
    pub(crate) me: ConnectorId,
    pub(crate) env: Env,
    pub(crate) config: ConnectorConfig,
    pub(crate) ports: ConnectorPorts,
    pub(crate) backends: Arc<dyn BackendFactory>,
    pub(crate) links: Links,
    pub(crate) census: Census,
    pub(crate) download_slots: Arc<Semaphore>,
    /// For files of the past, which must not keep those back that come in.
    pub(crate) past_slots: Arc<Semaphore>,
    /// Whose turn it is to send.
    pub(crate) turns: Turns,
}

/// What reaches an actor.
pub(crate) enum Input {
    /// Its device tells something; of the device opened as number `generation`.
    Wire { generation: u64, event: WireEvent },
    /// A message was queued or a command was left.
    Wake,
    /// A delivery has come to its end.
    Delivered(Box<deliver::Delivery>),
    /// The answer to a request for a pairing code.
    Code { generation: u64, command: String, answer: Result<PairingCode, CodeRefusal> },
    /// Inbound messages could not be stored.
    Missed,
    /// Somebody else holds the session now.
    LeaseLost,
    /// Let go of the session.
    Leave(Leave),
}

/// Why an actor lets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Nobody wants the session connected any more.
    Unwanted,
    /// Another connector is to take it.
    HandOver,
}

/// How an actor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It let go of the session in order.
    Left,
    /// It had lost the session.
    LeaseLost,
}

/// Where an actor's inputs go.
pub(crate) type Inbox = mpsc::UnboundedSender<Input>;

/// A running actor.
pub(crate) struct ActorHandle {
    pub(crate) key: SessionKey,
    pub(crate) epoch: u64,
    pub(crate) inbox: Inbox,
    pub(crate) task: JoinHandle<End>,
}

/// A session that has just been claimed; its epoch is in the record.
pub(crate) struct Claimed {
    pub(crate) session: Session,
    /// Another had it and has not let go of it: dead most likely, but perhaps asleep, and awake just now.
    pub(crate) contested: bool,
}

/// Starts the actor of a session that has just been claimed.
pub(crate) fn start(shared: Arc<Shared>, claimed: Claimed) -> ActorHandle {
    let (inbox, inputs) = mpsc::unbounded_channel();
    let (key, epoch) = (claimed.session.key(), claimed.session.epoch);
    let actor = actor::Actor::new(shared, claimed, inbox.clone(), inputs);
    ActorHandle { key, epoch, inbox, task: tokio::spawn(actor.run()) }
}
