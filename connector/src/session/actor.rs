//! The actor itself: takes inputs one by one, keeps the state, and writes in order.

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use wagate_domain::{
    events::{Event, EventData},
    sessions::{Reason, SessionKey, Signal, State},
};

use super::{
    Claimed, End, Inbox, Input, Leave, Shared,
    device::Device,
    inbound::InboundStore,
    outbox::{Entry, Outbox, chain},
    pairing::Pairing,
    presence::Wishes,
    sending::Lane,
    watch::Watch,
};
use crate::{
    census::Counted,
    convert::Own,
    media::{Downloads, Fetching},
};

/// How soon Redis is asked again for commands, and whether it is back.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A session held by this connector.
pub(super) struct Actor {
    pub(super) shared: Arc<Shared>,
    pub(super) key: SessionKey,
    pub(super) epoch: u64,
    pub(super) state: State,
    pub(super) reason: Option<Reason>,
    pub(super) device: Device,
    pub(super) outbox: Outbox,
    pub(super) lane: Lane,
    pub(super) pairing: Pairing,
    pub(super) wishes: Wishes,
    pub(super) inbound: InboundStore,
    pub(super) inbox: Inbox,
    inputs: mpsc::UnboundedReceiver<Input>,
    /// When to look for commands.
    pub(super) commands_at: Option<Instant>,
    /// When to see whether Redis is back, after inbound messages were not stored.
    pub(super) missed_at: Option<Instant>,
    pub(super) watch: Watch,
    counted: Counted,
    leaving: Option<(Leave, Instant)>,
    /// The lease is lost; nothing may be written any more.
    pub(super) stale: bool,
}

impl Actor {
    pub(super) fn new(
        shared: Arc<Shared>,
        Claimed { session, contested }: Claimed,
        inbox: Inbox,
        inputs: mpsc::UnboundedReceiver<Input>,
    ) -> Self {
        let key = session.key();
        let (online, link) = watch::channel(None);
        let ports = &shared.ports;
        let downloads = Downloads {
            slots: Arc::clone(&shared.download_slots),
            objects: Arc::clone(&ports.objects),
            index: Arc::clone(&ports.media),
            log: Arc::clone(&ports.log),
            env: shared.env.clone(),
            temp_dir: shared.config.temp_dir.clone(),
        };
        let own = Own { pn: session.pn.clone(), lid: session.lid.clone() };
        let inbound = InboundStore {
            env: shared.env.clone(),
            session: key,
            epoch: session.epoch,
            log: Arc::clone(&ports.log),
            polls: Arc::clone(&ports.polls),
            fetching: Fetching::new(downloads, key, session.epoch, link),
            own: Arc::new(RwLock::new(own)),
            inbox: inbox.clone(),
        };
        Self {
            key,
            epoch: session.epoch,
            counted: shared.census.enter(session.state),
            state: session.state,
            device: Device::new(&session, contested, online),
            lane: Lane::new(&session),
            reason: session.reason,
            outbox: Outbox::default(),
            pairing: Pairing::default(),
            wishes: Wishes::default(),
            inbound,
            inbox,
            inputs,
            commands_at: Some(Instant::now()),
            missed_at: None,
            watch: Watch::new(),
            leaving: None,
            stale: false,
            shared,
        }
    }

    pub(super) async fn run(mut self) -> End {
        self.inbound.fetching.resume();
        if self.should_start() {
            self.start().await;
        }
        let end = loop {
            self.settle_down().await;
            if let Some(end) = self.ended() {
                break end;
            }
            let timer = self.next_timer();
            let mut next = tokio::select! {
                input = self.inputs.recv() => input,
                () = tokio::time::sleep_until(timer) => None,
            };
            while let Some(input) = next {
                self.take(input).await;
                next = self.inputs.try_recv().ok();
            }
        };
        self.finish(end).await;
        end
    }

    /// After each round: everything that is due is done, until nothing is.
    async fn settle_down(&mut self) {
        self.watch_wire();
        self.device_timers().await;
        self.pairing_timers().await;
        self.look_for_commands().await;
        self.ask_again().await;
        loop {
            let flushed = self.outbox.flush(&self.shared.ports, &self.inbound, self.key, self.epoch).await;
            if flushed.is_err() {
                self.stale = true;
            }
            if self.stale || self.leaving.is_some() || !self.send_next().await {
                return;
            }
        }
    }

