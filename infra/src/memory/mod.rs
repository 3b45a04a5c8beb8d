//! What the record said a moment ago.
//!
//! Every request asks for its key and most for a session, and either changes once in days: asking SQL each time
//! costs more than all else that accepting a message takes. What changes through the same adapter is forgotten at
//! once; what other processes change is seen within [`MOMENT`].
//!
//! Of limits it is not the answer that is kept but a share of what is left ([`LeasedLimits`]).

mod keys;
mod limits;
mod origins;
mod people;
mod sessions;
mod workspaces;

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

pub use keys::RememberedKeys;
pub use limits::LeasedLimits;
pub use origins::RememberedOrigins;
pub use people::RememberedStandings;
pub use sessions::RememberedSessions;
pub use workspaces::RememberedWorkspaces;

/// How long an answer is believed.
pub const MOMENT: Duration = Duration::from_secs(1);
/// Most answers that are kept.
const MOST: usize = 10_000;

/// Answers by question, each with the moment it was asked for.
#[derive(Debug)]
pub(crate) struct Memory<K, V> {
    answers: Mutex<Answers<K, V>>,
    /// How long one is believed, unless something is forgotten.
    lasts: Duration,
    /// Most that are kept.
    most: usize,
}

#[derive(Debug)]
struct Answers<K, V> {
    known: HashMap<K, (Instant, V)>,
    /// Counts what was forgotten: an answer that was on its way meanwhile may be old.
    forgotten: u64,
}

impl<K: Eq + Hash, V: Clone> Memory<K, V> {
    /// One that believes an answer for so long, and keeps so many.
    pub(crate) fn new(lasts: Duration, most: usize) -> Self {
        Self { answers: Mutex::new(Answers { known: HashMap::new(), forgotten: 0 }), lasts, most }
    }

    /// The answer, while it is believed; else what to give to [`Self::keep`] with a new one.
    pub(crate) fn recall<Q>(&self, question: &Q) -> Result<V, u64>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let answers = self.answers();
        match answers.known.get(question) {
            Some((asked, answer)) if asked.elapsed() < self.lasts => Ok(answer.clone()),
            _ => Err(answers.forgotten),
        }
    }

    /// Keeps an answer that was asked for at `asked`, unless something was forgotten since.
    pub(crate) fn keep(&self, question: K, asked: Instant, forgotten: u64, answer: V) {
        let mut answers = self.answers();
        if answers.forgotten != forgotten {
            return;
        }
        if answers.known.len() >= self.most {
            answers.known.retain(|_, (asked, _)| asked.elapsed() < self.lasts);
        }
        if answers.known.len() >= self.most {
            answers.known.clear();
        }
        answers.known.insert(question, (asked, answer));
    }

    /// Nothing is believed any more.
    pub(crate) fn forget(&self) {
        let mut answers = self.answers();
        answers.known.clear();
        answers.forgotten += 1;
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, Answers<K, V>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_believed_for_a_moment_and_not_when_something_changed_while_it_was_asked_for() {
        let memory: Memory<&str, u8> = Memory::new(MOMENT, 10);
        let now = Instant::now();
        let ticket = memory.recall("a").unwrap_err();
        memory.keep("a", now, ticket, 1);
        assert_eq!(memory.recall("a"), Ok(1));

        memory.forget();
        assert!(memory.recall("a").is_err());
        memory.keep("a", now, ticket, 1);
        assert!(memory.recall("a").is_err(), "asked for before the change");

        let ticket = memory.recall("a").unwrap_err();
        let long_ago = now.checked_sub(MOMENT).expect("the machine has run for a second");
        memory.keep("a", long_ago, ticket, 2);
        assert!(memory.recall("a").is_err(), "a moment has passed");
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let memory: Memory<usize, ()> = Memory::new(MOMENT, 10);
        let ticket = memory.recall(&0).unwrap_err();
        for n in 0..100 {
            memory.keep(n, Instant::now(), ticket, ());
            assert!(memory.answers().known.len() <= 10);
        }
        assert!(memory.recall(&99).is_ok(), "the last is kept");
    }
}
