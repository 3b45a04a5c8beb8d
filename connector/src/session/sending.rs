//! The session's lane: messages leave in order, several at a time where nothing paces them, of a chat one at a time.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wagate_domain::{
    Address, ContactIds, MessageId, Timestamp,
    events::{Event, EventData},
    messages::{Failure, Status},
    ports::{Claim, Job, PortError, PortResult, Settlement, Verdict, Wanted},
    sessions::{Session, Signal},
};

use super::{
    Input,
    actor::Actor,
    deliver::{Attempt, Delivery},
    flights::{Flights, WIDTH, Waiting},
    newcomers::{Before, Newcomers},
    numbers::Numbers,
    outbox::{Entry, PATIENCE, chain, slow},
    pacer::{Gate, Pacer},
    verdict::{Fate, Outcome, fate},
};

/// A message claimed so often that it can only be the cause of the trouble is put aside.
const POISONOUS: u32 = 100;
/// How soon a claim is repeated that failed.
const CLAIM_AGAIN: Duration = Duration::from_secs(2);

/// What is known of the lane.
pub(super) struct Lane {
    /// Something may be ready.
    ready: bool,
    /// When something may become ready.
    look_at: Option<Instant>,
    flights: Flights,
    /// A claim's answer was lost: it may have taken messages that nobody knows of.
    uncertain: bool,
    numbers: Arc<Numbers>,
    pub(super) pacer: Pacer,
    /// What was sent today before us is known.
    counted: bool,
    pub(super) newcomers: Newcomers,
    last_ack: Option<Duration>,
}

impl Lane {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            ready: true,
            look_at: None,
            flights: Flights::default(),
            uncertain: false,
            numbers: Arc::default(),
            pacer: Pacer::new(session.pacing.clone(), session.linked_at),
            counted: false,
            newcomers: Newcomers::default(),
            last_ack: None,
        }
    }

    /// How long the last message waited for the server's ack.
    pub(super) const fn last_ack(&self) -> Option<Duration> {
        self.last_ack
    }

    /// Something may have been queued.
    pub(super) const fn wake(&mut self) {
        self.ready = true;
    }

    /// Nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.landed_all()
    }

    /// How many messages may be claimed.
    fn room(&self, now: Timestamp) -> usize {
        if self.uncertain && !self.flights.is_empty() {
            return 0;
        }
        let free = self.pacer.is_free(now) && self.newcomers.restricted_until().is_none();
        self.flights.room(if free { WIDTH } else { 1 })
    }

    pub(super) fn timer(&self, can_send: bool, now: Timestamp) -> Option<Instant> {
        let look_at = self.look_at.filter(|_| can_send && self.room(now) > 0);
        [look_at, self.newcomers.timer()].into_iter().flatten().min()
    }

    fn is_due(&self) -> bool {
        self.ready || self.look_at.is_some_and(|at| at <= Instant::now())
    }

    /// Looks again then.
    fn look_at(&mut self, now: Timestamp, at: Timestamp) {
        let at = Instant::now() + at.since(now);
        self.look_at = Some(self.look_at.map_or(at, |earlier| earlier.min(at)));
    }
}

impl Actor {
    /// Lets messages leave, if it is time; whether anything was done.
    pub(super) async fn send_next(&mut self) -> bool {
        self.ease();
        if !self.can_send() {
            return self.give_back();
        }
        if self.launch().await {
            return true;
        }
        let room = self.lane.room(self.shared.env.now());
        if room == 0 || !self.outbox.is_at_ease() || !self.lane.is_due() {
            return false;
        }
        self.lane.ready = false;
        self.lane.look_at = None;
        match self.take_some(room).await {
            Ok(taken) => taken,
            Err(PortError::Stale) => {
                self.stale = true;
                false
            }
            Err(error) => {
                tracing::debug!(session = %self.key.id, error = %chain(&error), "lane not readable");
                self.lane.look_at = Some(Instant::now() + CLAIM_AGAIN);
                false
            }
        }
    }

