//! Faults: what goes wrong on the network, on purpose.
//!
//! A [`Fault`] says on what it works ([`Selector`]), when ([`Trigger`]) and what it does
//! ([`Effect`]). Scripts are faults that follow each other; the [`Weather`] draws faults at random,
//! the same ones for the same seed. While nothing is set, a stanza costs one atomic load.

mod board;
mod chance;
mod damage;
mod effect;
mod ending;
mod invalid;
mod line;
mod point;
mod rule;
mod select;
mod sky;
mod tap;
mod trigger;
mod weather;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use board::Board;

use crate::clock::Clock;
use crate::trace::{Event, EventKind, FaultApplied, StanzaSummary, Trace};

pub(crate) use damage::damage;
pub use effect::{Closing, Effect, StreamError};
pub(crate) use ending::Ending;
pub use invalid::Invalid;
pub(crate) use line::Line;
pub use point::Point;
pub(crate) use point::{Subject, Whom};
pub use rule::{Fault, FaultState, FaultView, ScriptStep};
pub use select::Selector;
pub(crate) use tap::Tap;
pub use trigger::Trigger;
pub use weather::{Chances, Preset, Weather};

/// The faults of one network. Clones show the same ones; they do not outlive the process.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    clock: Clock,
    trace: Trace,
    armed: AtomicBool,
    board: Mutex<Board>,
}

impl Faults {
    pub(crate) fn new(clock: Clock, trace: Trace) -> Self {
        Self(Arc::new(Inner { clock, trace, armed: AtomicBool::new(false), board: Mutex::default() }))
    }

    /// Sets a fault; it works from now on.
    ///
    /// # Errors
    /// When it makes no sense; the error names the field.
    pub fn add(&self, fault: impl Into<Fault>) -> Result<FaultView, Invalid> {
        let fault = fault.into();
        self.change(|board| board.add(fault, &self.0.clock))
    }

    /// Sets faults that follow each other: each begins when the one before is spent. Returns the
    /// number of the script.
    ///
    /// # Errors
    /// When one of them makes no sense; the error names step and field.
    pub fn add_script(&self, steps: Vec<Fault>) -> Result<u64, Invalid> {
        self.change(|board| board.add_script(steps, &self.0.clock))
    }

    /// All faults, in the order they were set.
    #[must_use]
    pub fn list(&self) -> Vec<FaultView> {
        self.lock().views(&self.0.clock)
    }

    /// The steps of a script, in order; none when there is no such script.
    #[must_use]
    pub fn script(&self, script: u64) -> Vec<FaultView> {
        let mut steps = self.list();
        steps.retain(|view| view.of.is_some_and(|of| of.script == script));
        steps
    }

    /// Takes a fault away; `false` when there is none with this number.
    pub fn remove(&self, id: u64) -> bool {
        self.change(|board| board.remove(|view| view.id == id))
    }

    /// Takes a script away; `false` when there is none with this number.
    pub fn remove_script(&self, script: u64) -> bool {
        self.change(|board| board.remove(|view| view.of.is_some_and(|of| of.script == script)))
    }

    /// Takes all faults away; the weather stays.
    pub fn clear(&self) {
        self.change(|board| board.remove(|_| true));
    }

    /// The weather.
    #[must_use]
    pub fn weather(&self) -> Weather {
        self.lock().sky.weather()
    }

    /// Changes the weather; it begins from the start of its seed.
    ///
    /// # Errors
    /// When a chance is impossible; the error names the field.
    pub fn set_weather(&self, weather: Weather) -> Result<(), Invalid> {
        self.change(|board| board.sky.set(weather))
    }

    /// Whether anything may be bent.
    pub(crate) fn armed(&self) -> bool {
        self.0.armed.load(Ordering::Relaxed)
    }

    /// Whether and how something shall be bent; what is decided is in the trace.
    pub(crate) fn decide(&self, whom: Whom, subject: &Subject<'_>) -> Option<Effect> {
        if !self.armed() {
            return None;
        }
        let hit = self.change(|board| board.decide(whom, subject, &self.0.clock))?;
        let mut event = Event::new(EventKind::Fault).on(whom.connection).of(whom.device);
        event.direction = subject.way();
        event.fault = Some(FaultApplied { id: hit.fault, effect: hit.name });
        match subject {
            Subject::Stanza { node, .. } => {
                event.stanza = Some(Box::new(StanzaSummary::of(node, None, false)));
            }
            Subject::Media { kind, .. } => event.detail = Some((*kind).to_owned()),
            Subject::Login | Subject::Handshake | Subject::Bundle => {}
        }
        self.0.trace.add(event);
        Some(hit.effect)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Board) -> T) -> T {
        let mut board = self.lock();
        let outcome = change(&mut board);
        self.0.armed.store(board.armed(), Ordering::Relaxed);
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
