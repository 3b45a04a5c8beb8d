//! The session's lane: one message at a time, in order. Claiming and settling are apart, so that
//! several messages to different chats can be under way later.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wagate_domain::{
    Address, MessageId, Timestamp,
    events::{Event, EventData},
    messages::{Failure, Message, Status},
    ports::{Claim, Job, PortError, PortResult, Verdict},
    sessions::{Session, Signal},
};

use super::{
    Input,
    actor::Actor,
    deliver::{Attempt, Delivery},
    newcomers::Newcomers,
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
    /// A message is being sent.
    busy: Option<Flight>,
    /// A claim's answer was lost: it may have taken a message that nobody knows of.
    uncertain: bool,
    /// How often the message at the head was tried, lost connections not counted.
    tries: Option<(MessageId, u32)>,
    numbers: Arc<Numbers>,
    pub(super) pacer: Pacer,
    /// What was sent today before us is known.
    counted: bool,
    pub(super) newcomers: Newcomers,
    last_ack: Option<Duration>,
}

/// A message on its way.
struct Flight {
    message: MessageId,
    chat: Address,
    new_chat: bool,
}

impl Lane {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            ready: true,
            look_at: None,
            busy: None,
            uncertain: false,
            tries: None,
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

    /// The session may send at another pace from now on.
    pub(super) fn change_pace(&mut self, session: &Session) {
        self.pacer.change(session.pacing.clone(), session.linked_at);
        self.newcomers.look_again();
        self.ready = true;
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    pub(super) fn timer(&self, can_send: bool) -> Option<Instant> {
        let look_at = self.look_at.filter(|_| can_send && self.busy.is_none());
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

    /// Counts an attempt at the head.
    fn count(&mut self, message: MessageId) -> u32 {
        let tries = match self.tries {
            Some((last, tries)) if last == message => tries + 1,
            _ => 1,
        };
        self.tries = Some((message, tries));
        tries
    }
}

impl Actor {
    /// Takes the next message, if it is time; whether anything was done.
    pub(super) async fn send_next(&mut self) -> bool {
        self.ease();
        if self.lane.is_busy() || !self.outbox.is_empty() || !self.can_send() || !self.lane.is_due() {
            return false;
        }
        self.lane.ready = false;
        self.lane.look_at = None;
        match self.take_next().await {
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

    async fn take_next(&mut self) -> PortResult<bool> {
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
        match self.claim(now, bulk.is_ok()).await? {
            Claim::Nothing { next } => {
                if let Some(next) = next {
                    self.lane.look_at(now, next);
                }
                Ok(false)
            }
            Claim::Job(job) => {
                self.take_job(*job, now).await;
                Ok(true)
            }
        }
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

    /// Claims the head. Nothing of ours is in flight here, so after a claim whose answer was lost
    /// whatever is in flight is what that claim took: it goes back to the head first.
    async fn claim(&mut self, now: Timestamp, bulk: bool) -> PortResult<Claim> {
        let lanes = Arc::clone(&self.shared.ports.lanes);
        let (key, epoch, uncertain) = (self.key, self.epoch, self.lane.uncertain);
        let claim = async move {
            if uncertain {
                lanes.recover(key, epoch).await?;
            }
            lanes.claim(key, epoch, now, bulk).await
        };
        let claimed = tokio::time::timeout(PATIENCE, claim).await.unwrap_or_else(|_| Err(slow()));
        self.lane.uncertain = claimed.is_err();
        claimed
    }

    async fn take_job(&mut self, job: Job, now: Timestamp) {
        let Job { message, attempt } = job;
        self.lane.ready = true;
        if message.expires_at.is_some_and(|expires| expires <= now) {
            metrics::counter!("wagate_sends_total", "outcome" => "expired").increment(1);
            return self.settle(message.id, Verdict::Done, Status::Expired, None);
        }
        if attempt > POISONOUS {
            tracing::error!(session = %self.key.id, message = %message.id, attempt, "message put aside");
            let failure = Failure {
                code: "gave_up".to_owned(),
                message: "the message could not be sent after many attempts".to_owned(),
            };
            return self.settle(message.id, Verdict::Bury, Status::Failed, Some(failure));
        }
        match self.is_new_chat(&message).await {
            Ok(true) => match self.may_begin(now) {
                Ok(()) => self.dispatch(message, true),
                Err(until) => self.set_aside(message.id, until),
            },
            Ok(false) => self.dispatch(message, false),
            Err(error) => {
                tracing::debug!(session = %self.key.id, error = %chain(&error), "record not readable");
                self.put_back(message.id, now.plus(CLAIM_AGAIN));
            }
        }
    }

    fn put_back(&mut self, message: MessageId, at: Timestamp) {
        self.outbox.push(Entry::Settle { message, verdict: Verdict::RetryAt(at), events: Vec::new() });
    }

    fn set_aside(&mut self, message: MessageId, until: Timestamp) {
        self.lane.tries = None;
        self.outbox.push(Entry::Settle { message, verdict: Verdict::Park { until }, events: Vec::new() });
    }

    fn dispatch(&mut self, message: Message, new_chat: bool) {
        let now = self.shared.env.now();
        let Some(link) = self.device.link.clone() else { return self.put_back(message.id, now) };
        self.lane.pacer.leaves(now);
        if self.lane.tries.is_none_or(|(last, _)| last != message.id) {
            self.publish(EventData::MessageStatus {
                message: message.id,
                status: Status::Sending,
                failure: None,
            });
        }
        self.lane.busy = Some(Flight { message: message.id, chat: message.chat.clone(), new_chat });
        let attempt = Attempt {
            shared: Arc::clone(&self.shared),
            own: link.own(),
            link,
            numbers: Arc::clone(&self.lane.numbers),
            message,
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
        let flight = self.lane.busy.take().filter(|flight| flight.message == message);
        self.lane.ready = true;
        let tries = if outcome == Outcome::Lost {
            self.lane.tries.get_or_insert((message, 0)).1
        } else {
            self.lane.count(message)
        };
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
                self.set_aside(message, until);
            }
        }
        if outcome == Outcome::Unacked {
            self.signal(Signal::Trouble, None);
        }
    }

    fn settle(&mut self, message: MessageId, verdict: Verdict, status: Status, failure: Option<Failure>) {
        self.lane.tries = None;
        let events = vec![Event::status(&self.shared.env, self.key, message, status, failure)];
        self.outbox.push(Entry::Settle { message, verdict, events });
    }
}