    /// Claims as many; whether there were any.
    async fn take_some(&mut self, room: usize) -> PortResult<bool> {
        self.count_today().await?;
        let now = self.shared.env.now();
        let bulk = match self.lane.pacer.gate(now) {
            Gate::Shut(until) => {
                self.lane.look_at(now, until);
                return Ok(false);
            }
            Gate::Open { bulk } => bulk,
        };
        if let Err(until) = bulk {
            self.lane.look_at(now, until);
        }
        let most = u32::try_from(room).unwrap_or(u32::MAX);
        match self.claim(Wanted { now, bulk: bulk.is_ok(), most }).await? {
            Claim::Nothing { next } => {
                if let Some(next) = next {
                    self.lane.look_at(now, next);
                }
                Ok(false)
            }
            Claim::Jobs(jobs) => {
                self.lane.ready = true;
                for job in jobs {
                    let person = self.person(&job.message.chat).await;
                    self.lane.flights.claimed(job, person);
                }
                Ok(true)
            }
        }
    }

    /// Whom a chat is with, whichever way it is addressed.
    async fn person(&self, chat: &Address) -> Address {
        let Some(link) = self.device.link.as_ref().filter(|_| chat.is_person()) else { return chat.clone() };
        link.known(ContactIds::of(chat)).await.lid.map_or_else(|| chat.clone(), Address::lid)
    }

    /// Lets every message leave that may; whether there was one.
    async fn launch(&mut self) -> bool {
        let mut any = false;
        while let Some(waiting) = self.lane.flights.next() {
            any = true;
            self.take_off(waiting).await;
        }
        any
    }

    /// Claimed messages that have not left go back to their places; whether there were any.
    pub(super) fn give_back(&mut self) -> bool {
        let mut any = false;
        for message in self.lane.flights.give_back() {
            any = true;
            self.outbox.push(Entry::Settle(Settlement::silent(message, Verdict::Return)));
        }
        self.lane.ready |= any;
        any
    }

    /// Learns what former owners have sent today.
    async fn count_today(&mut self) -> PortResult<()> {
        if !self.lane.counted {
            let tally = self.shared.ports.lanes.tally(self.key).await?;
            self.lane.pacer.remember(tally);
            self.lane.counted = true;
        }
        Ok(())
    }

    /// Claims from the head. After a claim whose answer was lost nothing of ours is in flight here, so whatever is in
    /// flight is what that claim took: it goes back to its place first.
    async fn claim(&mut self, wanted: Wanted) -> PortResult<Claim> {
        let lanes = Arc::clone(&self.shared.ports.lanes);
        let (key, epoch, uncertain) = (self.key, self.epoch, self.lane.uncertain);
        let claim = async move {
            if uncertain {
                lanes.recover(key, epoch).await?;
            }
            lanes.claim(key, epoch, wanted).await
        };
        let claimed = tokio::time::timeout(PATIENCE, claim).await.unwrap_or_else(|_| Err(slow()));
        self.lane.uncertain = claimed.is_err();
        claimed
    }

    async fn take_off(&mut self, waiting: Waiting) {
        let now = self.shared.env.now();
        let Job { message, attempt } = &waiting.job;
        if message.expires_at.is_some_and(|expires| expires <= now) {
            metrics::counter!("wagate_sends_total", "outcome" => "expired").increment(1);
            return self.settle(message.id, Verdict::Done, Status::Expired, None);
        }
        if *attempt > POISONOUS {
            tracing::error!(session = %self.key.id, message = %message.id, attempt, "message put aside");
            let failure = Failure {
                code: "gave_up".to_owned(),
                message: "the message could not be sent after many attempts".to_owned(),
            };
            return self.settle(message.id, Verdict::Bury, Status::Failed, Some(failure));
        }
        match self.is_new_chat(message).await {
            Ok(true) => match self.may_begin(now) {
                Ok(()) => self.dispatch(waiting, true),
                Err(until) => self.park(&waiting, until),
            },
            Ok(false) => match self.lane.newcomers.before(waiting.ways()) {
                Before::Nothing => self.dispatch(waiting, false),
                Before::Returning => {
                    self.put_back(message.id, now);
                    self.bring_back();
                }
                Before::Parked(until) => self.park(&waiting, until),
            },
            Err(error) => {
                tracing::debug!(session = %self.key.id, error = %chain(&error), "record not readable");
                self.put_back(message.id, now.plus(CLAIM_AGAIN));
            }
        }
    }

