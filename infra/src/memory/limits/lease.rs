//! What a process has taken ahead of one subject, and what it knows of the rest.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use wagate_domain::{
    Timestamp,
    limits::{Charge, Decision, HOLD, Rule, Spent, Subject},
};

use crate::redis::{Obstacle, Part};

/// Quotas are taken ahead for what was used in such a time; of rates it is less, because what is held is void soon.
const DEMAND: Duration = Duration::from_secs(1);
/// A lot smaller than this is not worth a refill in the background.
const SMALL: u64 = 4;

/// Things taken together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lot {
    left: u64,
    /// After this moment they are void.
    until: Instant,
    /// When the period of their quota began.
    began: Option<Timestamp>,
}

/// Things of one subject.
#[derive(Debug)]
pub(super) struct Lease {
    rule: Rule,
    /// Oldest first.
    lots: VecDeque<Lot>,
    /// What was said of the subject last, and when that was asked for.
    told: Option<(Part, Instant)>,
    /// The cost that was refused last, and until when nobody asks again for just as much.
    refused: Option<(u32, Part, Instant)>,
    /// Used since it was asked for last.
    drawn: u64,
    asked_at: Instant,
    used_at: Instant,
    /// Size of the last lot.
    size: u64,
    /// The next lot is asked for, or is going to be.
    pub(super) refilling: bool,
}

impl Lease {
    pub(super) fn new(rule: Rule, now: Instant) -> Self {
        Self {
            rule,
            lots: VecDeque::new(),
            told: None,
            refused: None,
            drawn: 0,
            asked_at: now,
            used_at: now,
            size: 0,
            refilling: false,
        }
    }

    pub(super) fn is_of(&self, rule: Rule) -> bool {
        self.rule == rule
    }

    pub(super) fn is_idle(&self, now: Instant, patience: Duration) -> bool {
        !self.refilling && now.saturating_duration_since(self.used_at) >= patience
    }

    /// How many are held and good.
    pub(super) fn held(&mut self, now: Instant) -> u64 {
        self.lots.retain(|lot| lot.left > 0 && lot.until > now);
        self.lots.iter().map(|lot| lot.left).sum()
    }

    /// Takes at most so many of what is held, the oldest first.
    pub(super) fn draw(&mut self, count: u64, now: Instant) -> Vec<Lot> {
        self.used_at = now;
        let mut owed = count.min(self.held(now));
        self.drawn += owed;
        let mut drawn = Vec::new();
        for lot in &mut self.lots {
            let part = owed.min(lot.left);
            if part > 0 {
                lot.left -= part;
                owed -= part;
                drawn.push(Lot { left: part, ..*lot });
            }
        }
        drawn
    }

    /// Puts back what was drawn and not used.
    pub(super) fn put_back(&mut self, drawn: Vec<Lot>) {
        for lot in drawn.into_iter().rev() {
            self.drawn = self.drawn.saturating_sub(lot.left);
            self.lots.push_front(lot);
        }
    }

    /// Keeps what a caller gives back, if it is of the period that lasts.
    pub(super) fn keep(&mut self, spent: &Spent, now: Instant) -> bool {
        let Some((part, at)) = self.told else { return false };
        let until = at + part.reset_after;
        if part.began != Some(spent.began) || until <= now {
            return false;
        }
        self.refused = None;
        self.lots.push_back(Lot { left: u64::from(spent.count), until, began: part.began });
        true
    }

    /// The refusal that still holds for this charge.
    pub(super) fn refuses(&self, charge: &Charge, now: Instant) -> Option<Decision> {
        let (cost, part, until) = self.refused.as_ref()?;
        if charge.cost != *cost || *until <= now {
            return None;
        }
        let (_, at) = self.told?;
        let left = |time: Duration| time.saturating_sub(now.saturating_duration_since(at));
        let obstacle = part.obstacle.map(|obstacle| match obstacle {
            Obstacle::For(time) => Obstacle::For(left(time)),
            Obstacle::Forever => Obstacle::Forever,
        });
        Some(Part { reset_after: left(part.reset_after), obstacle, ..*part }.decision(charge))
    }

