//! One fault: what was asked for, and how far it has got.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::effect::Effect;
use super::invalid::Invalid;
use super::point::{Subject, Whom};
use super::select::{Matcher, Selector};
use super::trigger::Trigger;
use crate::clock::{Clock, Moment};

/// A fault: on what, when, and what it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What it is about; everything unless given.
    #[serde(default)]
    pub on: Selector,
    /// When it works; always unless given.
    #[serde(default)]
    pub when: Trigger,
    /// What it does.
    pub effect: Effect,
}

impl From<Effect> for Fault {
    fn from(effect: Effect) -> Self {
        Self { on: Selector::default(), when: Trigger::default(), effect }
    }
}

/// Where a fault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultState {
    /// Its time, or its turn in the script, has not come.
    Waiting,
    /// It works on what matches.
    Active,
    /// It has worked as often or as long as it shall.
    Spent,
}

/// A step of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScriptStep {
    /// Number of the script.
    pub script: u64,
    /// Place in it, from 0.
    pub step: usize,
}

/// A fault and what it has done.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FaultView {
    /// Number of the fault.
    pub id: u64,
    /// As it was asked for.
    #[serde(flatten)]
    pub fault: Fault,
    /// Where it stands.
    pub state: FaultState,
    /// Matches it has seen while active.
    pub seen: u64,
    /// How often it has worked.
    pub applied: u64,
    /// Its place in a script, when it is part of one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub of: Option<ScriptStep>,
}

/// A fault at work.
pub(super) struct Rule {
    pub(super) view: FaultView,
    matcher: Matcher,
    /// When it was set, or when its turn came.
    since: Option<Moment>,
}

impl Rule {
    /// Checks a fault. It waits for its turn until [`Rule::begin`].
    pub(super) fn new(id: u64, fault: Fault, of: Option<ScriptStep>) -> Result<Self, Invalid> {
        fault.when.check()?;
        fault.effect.check()?;
        let matcher = Matcher::new(fault.on.clone(), &fault.effect)?;
        let view = FaultView { id, fault, state: FaultState::Waiting, seen: 0, applied: 0, of };
        Ok(Self { view, matcher, since: None })
    }

    /// Its turn has come.
    pub(super) fn begin(&mut self, clock: &Clock) {
        self.since = Some(clock.moment());
        self.pass_time(clock);
    }

    /// Begins and ends it by time.
    pub(super) fn pass_time(&mut self, clock: &Clock) {
        let Some(since) = self.since else { return };
        let when = &self.view.fault.when;
        let wait = Duration::from_secs(when.begin_after_seconds.unwrap_or(0));
        let passed = clock.since(since);
        if self.view.state == FaultState::Waiting && passed >= wait {
            self.view.state = FaultState::Active;
        }
        let end = when.for_seconds.map(|seconds| wait.saturating_add(Duration::from_secs(seconds)));
        if end.is_some_and(|end| passed >= end) {
            self.view.state = FaultState::Spent;
        }
    }

    /// Counts a match and says whether the fault works on it.
    pub(super) fn works_on(&mut self, whom: Whom, subject: &Subject<'_>) -> bool {
        let view = &mut self.view;
        if view.state != FaultState::Active || !self.matcher.accepts(whom, subject) {
            return false;
        }
        view.seen += 1;
        if !view.fault.when.works_on(view.id, view.seen) {
            return false;
        }
        view.applied += 1;
        if view.fault.when.times().is_some_and(|times| view.applied >= times) {
            view.state = FaultState::Spent;
        }
        true
    }

    /// What it does, in the terms of the place where it works.
    pub(super) fn effect(&self) -> Effect {
        match &self.view.fault.effect {
            Effect::LoseAck => Effect::Drop,
            Effect::DelayAck { ms } => Effect::Delay { ms: *ms, keep_order: false },
            effect => effect.clone(),
        }
    }
}
