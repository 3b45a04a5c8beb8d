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
    ports::{Accept, Accepted, Claim, Edited, LaneDepth, Lanes, Leases, Settlement, Unless, Verdict, Wanted},
    sessions::SessionKey,
};

use crate::fixtures::{Fixture, message};

/// Messages that are compared after every step.
const FRONT: u32 = 4;

#[derive(Debug, Clone)]
enum Step {
    Accept { bulk: bool, due_in: Option<u16> },
    AcceptAgain { which: usize },
    Claim { most: u32 },
    Settle { which: usize, verdict: u8, retry_in: u16 },
    SettleAll { verdicts: [u8; 4], retry_in: u16 },
    Cancel { which: usize },
    Edit { which: usize, bulk: bool, due_in: Option<u16> },
    Unpark,
    Pause { paused: bool },
    AcceptAnew { which: usize },
    NewOwner,
    Pass { millis: u16 },
}

fn step() -> impl Strategy<Value = Step> {
    let which = any::<usize>;
    prop_oneof![
        4 => (any::<bool>(), proptest::option::of(0_u16..50))
            .prop_map(|(bulk, due_in)| Step::Accept { bulk, due_in }),
        1 => which().prop_map(|which| Step::AcceptAgain { which }),
        5 => (1_u32..5).prop_map(|most| Step::Claim { most }),
        4 => (which(), 0_u8..5, 0_u16..30)
            .prop_map(|(which, verdict, retry_in)| Step::Settle { which, verdict, retry_in }),
        1 => (proptest::array::uniform4(0_u8..5), 0_u16..30)
            .prop_map(|(verdicts, retry_in)| Step::SettleAll { verdicts, retry_in }),
        2 => which().prop_map(|which| Step::Cancel { which }),
        2 => (which(), any::<bool>(), proptest::option::of(0_u16..50))
            .prop_map(|(which, bulk, due_in)| Step::Edit { which, bulk, due_in }),
        1 => proptest::strategy::Just(Step::Unpark),
        1 => proptest::bool::weighted(0.3).prop_map(|paused| Step::Pause { paused }),
        1 => which().prop_map(|which| Step::AcceptAnew { which }),
        1 => proptest::strategy::Just(Step::NewOwner),
        2 => (0_u16..20).prop_map(|millis| Step::Pass { millis }),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Where {
    Ready,
    Due(i64),
    InFlight,
    Parked,
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
    paused: bool,
}

impl Model {
    /// Queues a message and returns how many leave before it.
    fn accept(&mut self, message: Message, due: Option<i64>) -> u64 {
        self.next_place += 1;
        let is = due.map_or(Where::Ready, Where::Due);
        let before = |k: &&Known| match k.is {
            Where::InFlight => true,
            Where::Ready => message.priority == Priority::Bulk || k.message.priority == Priority::Interactive,
            _ => false,
        };
        let ahead = if due.is_some() { 0 } else { self.known.values().filter(before).count() as u64 };
        let known = Known { place: self.next_place, attempts: 0, is, message };
        self.known.insert(known.message.id, known);
        ahead
    }

    fn edit(&mut self, message: Message, due: Option<i64>) {
        self.next_place += 1;
        let place = self.next_place;
        let Some(known) = self.known.get_mut(&message.id) else { return };
        known.message = message;
        match (known.is, due) {
            (_, Some(due)) => known.is = Where::Due(due),
            (Where::Due(_), None) => {
                known.is = Where::Ready;
                known.place = place;
            }
            _ => {}
        }
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

    fn claim(&mut self, now: i64, most: u32) -> Result<Vec<(MessageId, u32)>, Option<i64>> {
        self.promote(now);
        let next_due = self.known.values().filter_map(Known::is_due_at).min();
        let any_ready = self.known.values().any(|k| k.is == Where::Ready);
        if self.paused {
            return Err(None);
        }
        if self.hold > now {
            return Err(if any_ready { Some(self.hold) } else { next_due.map(|due| due.max(self.hold)) });
        }
        self.hold = 0;
        let mut ready: Vec<_> = self.known.values_mut().filter(|k| k.is == Where::Ready).collect();
        ready.sort_by_key(|k| (k.message.priority == Priority::Bulk, k.place));
        let taken = ready.into_iter().take(most as usize).map(|head| {
            head.is = Where::InFlight;
            head.attempts += 1;
            (head.message.id, head.attempts)
        });
        let taken: Vec<_> = taken.collect();
        if taken.is_empty() { Err(next_due) } else { Ok(taken) }
    }

    fn depth(&self) -> LaneDepth {
        let count =
            |wanted: &dyn Fn(&Known) -> bool| self.known.values().filter(|k| wanted(k)).count() as u64;
        let ready = |priority| count(&|k: &Known| k.is == Where::Ready && k.message.priority == priority);
        LaneDepth {
            interactive: ready(Priority::Interactive),
            bulk: ready(Priority::Bulk),
            due: count(&|k| k.is_due_at().is_some()),
            parked: count(&|k| k.is == Where::Parked),
            in_flight: count(&|k| k.is == Where::InFlight),
            dead: count(&|k| k.is == Where::Dead),
            paused: self.paused,
            held_until: (self.hold > 0).then(|| Timestamp::from_millis(self.hold)),
        }
    }

    /// The messages that leave first, with how often each was claimed.
    fn front(&self, limit: usize) -> Vec<(MessageId, u32)> {
        let leaving = |k: &&Known| matches!(k.is, Where::InFlight | Where::Ready);
        let mut front: Vec<&Known> = self.known.values().filter(leaving).collect();
        front.sort_by_key(|k| {
            (k.is == Where::Ready, k.is == Where::Ready && k.message.priority == Priority::Bulk, k.place)
        });
        front.into_iter().take(limit).map(|k| (k.message.id, k.attempts)).collect()
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
                let accepted = self.accept(&message, due, Unless::Known).await;
                assert_eq!(accepted, Accepted::Queued { ahead: self.model.accept(message, due) });
            }
            Step::AcceptAgain { which } => {
                let Some(id) = self.model.pick(which, |_| true) else { return };
                let message = self.model.known[&id].message.clone();
                assert_eq!(self.accept(&message, None, Unless::Known).await, Accepted::Already);
            }
            Step::AcceptAnew { which } => {
                let Some(id) = self.model.pick(which, |k| k.is == Where::Dead) else { return };
                let ended = matches!(self.model.known[&id].is, Where::Dead | Where::Gone);
                let known = self.model.known[&id].message.clone();
                let message = Message { send_at: None, status: Status::Accepted, ..known };
                let accepted = self.accept(&message, None, Unless::Waiting).await;
                if ended {
                    self.model.known.remove(&id);
                    assert_eq!(accepted, Accepted::Queued { ahead: self.model.accept(message, None) });
                } else {
                    assert_eq!(accepted, Accepted::Already);
                }
            }
            Step::Edit { which, bulk, due_in } => self.edit(which, bulk, due_in).await,
            Step::Unpark => {
                let unparked = self.f.lanes.unpark(self.lane, self.epoch).await.unwrap();
                assert_eq!(unparked, self.model.depth().parked);
                for known in self.model.known.values_mut().filter(|k| k.is == Where::Parked) {
                    known.is = Where::Ready;
                }
            }
            Step::Pause { paused } => {
                self.f.lanes.set_paused(self.lane, paused).await.unwrap();
                self.model.paused = paused;
            }
            Step::Claim { most } => self.claim(most).await,
            Step::Settle { which, verdict, retry_in } => {
                let Some(id) = self.model.pick(which, |k| k.is == Where::InFlight) else { return };
                self.settle(&[(id, verdict)], retry_in).await;
            }
            Step::SettleAll { verdicts, retry_in } => {
                let flying = self.model.known.iter().filter(|(_, k)| k.is == Where::InFlight);
                let ends: Vec<_> = flying.map(|(id, _)| *id).zip(verdicts.into_iter().cycle()).collect();
                self.settle(&ends, retry_in).await;
            }
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
        let front = self.f.lanes.front(self.lane, FRONT).await.unwrap().into_iter();
        let front: Vec<_> = front.map(|(id, standing)| (id, standing.attempts)).collect();
        assert_eq!(front, self.model.front(FRONT as usize), "after {step:?}");
    }

    async fn accept(&self, message: &Message, due: Option<i64>, unless: Unless) -> Accepted {
        self.f.accept_one(&Accept { unless, ..self.f.accepting(message, due) }).await
    }

    async fn edit(&mut self, which: usize, bulk: bool, due_in: Option<u16>) {
        let waits = |k: &Known| matches!(k.is, Where::Ready | Where::Due(_) | Where::Parked);
        let Some(id) = self.model.pick(which, waits) else { return };
        let known = &self.model.known[&id];
        let due = due_in.map(|millis| self.now + i64::from(millis));
        let mut message = known.message.clone();
        message.priority = if bulk { Priority::Bulk } else { Priority::Interactive };
        message.revision += 1;
        message.send_at = due.map(Timestamp::from_millis);
        message.status = if due.is_some() { Status::Scheduled } else { Status::Accepted };
        let event = self.f.status_event(id, message.status);
        let edited = self.f.lanes.edit(&message, &event).await.unwrap();
        if waits(known) {
            assert_eq!(edited, Edited::Done);
            self.model.edit(message, due);
        } else {
            assert_eq!(edited, Edited::TooLate);
        }
    }

    async fn claim(&mut self, most: u32) {
        let wanted = Wanted { now: Timestamp::from_millis(self.now), bulk: true, most };
        let found = match self.f.lanes.claim(self.lane, self.epoch, wanted).await.unwrap() {
            Claim::Jobs(jobs) => Ok(jobs.iter().map(|job| (job.message.id, job.attempt)).collect()),
            Claim::Nothing { next } => Err(next.map(Timestamp::as_millis)),
        };
        assert_eq!(found, self.model.claim(self.now, most));
    }

    async fn settle(&mut self, ends: &[(MessageId, u8)], retry_in: u16) {
        let retry_at = self.now + i64::from(retry_in);
        let moment = Timestamp::from_millis(retry_at);
        let (mut settlements, mut fates) = (Vec::new(), Vec::new());
        for (id, verdict) in ends {
            let (verdict, becomes) = match verdict {
                0 => (Verdict::Done, Where::Gone),
                1 => (Verdict::RetryAt(moment), Where::Ready),
                2 => (Verdict::Park { until: moment }, Where::Parked),
                3 => (Verdict::Return, Where::Ready),
                _ => (Verdict::Bury, Where::Dead),
            };
            settlements.push(Settlement::silent(*id, verdict));
            fates.push((*id, verdict, becomes));
        }
        self.f.lanes.settle(self.lane, self.epoch, &settlements).await.unwrap();
        for (id, verdict, becomes) in fates {
            let known = self.model.known.get_mut(&id).unwrap();
            if known.is != Where::InFlight {
                continue;
            }
            known.is = becomes;
            match verdict {
                Verdict::RetryAt(_) => self.model.hold = self.model.hold.max(retry_at),
                Verdict::Return => known.attempts -= 1,
                _ => {}
            }
        }
    }

    async fn cancel(&mut self, which: usize) {
        let waits = |k: &Known| matches!(k.is, Where::Ready | Where::Due(_) | Where::Parked);
        let Some(id) = self.model.pick(which, waits) else { return };
        let event = self.f.status_event(id, Status::Cancelled);
        let cancelled = self.f.cancel_in(self.lane, id, &event).await;
        let known = self.model.known.get_mut(&id).unwrap();
        assert_eq!(cancelled, waits(known));
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
    assert!(claims.flatten().filter(|step| matches!(step, Step::Claim { .. })).count() > 100);
}
