//! All faults of a network, in the order they were set.

use super::effect::Effect;
use super::invalid::Invalid;
use super::point::{Subject, Whom};
use super::rule::{Fault, FaultState, FaultView, Rule, ScriptStep};
use super::sky::Sky;
use crate::clock::Clock;

/// Faults kept at a time, spent ones included.
const MOST: usize = 1000;

/// The faults and the weather.
#[derive(Default)]
pub(super) struct Board {
    rules: Vec<Rule>,
    pub(super) sky: Sky,
    last_fault: u64,
    last_script: u64,
}

/// A decision to bend something.
pub(super) struct Hit {
    /// 0 for the weather.
    pub(super) fault: u64,
    /// Kind of the effect as it was asked for.
    pub(super) name: String,
    pub(super) effect: Effect,
}

impl Board {
    /// Sets a fault; it works from now on.
    pub(super) fn add(&mut self, fault: Fault, clock: &Clock) -> Result<FaultView, Invalid> {
        self.room(1, "effect")?;
        let mut rule = Rule::new(self.last_fault + 1, fault, None)?;
        rule.begin(clock);
        self.last_fault += 1;
        let view = rule.view.clone();
        self.rules.push(rule);
        Ok(view)
    }

    /// Sets faults that follow each other: each begins when the one before is spent.
    pub(super) fn add_script(&mut self, steps: Vec<Fault>, clock: &Clock) -> Result<u64, Invalid> {
        if steps.is_empty() {
            return Err(Invalid::new("steps", "A script has no steps.", "Give at least one fault."));
        }
        self.room(steps.len(), "steps")?;
        let script = self.last_script + 1;
        let mut rules = Vec::with_capacity(steps.len());
        for (step, mut fault) in steps.into_iter().enumerate() {
            if fault.when.times().is_none() && fault.when.for_seconds.is_none() {
                // A step without end would keep the rest of the script waiting for ever.
                fault.when.times = Some(1);
            }
            let id = self.last_fault + 1 + step as u64;
            let rule = Rule::new(id, fault, Some(ScriptStep { script, step }));
            rules.push(rule.map_err(|error| error.within("steps", step))?);
        }
        self.last_script = script;
        self.last_fault += rules.len() as u64;
        self.rules.append(&mut rules);
        self.turn(script, 0, clock);
        Ok(script)
    }

    fn room(&self, more: usize, field: &str) -> Result<(), Invalid> {
        if self.rules.len() + more <= MOST {
            return Ok(());
        }
        let detail = format!("There would be more than {MOST} faults.");
        Err(Invalid::new(field, detail, "DELETE /v1/faults, or those that are spent."))
    }

    /// Begins a step of a script, when there is one left.
    fn turn(&mut self, script: u64, step: usize, clock: &Clock) {
        let next = Some(ScriptStep { script, step });
        if let Some(rule) = self.rules.iter_mut().find(|rule| rule.view.of == next) {
            rule.begin(clock);
        }
    }

    /// Begins and ends faults by time, and steps whose turn has come by that.
    pub(super) fn pass_time(&mut self, clock: &Clock) {
        let mut index = 0;
        while let Some(rule) = self.rules.get_mut(index) {
            let before = rule.view.state;
            rule.pass_time(clock);
            self.follow(index, before, clock);
            // The next step stands behind this one and is looked at in the same round.
            index += 1;
        }
    }

    fn follow(&mut self, index: usize, before: FaultState, clock: &Clock) {
        let Some(view) = self.rules.get(index).map(|rule| &rule.view) else { return };
        if before != FaultState::Spent
            && view.state == FaultState::Spent
            && let Some(of) = view.of
        {
            self.turn(of.script, of.step + 1, clock);
        }
    }

    /// Which fault works on something: the oldest that does; those behind it do not see it.
    pub(super) fn decide(&mut self, whom: Whom, subject: &Subject<'_>, clock: &Clock) -> Option<Hit> {
        self.pass_time(clock);
        let index = (0..self.rules.len())
            .find(|index| self.rules.get_mut(*index).is_some_and(|rule| rule.works_on(whom, subject)));
        let Some(index) = index else { return self.sky.decide(whom, subject) };
        self.follow(index, FaultState::Active, clock);
        let rule = self.rules.get(index)?;
        let (fault, name) = (rule.view.id, rule.view.fault.effect.name());
        Some(Hit { fault, name, effect: rule.effect() })
    }

    /// All faults, in the order they were set.
    pub(super) fn views(&mut self, clock: &Clock) -> Vec<FaultView> {
        self.pass_time(clock);
        self.rules.iter().map(|rule| rule.view.clone()).collect()
    }

    /// Takes faults away; `true` when there were any.
    pub(super) fn remove(&mut self, which: impl Fn(&FaultView) -> bool) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| !which(&rule.view));
        self.rules.len() < before
    }

    /// Whether anything may still be bent.
    pub(super) fn armed(&self) -> bool {
        !self.sky.is_calm() || self.rules.iter().any(|rule| rule.view.state != FaultState::Spent)
    }
}
