//! What a process holds of one payer's subjects.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use wagate_domain::limits::{Charge, Decision, Spent, Subject};

use super::lease::{Lease, Lot};
use crate::redis::{Grant, Wish};

/// The next lots of so many subjects are asked for together at once, even if none of them is due.
const TOGETHER: usize = 32;

/// One payer's subjects.
#[derive(Debug, Default)]
pub(super) struct Purse {
    /// Who asks for more does it alone: what one gets ahead is enough for those behind it.
    turn: tokio::sync::Mutex<()>,
    waiting: AtomicU64,
    contents: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    leases: HashMap<Subject, Lease>,
    /// Those whose next lots are asked for together, as soon as one of them is due.
    low: Vec<Subject>,
    /// Taken under a rule that is not the subject's any more.
    unwanted: Vec<Spent>,
}

/// What can be said without asking.
pub(super) enum Held {
    /// Everything is there; whether more should be asked for now.
    Enough(Decision, bool),
    /// It was refused a moment ago.
    Refused(Decision),
    /// More has to be asked for.
    TooFew,
}

/// A turn to ask.
pub(super) struct Turn<'a> {
    _alone: tokio::sync::MutexGuard<'a, ()>,
    /// How many wait for theirs.
    pub(super) waiting: u64,
}

impl Purse {
    /// Waits for the turn to ask.
    pub(super) async fn turn(&self) -> Turn<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let alone = self.turn.lock().await;
        let waiting = self.waiting.fetch_sub(1, Ordering::Relaxed).saturating_sub(1);
        Turn { _alone: alone, waiting }
    }

    /// Uses up what is held, if all of it is.
    pub(super) fn take(&self, charges: &[Charge], now: Instant) -> Held {
        let mut contents = self.contents();
        let mut enough = true;
        for charge in charges {
            let lease = contents.lease(charge, now);
            if let Some(refusal) = lease.refuses(charge, now) {
                return Held::Refused(refusal);
            }
            enough = enough && lease.held(now) >= u64::from(charge.cost);
        }
        if !enough {
            return Held::TooFew;
        }
        let (mut told, mut spent, mut due) = (None, Vec::new(), false);
        for charge in charges {
            let lease = contents.lease(charge, now);
            let drawn = lease.draw(u64::from(charge.cost), now);
            spent.extend(drawn.iter().filter_map(|lot| lot.spent(charge.subject)));
            told = tighter(told, lease.standing(charge, now));
            if lease.is_low(now) {
                lease.refilling = true;
                contents.low.push(charge.subject);
            } else {
                due = due || lease.is_due(now);
            }
        }
        due = (due && !contents.low.is_empty()) || contents.low.len() >= TOGETHER;
        match told {
            Some(decision) => Held::Enough(Decision { spent, ..decision }, due),
            None => Held::TooFew,
        }
    }

    /// Takes what is held towards each charge.
    pub(super) fn draw(&self, charges: &[Charge], now: Instant) -> Vec<Vec<Lot>> {
        let mut contents = self.contents();
        charges.iter().map(|charge| contents.lease(charge, now).draw(u64::from(charge.cost), now)).collect()
    }

    /// Puts it back.
    pub(super) fn put_back(&self, charges: &[Charge], drawn: Vec<Vec<Lot>>, now: Instant) {
        let mut contents = self.contents();
        for (charge, drawn) in charges.iter().zip(drawn) {
            contents.lease(charge, now).put_back(drawn);
        }
    }

    /// What to ask for: what is missing of each charge, and some ahead.
    pub(super) fn wishes(
        &self,
        charges: &[Charge],
        drawn: &[Vec<Lot>],
        ahead: Option<u64>,
        now: Instant,
    ) -> Vec<Wish> {
        let mut contents = self.contents();
        let wish = |(charge, drawn): (&Charge, &Vec<Lot>)| {
            let have = drawn.iter().map(Lot::count).sum::<u64>();
            let cost = charge.cost.saturating_sub(u32::try_from(have).unwrap_or(u32::MAX));
            let ahead = ahead.map_or(0, |waiting| contents.lease(charge, now).ahead(now, waiting));
            Wish { charge: Charge { cost, ..*charge }, ahead }
        };
        charges.iter().zip(drawn).map(wish).collect()
    }

    /// Notes what came of wishes that were sent at `asked`; what the caller is told.
    pub(super) fn settle(
        &self,
        charges: &[Charge],
        drawn: Vec<Vec<Lot>>,
        wishes: &[Wish],
        grant: &Grant,
        asked: Instant,
    ) -> Option<Decision> {
        let mut contents = self.contents();
        let (mut told, mut spent) = (None, Vec::new());
        for (((charge, drawn), wish), part) in charges.iter().zip(drawn).zip(wishes).zip(&grant.parts) {
            let lease = contents.lease(charge, asked);
            lease.settle(*part, &wish.charge, grant.allowed, asked);
            if grant.allowed {
                spent.extend(drawn.iter().filter_map(|lot| lot.spent(charge.subject)));
                spent.extend(part.spent(charge, wish.charge.cost));
                told = tighter(told, lease.standing(charge, asked));
            } else {
                lease.put_back(drawn);
                told = tighter(told, Some(part.decision(charge)));
            }
        }
        told.map(|decision| Decision { spent, ..decision })
    }

    /// What asks for the next lots, for whoever is told that one is due.
    pub(super) fn refills(&self) -> Vec<Charge> {
        let mut contents = self.contents();
        let low = std::mem::take(&mut contents.low);
        low.into_iter().filter_map(|subject| Some(contents.leases.get(&subject)?.refill(subject))).collect()
    }

    /// Ends what [`Self::refills`] began.
    pub(super) fn refilled(&self, charges: &[Charge]) {
        let mut contents = self.contents();
        for charge in charges {
            if let Some(lease) = contents.leases.get_mut(&charge.subject) {
                lease.refilling = false;
            }
        }
    }

    /// Keeps what a caller gives back; what cannot be kept is returned.
    pub(super) fn keep(&self, spent: &[Spent], now: Instant) -> Vec<Spent> {
        let mut contents = self.contents();
        let mut rest = spent.to_vec();
        rest.retain(|spent| {
            let lease = contents.leases.get_mut(&Subject::Messages(spent.period));
            !lease.is_some_and(|lease| lease.keep(spent, now))
        });
        rest
    }

    /// Lets go of what was not used for so long; what of it is to be given back.
    pub(super) fn let_go(&self, now: Instant, patience: Duration) -> Vec<Spent> {
        let mut contents = self.contents();
        for subject in std::mem::take(&mut contents.low) {
            if let Some(lease) = contents.leases.get_mut(&subject) {
                lease.refilling = false;
            }
        }
        let mut returned = std::mem::take(&mut contents.unwanted);
        let idle = contents.leases.extract_if(|_, lease| lease.is_idle(now, patience));
        returned.extend(idle.flat_map(|(subject, lease)| lease.returned(subject)));
        returned
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        let contents = self.contents();
        contents.leases.is_empty() && contents.unwanted.is_empty()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    /// The lease of a charge's subject under the charge's rule.
    fn lease(&mut self, charge: &Charge, now: Instant) -> &mut Lease {
        let lease = self.leases.entry(charge.subject).or_insert_with(|| Lease::new(charge.rule, now));
        if !lease.is_of(charge.rule) {
            let old = std::mem::replace(lease, Lease::new(charge.rule, now));
            self.unwanted.extend(old.returned(charge.subject));
        }
        lease
    }
}

