//! One webhook being told.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use wagate_domain::{
    DeliveryId, Env, Timestamp,
    events::{EventFilter, EventKind, Told},
    ports::{PortError, PortResult, Term, ToldEntry, ToldQuery, ToldSubject},
    webhooks::{Circuit, Delivery, DeliveryState, Line, Outcome, Webhook, first_delivery_id},
};
use wagate_views::events::letter;

use super::{
    WebhookSettings,
    attempt::{Tried, attempt, forgotten},
    off::{failing, gone, switch_off},
};
use crate::WorkerPorts;

/// Events read at once.
const READ: u32 = 256;
/// Deliveries whose end is written down together, at the latest.
const WRITE: usize = 256;
/// So long an end may stay unwritten: a commit costs the same for one and for many.
const LINGER: Duration = Duration::from_millis(100);
/// A cursor that has passed so many places is written down although nothing was delivered.
const STRIDE: u64 = 5_000;
/// Without a call a runner looks for itself after so long.
const ANYWAY: Duration = Duration::from_secs(30);
/// Wait after the record was away.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether a webhook wants events of this kind.
pub(super) fn wants(webhook: &Webhook, subject: &ToldSubject) -> bool {
    webhook.workspace == subject.workspace
        && webhook.session.is_none_or(|session| subject.session == Some(session))
        && EventFilter::any(&webhook.events, subject.kind)
}

pub(super) struct Runner {
    env: Env,
    ports: WorkerPorts,
    settings: WebhookSettings,
    doors: Arc<Semaphore>,
    webhook: Webhook,
    kinds: Vec<EventKind>,
    line: Line,
    circuit: Circuit,
    /// What those in the line that were not tried yet tell.
    events: HashMap<DeliveryId, Told>,
    /// Nobody was told before us of what is beyond this place.
    untold_from: Option<u64>,
    under_way: FuturesUnordered<JoinHandle<Tried>>,
    /// What we have begun, as it is on record; none yet.
    term: Option<Term>,
    failing_since: Option<Timestamp>,
    /// More may be in the record than was read.
    behind: bool,
    /// More may wait in the record than was loaded.
    more_waiting: bool,
    write_by: Option<Instant>,
    trouble: Option<Instant>,
}

impl Runner {
    pub(super) fn new(
        env: Env,
        ports: WorkerPorts,
        settings: WebhookSettings,
        doors: Arc<Semaphore>,
        webhook: Webhook,
    ) -> Self {
        let kinds = EventFilter::kinds(&webhook.events);
        Self {
            env,
            ports,
            settings,
            doors,
            kinds,
            line: Line::new(0),
            circuit: Circuit::default(),
            events: HashMap::new(),
            untold_from: None,
            under_way: FuturesUnordered::new(),
            term: None,
            failing_since: None,
            behind: true,
            more_waiting: true,
            write_by: None,
            trouble: None,
            webhook,
        }
    }

