//! Messages of a session that were claimed: those under way, and those that wait for one of their own chat.
//!
//! Several may be under way at a time, but of a chat only one, so that order within it is kept.

use std::collections::VecDeque;

use wagate_domain::{Address, MessageId, ports::Job};

/// Most messages of a session under way at a time, where nothing paces it.
pub(super) const WIDTH: usize = 16;
/// Messages whose attempts are counted at a time.
const COUNTED: usize = 4 * WIDTH;

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) message: MessageId,
    /// Where it goes, as it was addressed.
    pub(super) chat: Address,
    /// Whom it goes to, however addressed.
    person: Address,
    pub(super) new_chat: bool,
}

impl Flight {
    /// The ways to address whom it goes to.
    pub(super) const fn ways(&self) -> [&Address; 2] {
        [&self.chat, &self.person]
    }
}

/// A claimed message that has not left yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) job: Job,
    person: Address,
}

impl Waiting {
    /// The ways to address whom it goes to.
    pub(super) const fn ways(&self) -> [&Address; 2] {
        [&self.job.message.chat, &self.person]
    }

    /// Now on its way.
    pub(super) fn flight(&self, new_chat: bool) -> Flight {
        let message = &self.job.message;
        Flight { message: message.id, chat: message.chat.clone(), person: self.person.clone(), new_chat }
    }
}

/// What is claimed.
#[derive(Debug, Default)]
pub(super) struct Flights {
    under_way: Vec<Flight>,
    waiting: VecDeque<Waiting>,
    /// How often messages were tried that will be tried again, lost connections not counted.
    tries: VecDeque<(MessageId, u32)>,
}

impl Flights {
    /// Nothing is under way.
    pub(super) fn landed_all(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Nothing is claimed.
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.waiting.is_empty()
    }

    /// How many more may be claimed where so many may be.
    pub(super) fn room(&self, width: usize) -> usize {
        width.saturating_sub(self.under_way.len() + self.waiting.len())
    }

    /// A message was claimed that goes to this person or group.
    pub(super) fn claimed(&mut self, job: Job, person: Address) {
        self.waiting.push_back(Waiting { job, person });
    }

    /// The next message that may leave: no other of its chat is under way or was claimed before it.
    pub(super) fn next(&mut self) -> Option<Waiting> {
        let free = |at: &usize| {
            let this = self.waiting[*at].ways();
            let before = self.waiting.iter().take(*at).map(Waiting::ways);
            let busy = self.under_way.iter().map(Flight::ways);
            // who a number belongs to may have been learned in between
            !busy.chain(before).any(|other| other[0] == this[0] || other[1] == this[1])
        };
        let at = (0..self.waiting.len()).find(free)?;
        self.waiting.remove(at)
    }

    /// A message leaves.
    pub(super) fn takes_off(&mut self, flight: Flight) {
        self.under_way.push(flight);
    }

    /// A message is no longer under way.
    pub(super) fn lands(&mut self, message: MessageId) -> Option<Flight> {
        let at = self.under_way.iter().position(|flight| flight.message == message)?;
        Some(self.under_way.swap_remove(at))
    }

    /// What was claimed and has not left is claimed no more.
    pub(super) fn give_back(&mut self) -> impl Iterator<Item = MessageId> {
        std::mem::take(&mut self.waiting).into_iter().map(|waiting| waiting.job.message.id)
    }

    /// Whether it was tried before.
    pub(super) fn was_tried(&self, message: MessageId) -> bool {
        self.tries.iter().any(|(tried, _)| *tried == message)
    }

    /// How often a message was tried, after an attempt that does or does not count.
    pub(super) fn tried(&mut self, message: MessageId, counts: bool) -> u32 {
        let before = self.forget(message).unwrap_or_default();
        let tries = before + u32::from(counts);
        // of those that never came back (cancelled meanwhile) the oldest goes
        if self.tries.len() >= COUNTED {
            self.tries.pop_front();
        }
        self.tries.push_back((message, tries));
        tries
    }

    /// Its attempts count no more; how many there were.
    pub(super) fn forget(&mut self, message: MessageId) -> Option<u32> {
        let at = self.tries.iter().position(|(tried, _)| *tried == message)?;
        self.tries.remove(at).map(|(_, tries)| tries)
    }
}

#[cfg(test)]
#[path = "flights_tests.rs"]
mod tests;