fn tighter(one: Option<Decision>, other: Option<Decision>) -> Option<Decision> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.tighter(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use wagate_domain::limits::{Rate, Rule};

    use super::*;
    use crate::redis::Part;

    const LOT: u64 = 8;

    fn charge(subject: Subject, cost: u32) -> Charge {
        Charge { subject, rule: Rule::Rate(Rate::a_second(1_000, 2_000)), cost }
    }

    /// A purse that holds a lot of each subject.
    fn filled(subjects: &[Subject], now: Instant) -> Purse {
        let purse = Purse::default();
        for subject in subjects {
            let charges = [charge(*subject, 0)];
            let wishes = [Wish { charge: charges[0], ahead: LOT }];
            let part = Part {
                taken: LOT,
                left: 1_000,
                reset_after: Duration::from_secs(1),
                obstacle: None,
                began: None,
                ends: None,
            };
            let grant = Grant { allowed: true, parts: vec![part] };
            purse.settle(&charges, vec![Vec::new()], &wishes, &grant, now);
        }
        purse
    }

    /// Uses up so many, one by one; whether more should be asked for after the last.
    fn use_up(purse: &Purse, subject: Subject, count: u64, now: Instant) -> bool {
        let mut told = false;
        for _ in 0..count {
            let Held::Enough(_, due) = purse.take(&[charge(subject, 1)], now) else {
                panic!("there is enough")
            };
            told = due;
        }
        told
    }

    #[test]
    fn the_next_lots_of_several_are_asked_for_when_one_is_due() {
        let (now, subjects) = (Instant::now(), [Subject::Address, Subject::Workspace]);
        let purse = filled(&subjects, now);
        assert!(!use_up(&purse, Subject::Address, LOT / 2, now), "half is there");
        assert!(!use_up(&purse, Subject::Workspace, LOT / 2, now));
        assert!(use_up(&purse, Subject::Address, LOT / 4, now), "a quarter is left");
        let asked: Vec<_> = purse.refills().into_iter().map(|charge| (charge.subject, charge.cost)).collect();
        assert_eq!(asked, subjects.map(|subject| (subject, 0)));
        assert!(!use_up(&purse, Subject::Workspace, LOT / 4, now), "it is asked for already");
        assert!(purse.refills().is_empty());
    }

    #[test]
    fn what_nobody_uses_any_more_is_not_asked_for() {
        let now = Instant::now();
        let purse = filled(&[Subject::Address], now);
        use_up(&purse, Subject::Address, LOT / 2, now);
        purse.let_go(now + Duration::from_secs(1), Duration::from_secs(1));
        assert!(purse.refills().is_empty());
        assert!(purse.is_empty());
    }
}
