//! The session's lane: one message at a time, in order. Claiming and settling are apart, so that
//! several messages to different chats can be under way later.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wagate_domain::{
    MessageId, Timestamp,
    events::{Event, EventData},
    messages::{Failure, Message, Status},
    ports::{Claim, Job, PortError, PortResult, Verdict},
    sessions::Signal,
};

use super::{
    Input,
    actor::Actor,
    deliver::{Attempt, Delivery},
    numbers::Numbers,
    outbox::{Entry, PATIENCE, chain, slow},
    verdict::{Fate, Outcome, fate},
};

/// A message claimed so often that it can only be the cause of the trouble is put aside.
const POISONOUS: u32 = 100;
/// How soon a claim is repeated that failed.
const CLAIM_AGAIN: Duration = Duration::from_secs(2);
/// How soon a waiting lane is looked through for overdue messages, at the latest.
const SWEEP: Duration = Duration::from_hours(1);

/// What is known of the lane.
pub(super) struct Lane {
    /// Something may be ready.
    ready: bool,
    /// When something may become ready.
    look_at: Option<Instant>,
    /// When the first waiting message may be overdue, while the session cannot send.
    sweep_at: Option<Instant>,
    /// A message is being sent.
    busy: Option<MessageId>,
    /// A claim's answer was lost: it may have taken a message that nobody knows of.
    uncertain: bool,
    /// How often the message at the head was tried, lost connections not counted.
    tries: Option<(MessageId, u32)>,
    numbers: Arc<Numbers>,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self {
            ready: true,
            look_at: None,
            sweep_at: Some(Instant::now()),
            busy: None,
            uncertain: false,
            tries: None,
            numbers: Arc::default(),
        }
    }

    /// Something may have been queued.
    pub(super) fn wake(&mut self) {
        self.ready = true;
        if self.sweep_at.is_none() {
            self.sweep_at = Some(Instant::now());
        }
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.busy.is_some()
    }

    pub(super) fn timer(&self, can_send: bool) -> Option<Instant> {
        match (self.busy, can_send) {
            (Some(_), _) => None,
            (None, true) => self.look_at,
            (None, false) => self.sweep_at,
        }
    }

    fn is_due(&self, can_send: bool) -> bool {
        let now = Instant::now();
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if can_send { self.ready || passed(self.look_at) } else { passed(self.sweep_at) }
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
        let can_send = self.can_send();
        if self.lane.is_busy() || !self.outbox.is_empty() || !self.lane.is_due(can_send) {
            return false;
        }
        self.lane.ready = false;
        self.lane.look_at = None;
        self.lane.sweep_at = None;
        let now = self.shared.env.now();
        match self.claim(now).await {
            Ok(Claim::Nothing { next }) => {
                self.lane.look_at = next.map(|at| Instant::now() + at.since(now));
                false
            }
            Ok(Claim::Job(job)) => {
                self.take_job(*job, now, can_send);
                true
            }
            Err(PortError::Stale) => {
                self.stale = true;
                false
            }
            Err(error) => {
                tracing::debug!(session = %self.key.id, error = %chain(&error), "lane not readable");
                self.lane.look_at = Some(Instant::now() + CLAIM_AGAIN);
                self.lane.sweep_at = self.lane.look_at;
                false
            }
        }
    }

    /// Claims the head. Nothing of ours is in flight here, so after a claim whose answer was lost
    /// whatever is in flight is what that claim took: it goes back to the head first.
    async fn claim(&mut self, now: Timestamp) -> PortResult<Claim> {
        let lanes = Arc::clone(&self.shared.ports.lanes);
        let (key, epoch, uncertain) = (self.key, self.epoch, self.lane.uncertain);
        let claim = async move {
            if uncertain {
                lanes.recover(key, epoch).await?;
            }
            lanes.claim(key, epoch, now).await
        };
        let claimed = tokio::time::timeout(PATIENCE, claim).await.unwrap_or_else(|_| Err(slow()));
        self.lane.uncertain = claimed.is_err();
        claimed
    }

    fn take_job(&mut self, job: Job, now: Timestamp, can_send: bool) {
        let Job { message, attempt } = job;
        self.lane.ready = true;
        if message.expires_at.is_some_and(|expires| expires <= now) {
            metrics::counter!("wagate_sends_total", "outcome" => "expired").increment(1);
            self.settle(message.id, Verdict::Done, Status::Expired, None);
        } else if attempt > POISONOUS {
            tracing::error!(session = %self.key.id, message = %message.id, attempt, "message put aside");
            let failure = Failure {
                code: "gave_up".to_owned(),
                message: "the message could not be sent after many attempts".to_owned(),
            };
            self.settle(message.id, Verdict::Bury, Status::Failed, Some(failure));
        } else if can_send {
            self.dispatch(message);
        } else {
            self.put_back(&message, now);
        }
    }

    /// The session cannot send: the message goes back, and is looked at again when it may be overdue.
    fn put_back(&mut self, message: &Message, now: Timestamp) {
        let wait = message.expires_at.map_or(SWEEP, |expires| expires.since(now)).min(SWEEP);
        self.lane.sweep_at = Some(Instant::now() + wait);
        let verdict = Verdict::RetryAt(now);
        self.outbox.push(Entry::Settle { message: message.id, verdict, events: Vec::new() });
    }

    fn dispatch(&mut self, message: Message) {
        let Some(link) = self.device.link.clone() else {
            return self.put_back(&message, self.shared.env.now());
        };
        if self.lane.tries.is_none_or(|(last, _)| last != message.id) {
            self.publish(EventData::MessageStatus {
                message: message.id,
                status: Status::Sending,
                failure: None,
            });
        }
        self.lane.busy = Some(message.id);
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
        let Delivery { message, outcome, learned } = delivery;
        self.lane.busy = None;
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
                self.settle(message, Verdict::Done, Status::Sent, None);
            }
            Fate::Failed(failure) => {
                tracing::info!(session = %self.key.id, %message, code = failure.code, "message failed");
                metrics::counter!("wagate_sends_total", "outcome" => "failed").increment(1);
                self.settle(message, Verdict::Done, Status::Failed, Some(failure));
            }
            Fate::Again(pause) => {
                tracing::info!(session = %self.key.id, %message, ?outcome, tries, "message will be sent again");
                let verdict = Verdict::RetryAt(self.shared.env.now().plus(pause));
                self.outbox.push(Entry::Settle { message, verdict, events: Vec::new() });
            }
        }
        if outcome == Outcome::Unacked {
            self.signal(Signal::Trouble, None);
        }
    }

    fn settle(&mut self, message: MessageId, verdict: Verdict, status: Status, failure: Option<Failure>) {
        self.lane.tries = None;
        let data = EventData::MessageStatus { message, status, failure };
        let events = vec![Event::new(&self.shared.env, self.key, data)];
        self.outbox.push(Entry::Settle { message, verdict, events });
    }
}