    fn ended(&self) -> Option<End> {
        if self.stale {
            return Some(End::LeaseLost);
        }
        let (_, deadline) = self.leaving?;
        let drained = self.lane.is_idle() && self.outbox.is_empty();
        (drained || Instant::now() >= deadline).then_some(End::Left)
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Wire { generation, event } if generation == self.device.generation => {
                self.on_wire(event).await;
            }
            // a device that was closed has nothing to say any more
            Input::Wire { .. } => {}
            Input::Wake => {
                self.commands_at = Some(Instant::now());
                self.lane.wake();
            }
            Input::Delivered(delivery) => self.delivered(*delivery),
            Input::Code { generation, command, answer } => {
                self.on_code(generation, command, answer).await;
            }
            Input::Missed => self.missed_at = self.missed_at.or_else(|| Some(Instant::now() + LOOK_AGAIN)),
            Input::LeaseLost => self.stale = true,
            Input::Leave(why) => self.leave(why).await,
        }
    }

    /// Begins to let go of the session.
    pub(super) async fn leave(&mut self, why: Leave) {
        if self.leaving.is_some() {
            return;
        }
        self.leaving = Some((why, Instant::now() + self.shared.config.drain_timeout));
        self.give_back();
        if why == Leave::Unwanted && self.still_exists().await {
            self.signal(Signal::Stop, None);
        }
        self.pairing_closed("session_stopped", "the session was stopped");
    }

    async fn still_exists(&self) -> bool {
        let found = self.shared.ports.sessions.get(self.key.workspace, self.key.id).await;
        // a session that cannot be looked up is told that it stopped; one that is gone ignores it
        !matches!(found, Ok(None))
    }

    /// Applies a signal; what changes is published.
    pub(super) fn signal(&mut self, signal: Signal, reason: Option<Reason>) {
        let Some(next) = self.state.after(signal) else { return };
        if next == self.state && reason == self.reason {
            return;
        }
        tracing::info!(
            session = %self.key.id,
            from = %self.state,
            to = %next,
            reason = reason.as_ref().map(|reason| reason.code.as_str()),
            "session state"
        );
        self.counted.move_to(next);
        self.state = next;
        self.reason.clone_from(&reason);
        self.publish(EventData::SessionStatus { state: next, reason });
    }

    /// Puts an event into the outbox.
    pub(super) fn publish(&mut self, data: EventData) {
        let event = Event::new(&self.shared.env, self.key, data);
        self.outbox.push(Entry::Event(Box::new(event)));
    }

    /// After inbound messages were not stored: as soon as Redis is back, WhatsApp is made to send them again.
    async fn ask_again(&mut self) {
        if self.missed_at.is_none_or(|at| Instant::now() < at) {
            return;
        }
        match self.shared.ports.calls.is_wanted(self.key).await {
            Ok(_) => {
                self.missed_at = None;
                if let Some(link) = self.device.link.clone() {
                    tracing::info!(session = %self.key.id, "reconnecting for messages that were not stored");
                    tokio::spawn(async move { link.reconnect().await });
                }
            }
            Err(error) => {
                tracing::debug!(session = %self.key.id, error = %chain(&error), "Redis still away");
                self.missed_at = Some(Instant::now() + LOOK_AGAIN);
            }
        }
    }

    fn next_timer(&self) -> Instant {
        let timers = [
            self.outbox.timer(),
            self.commands_at,
            self.missed_at,
            Some(self.watch.timer()),
            self.device.timer(),
            self.pairing.timer(&self.shared.env),
            self.lane.timer(self.can_send(), self.shared.env.now()),
            self.leaving.map(|(_, deadline)| deadline),
        ];
        timers.into_iter().flatten().min().unwrap_or_else(Self::look_again)
    }

    /// Whether messages can leave right now.
    pub(super) fn can_send(&self) -> bool {
        self.state.can_send() && self.device.link.as_ref().is_some_and(crate::wa::Link::is_online)
    }

    /// When to look for commands again after a failure.
    pub(super) fn look_again() -> Instant {
        Instant::now() + LOOK_AGAIN
    }

    async fn finish(mut self, end: End) {
        self.inbound.fetching.end().await;
        self.close_device().await;
        if end == End::LeaseLost {
            tracing::warn!(session = %self.key.id, epoch = self.epoch, "lease lost; let go");
            return;
        }
        let leases = &self.shared.ports.leases;
        if let Err(error) = leases.release(self.key, self.shared.me, self.epoch).await {
            tracing::warn!(session = %self.key.id, error = %chain(&error), "lease not released yet");
        }
    }
}
