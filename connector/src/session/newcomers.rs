//! New chats: whether a message would begin one, and whether it may.

use std::{collections::HashSet, time::Duration};

use tokio::time::Instant;
use wagate_domain::{
    Address, ContactIds, Timestamp,
    messages::Message,
    ports::PortResult,
    sessions::{Reason, Signal},
};

use super::{actor::Actor, outbox::Entry};
use crate::wa::Restriction;

/// Chats remembered as begun.
const CAPACITY: usize = 10_000;
/// How long new chats wait when WhatsApp does not say when a restriction ends: then one is tried.
const UNTOLD: Duration = Duration::from_mins(30);
/// Least time new chats wait: clocks differ.
const LEAST: Duration = Duration::from_secs(1);

/// What a session knows of its new chats.
#[derive(Default)]
pub(super) struct Newcomers {
    /// Chats that are not new.
    begun: HashSet<Address>,
    restricted: Option<(Restriction, Timestamp)>,
    /// When the parked messages are to come back.
    back_at: Option<(Timestamp, Instant)>,
    /// Chats with parked messages.
    parked: HashSet<Address>,
    /// Chats whose parked messages came back before their time, since their people had written.
    tried: HashSet<Address>,
}

/// What stands before a message of a chat that is not new.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// Parked messages of the same chat, which may leave by now.
    Returning,
    /// Parked messages of the same chat, which WhatsApp has refused once more: until then.
    Parked(Timestamp),
}

impl Newcomers {
    /// When something is to be done.
    pub(super) fn timer(&self) -> Option<Instant> {
        self.back_at.map(|(_, at)| at)
    }

    /// Until when WhatsApp lets no new chats begin.
    pub(super) fn restricted_until(&self) -> Option<Timestamp> {
        self.restricted.map(|(_, until)| until)
    }

    /// A message of this chat has left: the next is of no new chat.
    pub(super) fn begun(&mut self, chat: &Address) {
        if self.begun.len() >= CAPACITY {
            self.begun.clear();
        }
        self.begun.insert(chat.clone());
    }

    /// The pace has changed: what waits for the next day may perhaps go today.
    pub(super) fn look_again(&mut self) {
        if self.restricted.is_none()
            && let Some((until, at)) = &mut self.back_at
        {
            (*until, *at) = (Timestamp::from_millis(0), Instant::now());
        }
    }

    /// A message was parked that goes to this person, whichever way it is addressed.
    pub(super) fn park(&mut self, ways: [&Address; 2]) {
        self.parked.extend(ways.map(Clone::clone));
    }

    /// What stands before a message of a chat that is not new: those parked earlier leave first.
    pub(super) fn before(&mut self, ways: [&Address; 2]) -> Before {
        let Some((until, _)) = self.back_at else { return Before::Nothing };
        if !ways.iter().any(|way| self.parked.contains(way)) {
            return Before::Nothing;
        }
        if ways.iter().any(|way| self.tried.contains(way)) {
            return Before::Parked(until);
        }
        self.tried.extend(ways.map(Clone::clone));
        Before::Returning
    }

    fn wait_until(&mut self, now: Timestamp, until: Timestamp) {
        if self.back_at.is_none_or(|(at, _)| until < at) {
            self.back_at = Some((until, Instant::now() + until.since(now).max(LEAST)));
        }
    }
}

impl Actor {
    /// Whether a message would begin a chat. Asked only while it matters.
    pub(super) async fn is_new_chat(&self, message: &Message) -> PortResult<bool> {
        let newcomers = &self.lane.newcomers;
        let matters = newcomers.restricted.is_some() || self.lane.pacer.counts_new_chats();
        if !matters || !message.chat.is_person() || newcomers.begun.contains(&message.chat) {
            return Ok(false);
        }
        let mut contact = ContactIds::of(&message.chat);
        if let Some(link) = &self.device.link {
            contact = link.known(contact).await;
        }
        Ok(!self.shared.ports.messages.has_written_with(self.key, &contact).await?)
    }

    /// Whether a new chat may begin now; else from when on. Parked messages come back by themselves then.
    pub(super) fn may_begin(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        let barred = match self.lane.newcomers.restricted {
            Some((_, until)) => Some(until),
            None => self.lane.pacer.new_chat(now).err(),
        };
        if let Some(until) = barred {
            self.lane.newcomers.wait_until(now, until);
        }
        barred.map_or(Ok(()), Err)
    }

    /// WhatsApp lets the account begin no new chats; returns until when.
    pub(super) fn restrict(&mut self, restriction: Restriction, until: Option<Timestamp>) -> Timestamp {
        let now = self.shared.env.now();
        let until = until.filter(|until| *until > now).unwrap_or_else(|| now.plus(UNTOLD));
        self.lane.newcomers.restricted = Some((restriction, until));
        self.lane.newcomers.wait_until(now, until);
        self.tell_restriction();
        until
    }

    /// Shows the restriction, if there is one.
    pub(super) fn tell_restriction(&mut self) {
        let Some((restriction, until)) = self.lane.newcomers.restricted else { return };
        let message = match restriction {
            Restriction::ReachOut => "WhatsApp lets this account write only to people who have written to it",
            Restriction::NewChats => "WhatsApp lets this account begin no more new chats for now",
        };
        let message = format!("{message}, until {until}; such messages wait, all others go out");
        self.signal(Signal::Restricted, Some(Reason::new(restriction.code(), message)));
    }

    /// Brings parked messages back when their time has come.
    pub(super) fn ease(&mut self) {
        let Some((until, at)) = self.lane.newcomers.back_at else { return };
        let now = self.shared.env.now();
        if Instant::now() < at || now < until {
            if Instant::now() >= at {
                self.lane.newcomers.back_at = Some((until, Instant::now() + until.since(now).max(LEAST)));
            }
            return;
        }
        self.lane.newcomers.back_at = None;
        self.lane.newcomers.tried.clear();
        if self.lane.newcomers.restricted.take().is_some() {
            self.signal(Signal::Eased, None);
        }
        self.bring_back();
    }

    /// Puts parked messages back to their places; those that still may not leave are parked again.
    pub(super) fn bring_back(&mut self) {
        self.lane.newcomers.parked.clear();
        self.outbox.push(Entry::Unpark);
        self.lane.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parked_messages_of_a_chat_return_once_and_then_hold_those_behind_them() {
        let mut newcomers = Newcomers::default();
        let (pn, lid, until) =
            (Address::pn("6281234567890"), Address::lid("9"), Timestamp::from_millis(5_000));
        let other = Address::pn("6281234567891");
        assert_eq!(newcomers.before([&pn, &pn]), Before::Nothing);
        newcomers.wait_until(Timestamp::from_millis(0), until);
        newcomers.park([&pn, &pn]);
        assert_eq!(newcomers.before([&other, &other]), Before::Nothing);
        assert_eq!(newcomers.before([&pn, &lid]), Before::Returning, "the LID was learned meanwhile");
        assert_eq!(newcomers.before([&pn, &lid]), Before::Parked(until), "refused once more");
    }
}