    /// Tells until told to stop, or until the webhook is switched off.
    pub(super) async fn run(mut self, poke: Arc<Notify>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let stepped = self.step().await;
            if matches!(stepped, Err(PortError::Stale)) {
                break;
            }
            if let Err(error) = stepped {
                if self.trouble.is_none() {
                    tracing::warn!(webhook = %self.webhook.id, error = &error as &dyn std::error::Error, "a webhook waits");
                }
                self.trouble = Some(Instant::now() + PAUSE);
            }
            let wake = self.wake_at();
            tokio::select! {
                () = stop.cancelled() => {}
                () = poke.notified() => self.behind = true,
                () = tokio::time::sleep_until(wake) => {}
                Some(tried) = self.under_way.next() => {
                    let mut next = Some(tried);
                    while let Some(tried) = next {
                        // after a panic its delivery would be under way for ever: whoever follows reads it anew
                        let ends = match tried {
                            Ok(tried) => self.judge(tried).await,
                            Err(_) => true,
                        };
                        if ends {
                            stop.cancel();
                        }
                        next = self.under_way.next().now_or_never().flatten();
                    }
                }
            }
        }
        // what is under way ends within its patience
        while let Some(tried) = self.under_way.next().await {
            if let Ok(tried) = tried {
                self.judge(tried).await;
            }
        }
        if let Err(error) = self.write().await {
            tracing::warn!(webhook = %self.webhook.id, error = &error as &dyn std::error::Error, "deliveries will be repeated");
        }
    }

    /// Everything that can be done now.
    async fn step(&mut self) -> PortResult<()> {
        if self.trouble.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        self.begin().await?;
        self.load_waiting().await?;
        self.read_events().await?;
        self.start().await?;
        let due = self.write_by.is_some_and(|by| Instant::now() >= by) || self.line.changes() >= WRITE;
        if due || self.line.cursor() >= self.written_to() + STRIDE {
            self.write().await?;
        } else if self.line.is_changed() && self.write_by.is_none() {
            self.write_by = Some(Instant::now() + LINGER);
        }
        self.trouble = None;
        Ok(())
    }

    /// Takes over from whoever told the webhook before, once.
    async fn begin(&mut self) -> PortResult<()> {
        if self.term.is_none() {
            let term = self.ports.deliveries.begin(self.webhook.id).await?.ok_or(PortError::Stale)?;
            self.line = Line::new(term.cursor);
            self.failing_since = term.failing_since;
            self.term = Some(term);
        }
        Ok(())
    }

    fn written_to(&self) -> u64 {
        self.term.map_or(0, |term| term.cursor)
    }

    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        if let Some(until) = self.trouble {
            return until;
        }
        let clock = self.env.now();
        let mut wake = now + ANYWAY;
        let room = self.circuit.room(clock, self.settings.at_once);
        let next = if self.line.is_ready(clock) { Some(clock) } else { self.line.next_start() };
        if let Some(at) = next.map(|at| at.max(self.circuit.open_until().unwrap_or(at)))
            && (room == 0 || self.line.under_way() < room)
        {
            wake = wake.min(now + at.since(clock));
        }
        self.write_by.map_or(wake, |by| wake.min(by))
    }

    async fn load_waiting(&mut self) -> PortResult<()> {
        if !self.more_waiting || !self.line.is_low() {
            return Ok(());
        }
        // what has ended and is not written down yet still waits in the record
        self.write().await?;
        let line = &self.line;
        let found = self.ports.deliveries.waiting(self.webhook.id, &|id| line.holds(id), READ).await?;
        self.more_waiting = found.len() >= READ as usize;
        let now = self.env.now();
        for mut delivery in found {
            // its owner has done something since it failed: the next try need not wait
            let changed = delivery.attempts.last().is_some_and(|last| last.at < self.webhook.updated_at);
            if changed {
                delivery.next_at = delivery.next_at.map(|at| at.min(now));
            }
            self.line.take_waiting(delivery);
        }
        Ok(())
    }

    async fn read_events(&mut self) -> PortResult<()> {
        // those that wait come first: a new event of their chat must find them
        while self.behind && !self.more_waiting && self.line.has_room() {
            let newest = self.ports.told.newest().await?;
            let query = ToldQuery {
                session: self.webhook.session,
                kinds: self.kinds.clone(),
                after: self.line.read_to(),
                until: Some(newest),
                limit: READ,
                ..ToldQuery::default()
            };
            let entries = self.ports.told.list(self.webhook.workspace, &query).await?;
            let untold_from = *self.untold_from.get_or_insert(newest);
            let id_of = |entry: &ToldEntry| first_delivery_id(self.webhook.id, entry.told.id);
            let old: Vec<DeliveryId> =
                entries.iter().filter(|entry| entry.seq <= untold_from).map(id_of).collect();
            let known =
                if old.is_empty() { HashSet::new() } else { self.ports.deliveries.known(&old).await? };
            self.behind = entries.len() >= READ as usize;
            for entry in entries {
                let id = first_delivery_id(self.webhook.id, entry.told.id);
                if known.contains(&id) {
                    self.line.passed(entry.seq);
                } else {
                    self.line.take_event(Delivery::new(id, &self.webhook, &entry, self.env.now()));
                    self.events.insert(id, entry.told);
                }
            }
            if !self.behind {
                self.line.passed(newest);
            }
        }
        Ok(())
    }

    /// Starts what may start.
    async fn start(&mut self) -> PortResult<()> {
        let now = self.env.now();
        while self.line.under_way() < self.circuit.room(now, self.settings.at_once) {
            let Some(delivery) = self.line.start(now) else { break };
            // one that has to be told again is read again when its time has come
            let told = match self.events.remove(&delivery.id) {
                Some(told) => Some(told),
                None => match self.ports.told.at(self.webhook.workspace, &[delivery.seq]).await {
                    Ok(found) => found.into_iter().next().map(|entry| entry.told),
                    Err(error) => {
                        self.line.settle(Delivery { next_at: Some(now), ..delivery });
                        return Err(error);
                    }
                },
            };
            match told {
                Some(told) => {
                    let task = attempt(
                        self.env.clone(),
                        Arc::clone(&self.ports.post),
                        Arc::clone(&self.doors),
                        letter(&self.webhook, told, now, self.settings.patience),
                        delivery,
                    );
                    self.under_way.push(tokio::spawn(task));
                }
                None => self.line.settle(forgotten(delivery, now)),
            }
        }
        Ok(())
    }

    /// Notes how a try went; says whether the webhook is off now.
    async fn judge(&mut self, tried: Tried) -> bool {
        let Tried { mut delivery, attempt, outcome } = tried;
        let now = self.env.now();
        delivery.note(attempt);
        let mut off = None;
        match outcome {
            Outcome::Delivered => {
                delivery.state = DeliveryState::Delivered;
                delivery.ended_at = Some(now);
                delivery.next_at = None;
                self.failing_since = None;
                if self.circuit.open_until().is_some() {
                    self.line.hurry();
                }
                self.circuit.succeeded();
            }
            Outcome::Failed { not_before } => {
                let policy = &self.settings.policy;
                let random = self.env.chance();
                self.circuit.failed(policy, now, random);
                let since = *self.failing_since.get_or_insert(now);
                if now.since(since) >= policy.disable_after {
                    off = Some(failing(since, now));
                }
                delivery.next_at =
                    policy.next_try(delivery.created_at, now, delivery.tries, not_before, random);
                if delivery.next_at.is_none() {
                    delivery.state = DeliveryState::Failed;
                    delivery.ended_at = Some(now);
                }
            }
            Outcome::Gone => {
                delivery.state = DeliveryState::Failed;
                delivery.next_at = None;
                delivery.ended_at = Some(now);
                off = Some(gone(now));
            }
        }
        metrics::counter!("wagate_webhook_attempts_total", "outcome" => outcome.name()).increment(1);
        if delivery.state != DeliveryState::Delivered || delivery.tries > 1 {
            tracing::debug!(webhook = %self.webhook.id, event = %delivery.event, tries = delivery.tries, state = delivery.state.name(), "webhook.tried");
        }
        self.line.settle(delivery);
        match off {
            Some(why) => switch_off(&self.env, &self.ports, &self.webhook, why).await,
            None => false,
        }
    }

    /// Writes down what has changed.
    async fn write(&mut self) -> PortResult<()> {
        self.write_by = None;
        let Some(term) = self.term else { return Ok(()) };
        let (cursor, deliveries) = self.line.writes();
        if deliveries.is_empty() && cursor == term.cursor {
            return Ok(());
        }
        let term = Term { cursor, failing_since: self.failing_since, ..term };
        match self.ports.deliveries.settle(self.webhook.id, &term, &deliveries).await {
            Ok(()) => {
                self.term = Some(term);
                Ok(())
            }
            Err(error) => {
                self.line.not_written(deliveries);
                Err(error)
            }
        }
    }
}
