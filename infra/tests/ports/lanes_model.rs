//! Lanes compared with a model that is too simple to be wrong, under random operations.

use std::collections::BTreeMap;

use proptest::{
    prelude::{Strategy, any, prop_oneof},
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use wagate_domain::{
    MessageId, Timestamp,
    messages::{Message, Priority, Status},
    ports::{Accepted, Claim, LaneDepth, Lanes, Leases, Verdict},
    sessions::SessionKey,
};

use crate::fixtures::{Fixture, message};

#[derive(Debug, Clone)]
enum Step {
    Accept { bulk: bool, due_in: Option<u16> },
    AcceptAgain { which: usize },
    Claim,
    Settle { which: usize, verdict: u8, retry_in: u16 },
    Cancel { which: usize },
    NewOwner,
    Pass { millis: u16 },
}

fn step() -> impl Strategy<Value = Step> {
    let which = any::<usize>;
    prop_oneof![
        4 => (any::<bool>(), proptest::option::of(0_u16..50))
            .prop_map(|(bulk, due_in)| Step::Accept { bulk, due_in }),
        1 => which().prop_map(|which| Step::AcceptAgain { which }),
        5 => proptest::strategy::Just(Step::Claim),
        4 => (which(), 0_u8..3, 0_u16..30)
            .prop_map(|(which, verdict, retry_in)| Step::Settle { which, verdict, retry_in }),
        2 => which().prop_map(|which| Step::Cancel { which }),
        1 => proptest::strategy::Just(Step::NewOwner),
        2 => (0_u16..20).prop_map(|millis| Step::Pass { millis }),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Where {
    Ready,
    Due(i64),
    InFlight,
    Dead,
    Gone,
}

struct Known {
    message: Message,
    place: u64,
    attempts: u32,
    is: Where,
}

/// All messages ever accepted, in the order of their ids; a place in the queue is a number.
#[derive(Default)]
struct Model {
    known: BTreeMap<MessageId, Known>,
    next_place: u64,
    hold: i64,
}

impl Model {
    fn accept(&mut self, message: Message, due: Option<i64>) {
        self.next_place += 1;
        let is = due.map_or(Where::Ready, Where::Due);
        let known = Known { place: self.next_place, attempts: 0, is, message };
        self.known.insert(known.message.id, known);
    }

    fn promote(&mut self, now: i64) {
        let mut due: Vec<_> =
            self.known.values_mut().filter(|k| matches!(k.is, Where::Due(at) if at <= now)).collect();
        due.sort_by_key(|k| (k.is_due_at(), k.message.id));
        for known in due {
            self.next_place += 1;
            known.place = self.next_place;
            known.is = Where::Ready;
        }
    }

    fn claim(&mut self, now: i64) -> Result<(MessageId, u32), Option<i64>> {
        self.promote(now);
        let next_due = self.known.values().filter_map(Known::is_due_at).min();
        let any_ready = self.known.values().any(|k| k.is == Where::Ready);
        if self.hold > now {
            return Err(if any_ready { Some(self.hold) } else { next_due.map(|due| due.max(self.hold)) });
        }
        let ready = self.known.values_mut().filter(|k| k.is == Where::Ready);
        match ready.min_by_key(|k| (k.message.priority == Priority::Bulk, k.place)) {
            Some(head) => {
                head.is = Where::InFlight;
                head.attempts += 1;
                Ok((head.message.id, head.attempts))
            }
            None => Err(next_due),
        }
    }

    fn depth(&self) -> LaneDepth {
        let count =
            |wanted: &dyn Fn(&Known) -> bool| self.known.values().filter(|k| wanted(k)).count() as u64;
        let ready = |priority| count(&|k: &Known| k.is == Where::Ready && k.message.priority == priority);
        LaneDepth {
            interactive: ready(Priority::Interactive),
            bulk: ready(Priority::Bulk),
            due: count(&|k| k.is_due_at().is_some()),
            in_flight: count(&|k| k.is == Where::InFlight),
            dead: count(&|k| k.is == Where::Dead),
        }
    }

    /// Any message; mostly one for which `likely` holds.
    fn pick(&self, which: usize, likely: impl Fn(&Known) -> bool) -> Option<MessageId> {
        let fits = |known: &&Known| which.is_multiple_of(8) || likely(known);
        let candidates: Vec<_> = self.known.values().filter(fits).collect();
        let index = (which / 8).checked_rem(candidates.len())?;
        candidates.get(index).map(|known| known.message.id)
    }
}

impl Known {
    fn is_due_at(&self) -> Option<i64> {
        match self.is {
            Where::Due(at) => Some(at),
            _ => None,
        }
    }
}

struct Run<'a> {
    f: &'a Fixture,
    lane: SessionKey,
    epoch: u64,
    now: i64,
    model: Model,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Accept { bulk, due_in } => {
                let priority = if bulk { Priority::Bulk } else { Priority::Interactive };
                let message = message(&self.f.env, self.lane, "x", priority);
                let due = due_in.map(|millis| self.now + i64::from(millis));
                assert_eq!(self.accept(&message, due).await, Accepted::Queued);
                self.model.accept(message, due);
            }
            Step::AcceptAgain { which } => {
                let Some(id) = self.model.pick(which, |_| true) else { return };
                let message = self.model.known[&id].message.clone();
                assert_eq!(self.accept(&message, None).await, Accepted::Already);
            }
            Step::Claim => self.claim().await,
            Step::Settle { which, verdict, retry_in } => self.settle(which, verdict, retry_in).await,
            Step::Cancel { which } => self.cancel(which).await,
            Step::NewOwner => {
                self.epoch += 1;
                self.f.leases.take(self.lane, self.f.env.new_id(), self.epoch).await.unwrap();
                let recovered = self.f.lanes.recover(self.lane, self.epoch).await.unwrap();
                assert_eq!(recovered, self.model.depth().in_flight);
                for known in self.model.known.values_mut().filter(|k| k.is == Where::InFlight) {
                    known.is = Where::Ready;
                }
            }
            Step::Pass { millis } => self.now += i64::from(millis),
        }
        assert_eq!(self.f.lanes.depth(self.lane).await.unwrap(), self.model.depth(), "after {step:?}");
    }

    async fn accept(&self, message: &Message, due: Option<i64>) -> Accepted {
        let mut accept = self.f.accepting(message, due);
        accept.lane = self.lane;
        self.f.lanes.accept(&accept).await.unwrap()
    }

    async fn claim(&mut self) {
        let claim =
            self.f.lanes.claim(self.lane, self.epoch, Timestamp::from_millis(self.now)).await.unwrap();
        let found = match claim {
            Claim::Job(job) => Ok((job.message.id, job.attempt)),
            Claim::Nothing { next } => Err(next.map(Timestamp::as_millis)),
        };
        assert_eq!(found, self.model.claim(self.now));
    }

    async fn settle(&mut self, which: usize, verdict: u8, retry_in: u16) {
        let Some(id) = self.model.pick(which, |k| k.is == Where::InFlight) else { return };
        let retry_at = self.now + i64::from(retry_in);
        let (verdict, becomes) = match verdict {
            0 => (Verdict::Done, Where::Gone),
            1 => (Verdict::RetryAt(Timestamp::from_millis(retry_at)), Where::Ready),
            _ => (Verdict::Bury, Where::Dead),
        };
        self.f.lanes.settle(self.lane, self.epoch, id, verdict, &[]).await.unwrap();
        let known = self.model.known.get_mut(&id).unwrap();
        if known.is == Where::InFlight {
            known.is = becomes;
            if becomes == Where::Ready {
                self.model.hold = self.model.hold.max(retry_at);
            }
        }
    }

    async fn cancel(&mut self, which: usize) {
        let waits = |k: &Known| matches!(k.is, Where::Ready | Where::Due(_));
        let Some(id) = self.model.pick(which, waits) else { return };
        let event = self.f.status_event(id, Status::Cancelled);
        let cancelled = self.f.lanes.cancel(self.lane, id, &event).await.unwrap();
        let known = self.model.known.get_mut(&id).unwrap();
        assert_eq!(cancelled, matches!(known.is, Where::Ready | Where::Due(_)));
        if cancelled {
            known.is = Where::Gone;
        }
    }
}

#[test]
fn lanes_do_what_the_model_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let f = runtime.block_on(Fixture::start());
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let steps = proptest::collection::vec(step(), 1..120);
    let outcome = runner.run(&steps, |steps| {
        let lane = SessionKey { workspace: f.env.new_id(), id: f.env.new_id() };
        let mut run = Run { f: &f, lane, epoch: 1, now: 1_000, model: Model::default() };
        runtime.block_on(async {
            f.leases.take(lane, f.connector, run.epoch).await.unwrap();
            for step in &steps {
                run.step(step).await;
            }
        });
        Ok(())
    });
    outcome.unwrap();
    // the generator itself must reach deep states, or the comparison proves little
    let mut sample = TestRunner::deterministic();
    let claims = (0..20).map(|_| steps.new_tree(&mut sample).unwrap().current());
    assert!(claims.flatten().filter(|step| matches!(step, Step::Claim)).count() > 100);
}