    /// The message will be tried again; until then nothing else leaves, or it could overtake it.
    fn put_back(&mut self, message: MessageId, at: Timestamp) {
        self.outbox.push(Entry::Settle(Settlement::silent(message, Verdict::RetryAt(at))));
        self.give_back();
    }

    /// The session may send at another pace from now on.
    pub(super) fn change_pace(&mut self, session: &Session) {
        self.give_back();
        self.lane.pacer.change(session.pacing.clone(), session.linked_at);
        self.lane.newcomers.look_again();
        self.lane.wake();
    }

    fn park(&mut self, waiting: &Waiting, until: Timestamp) {
        self.lane.newcomers.park(waiting.ways());
        self.set_aside(waiting.job.message.id, until);
    }

    fn set_aside(&mut self, message: MessageId, until: Timestamp) {
        self.lane.flights.forget(message);
        self.outbox.push(Entry::Settle(Settlement::silent(message, Verdict::Park { until })));
    }

    fn dispatch(&mut self, waiting: Waiting, new_chat: bool) {
        let now = self.shared.env.now();
        let id = waiting.job.message.id;
        let Some(link) = self.device.link.clone() else { return self.put_back(id, now) };
        self.lane.pacer.leaves(now);
        if !self.lane.flights.was_tried(id) {
            self.outbox.push_along(Event::status(&self.shared.env, self.key, id, Status::Sending, None));
        }
        self.lane.flights.takes_off(waiting.flight(new_chat));
        let attempt = Attempt {
            shared: Arc::clone(&self.shared),
            own: link.own(),
            link,
            numbers: Arc::clone(&self.lane.numbers),
            message: waiting.job.message,
        };
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let delivery = attempt.run().await;
            // an actor that has ended leaves the message to the next owner
            let _ = inbox.send(Input::Delivered(Box::new(delivery)));
        });
    }

    pub(super) fn delivered(&mut self, delivery: Delivery) {
        let Delivery { message, outcome, learned, restricted_until, acked_in } = delivery;
        self.lane.last_ack = acked_in.or(self.lane.last_ack);
        let flight = self.lane.flights.lands(message);
        self.lane.ready = true;
        let tries = self.lane.flights.tried(message, outcome != Outcome::Lost);
        if let Some(contact) = learned {
            self.publish(EventData::ContactUpdated { contact, push_name: None });
        }
        match fate(&outcome, tries) {
            Fate::Sent => {
                metrics::counter!("wagate_sends_total", "outcome" => "sent").increment(1);
                let now = self.shared.env.now();
                let new_chat = flight.as_ref().is_some_and(|flight| flight.new_chat);
                self.lane.pacer.sent(now, new_chat);
                if let Some(flight) = flight {
                    self.lane.newcomers.begun(&flight.chat);
                }
                let day = self.lane.pacer.day(now);
                self.settle(message, Verdict::Sent { day, new_chat }, Status::Sent, None);
            }
            Fate::Failed(failure) => {
                tracing::info!(session = %self.key.id, %message, code = failure.code, "message failed");
                metrics::counter!("wagate_sends_total", "outcome" => "failed").increment(1);
                self.settle(message, Verdict::Done, Status::Failed, Some(failure));
            }
            Fate::Again(pause) => {
                tracing::info!(session = %self.key.id, %message, ?outcome, tries, "message will be sent again");
                self.put_back(message, self.shared.env.now().plus(pause));
            }
            Fate::Park(restriction) => {
                let until = self.restrict(restriction, restricted_until);
                if let Some(flight) = flight {
                    self.lane.newcomers.park(flight.ways());
                }
                self.set_aside(message, until);
            }
        }
        if outcome == Outcome::Unacked {
            self.signal(Signal::Trouble, None);
        }
    }

    fn settle(&mut self, message: MessageId, verdict: Verdict, status: Status, failure: Option<Failure>) {
        self.lane.flights.forget(message);
        let events = vec![Event::status(&self.shared.env, self.key, message, status, failure)];
        self.outbox.push(Entry::Settle(Settlement { message, verdict, events }));
    }
}