    /// What a caller whose charge was met is told.
    pub(super) fn standing(&mut self, charge: &Charge, now: Instant) -> Option<Decision> {
        let held = self.held(now);
        let (part, at) = self.told?;
        let reset_after = part.reset_after.saturating_sub(now.saturating_duration_since(at));
        let elsewhere = match &self.rule {
            Rule::Rate(rate) => {
                let micros = u64::try_from(reset_after.as_micros()).unwrap_or(u64::MAX);
                rate.tolerance().saturating_sub(micros) / rate.interval()
            }
            Rule::Quota { .. } => part.left,
        };
        let left = elsewhere.saturating_add(held).min(self.rule.capacity());
        Some(Part { left, reset_after, obstacle: None, ..part }.decision(charge))
    }

    /// How many to take ahead: what is used in the time for which they will be held, and what others wait for.
    pub(super) fn ahead(&self, now: Instant, waiting: u64) -> u64 {
        let span = match &self.rule {
            Rule::Rate(_) => HOLD / 2,
            Rule::Quota { .. } => DEMAND,
        };
        let since = now.saturating_duration_since(self.asked_at).max(span);
        let demand = u128::from(self.drawn) * span.as_micros() / since.as_micros().max(1);
        let wanted = u64::try_from(demand).unwrap_or(u64::MAX).max(waiting);
        match &self.rule {
            Rule::Rate(rate) => wanted.min(rate.lot().unwrap_or(0)),
            Rule::Quota { .. } => wanted,
        }
    }

    /// Whether the next lot may be asked for, with those of other subjects.
    pub(super) fn is_low(&mut self, now: Instant) -> bool {
        self.size >= SMALL && !self.refilling && self.held(now) * 2 <= self.size
    }

    /// Whether the next lot should be asked for before this one is used up.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        self.refilling && self.held(now) * 4 <= self.size
    }

    /// What asks for the next lot and needs nothing.
    pub(super) fn refill(&self, subject: Subject) -> Charge {
        Charge { subject, rule: self.rule, cost: 0 }
    }

    /// Notes what was said of the subject when it was asked for at `asked`; what goes beyond the need is held.
    pub(super) fn settle(&mut self, part: Part, charge: &Charge, met: bool, asked: Instant) {
        self.told = Some((part, asked));
        self.refused = part.obstacle.map(|obstacle| {
            let time = match obstacle {
                Obstacle::For(time) => time.min(HOLD),
                Obstacle::Forever => HOLD,
            };
            (charge.cost, part, asked + time)
        });
        if !met {
            return;
        }
        let need = u64::from(charge.cost);
        (self.drawn, self.asked_at) = (need, asked);
        self.size = part.taken.saturating_sub(need);
        if self.size > 0 {
            let good_for = match &self.rule {
                Rule::Rate(_) => HOLD,
                Rule::Quota { .. } => part.reset_after,
            };
            self.lots.push_back(Lot { left: self.size, until: asked + good_for, began: part.began });
        }
    }

    /// What is to be given back when nobody uses it: rates refill by themselves.
    pub(super) fn returned(self, subject: Subject) -> impl Iterator<Item = Spent> {
        self.lots.into_iter().filter_map(move |lot| lot.spent(subject))
    }
}

impl Lot {
    /// What of a quota it is.
    pub(super) fn spent(&self, subject: Subject) -> Option<Spent> {
        let count = u32::try_from(self.left).unwrap_or(u32::MAX);
        match (subject, self.began) {
            (Subject::Messages(period), Some(began)) if count > 0 => Some(Spent { period, began, count }),
            _ => None,
        }
    }

    /// How many.
    pub(super) const fn count(&self) -> u64 {
        self.left
    }
}
