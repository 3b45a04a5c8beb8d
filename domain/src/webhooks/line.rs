//! What a webhook is still to be told: in order per chat, several chats at a time.
//!
//! Pure: no clock, no database. Whoever drives it brings events in, starts what may start, says how it ended, and writes
//! down what [`Line::writes`] gives. Events that only stand in memory hold the cursor back; those that have to wait
//! for long are written down as deliveries of their own, so that one chat's trouble holds up no other.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::{Delivery, DeliveryState};
use crate::{DeliveryId, Timestamp};

/// Events in memory that nothing is written down of: after a crash they are read again.
const UNWRITTEN_AT_MOST: usize = 512;
/// Deliveries in memory.
const HELD_AT_MOST: usize = 2_048;

/// A delivery in the line.
#[derive(Debug)]
struct Item {
    delivery: Delivery,
    /// Whether it stands in the database as waiting.
    written: bool,
}

#[derive(Debug, Default)]
struct Order {
    items: VecDeque<Item>,
    busy: bool,
    retry_at: Option<Timestamp>,
}

/// Deliveries that have not ended.
#[derive(Debug, Default)]
pub struct Line {
    read_to: u64,
    orders: HashMap<String, Order>,
    ready: VecDeque<String>,
    retries: BTreeSet<(Timestamp, String)>,
    unwritten: BTreeSet<u64>,
    held: HashSet<DeliveryId>,
    changed: HashMap<DeliveryId, Delivery>,
    under_way: usize,
}

impl Line {
    /// The line of a webhook whose events up to this place are taken care of.
    #[must_use]
    pub fn new(cursor: u64) -> Self {
        Self { read_to: cursor, ..Self::default() }
    }

    /// The place up to which events have been read.
    #[must_use]
    pub const fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Whether more events should be read.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.unwritten.len() < UNWRITTEN_AT_MOST && self.held.len() < HELD_AT_MOST
    }

    /// Whether more of those that wait in the database should be loaded.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.held.len() < HELD_AT_MOST / 2
    }

    /// Deliveries under way.
    #[must_use]
    pub const fn under_way(&self) -> usize {
        self.under_way
    }

    /// Whether a delivery is in the line.
    #[must_use]
    pub fn holds(&self, id: DeliveryId) -> bool {
        self.held.contains(&id)
    }

    /// Takes in the delivery of an event that was read.
    pub fn take_event(&mut self, delivery: Delivery) {
        self.read_to = self.read_to.max(delivery.seq);
        self.take(delivery, false);
    }

    /// Notes that everything up to this place was read.
    pub fn passed(&mut self, place: u64) {
        self.read_to = self.read_to.max(place);
    }

    /// Takes in a delivery that waits in the database.
    pub fn take_waiting(&mut self, delivery: Delivery) {
        self.take(delivery, true);
    }

    fn take(&mut self, delivery: Delivery, written: bool) {
        if !self.held.insert(delivery.id) {
            return;
        }
        if !written {
            self.unwritten.insert(delivery.seq);
        }
        let name = delivery.order.clone();
        let order = self.orders.entry(name.clone()).or_default();
        let first = order.items.is_empty() && !order.busy;
        let retry_at = delivery.next_at.filter(|_| first && delivery.tries > 0);
        order.items.push_back(Item { delivery, written });
        if let Some(at) = retry_at {
            order.retry_at = Some(at);
            self.retries.insert((at, name.clone()));
        } else if first {
            self.ready.push_back(name.clone());
        }
        if self.orders.get(&name).is_some_and(|order| order.retry_at.is_some()) {
            self.write_down(&name);
        }
    }

    /// The next delivery that may start at this moment; one of each order at a time.
    pub fn start(&mut self, now: Timestamp) -> Option<Delivery> {
        while let Some((at, name)) = self.retries.first().cloned() {
            if at > now {
                break;
            }
            self.retries.pop_first();
            if let Some(order) = self.orders.get_mut(&name) {
                order.retry_at = None;
            }
            self.ready.push_back(name);
        }
        let name = self.ready.pop_front()?;
        let order = self.orders.get_mut(&name)?;
        let item = order.items.front()?;
        order.busy = true;
        self.under_way += 1;
        Some(item.delivery.clone())
    }

    /// When something may start that may not now.
    #[must_use]
    pub fn next_start(&self) -> Option<Timestamp> {
        self.retries.first().map(|(at, _)| *at)
    }

    /// Whether something may start.
    #[must_use]
    pub fn is_ready(&self, now: Timestamp) -> bool {
        !self.ready.is_empty() || self.next_start().is_some_and(|at| at <= now)
    }

    /// Everything that waits for another try may start: the endpoint is well again.
    pub fn hurry(&mut self) {
        for (_, name) in std::mem::take(&mut self.retries) {
            if let Some(order) = self.orders.get_mut(&name) {
                order.retry_at = None;
            }
            self.ready.push_back(name);
        }
    }

    /// Notes how a delivery that was started has ended, or that it waits for another try.
    pub fn settle(&mut self, delivery: Delivery) {
        let name = delivery.order.clone();
        let Some(order) = self.orders.get_mut(&name).filter(|order| order.busy) else { return };
        order.busy = false;
        self.under_way -= 1;
        let (seq, id) = (delivery.seq, delivery.id);
        self.changed.insert(id, delivery.clone());
        self.unwritten.remove(&seq);
        if delivery.state == DeliveryState::Waiting {
            let at = delivery.next_at.unwrap_or_default();
            order.retry_at = Some(at);
            if let Some(front) = order.items.front_mut() {
                *front = Item { delivery, written: true };
            }
            self.retries.insert((at, name.clone()));
            self.write_down(&name);
            return;
        }
        order.items.pop_front();
        self.held.remove(&id);
        if order.items.is_empty() {
            self.orders.remove(&name);
        } else {
            self.ready.push_back(name);
        }
    }

    /// Lets those behind a delivery that waits for long wait in the database, so that they hold the cursor no more.
    fn write_down(&mut self, name: &str) {
        let Some(order) = self.orders.get_mut(name) else { return };
        for item in order.items.iter_mut().filter(|item| !item.written) {
            item.written = true;
            self.unwritten.remove(&item.delivery.seq);
            self.changed.insert(item.delivery.id, item.delivery.clone());
        }
    }

    /// The place up to which nothing is only in memory.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.unwritten.first().map_or(self.read_to, |first| first.saturating_sub(1))
    }

    /// Whether there is something to write.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// How much there is to write.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.changed.len()
    }

    /// What has to be written, with the cursor that holds once it is.
    pub fn writes(&mut self) -> (u64, Vec<Delivery>) {
        (self.cursor(), std::mem::take(&mut self.changed).into_values().collect())
    }

    /// It could not be written: it is still to be.
    pub fn not_written(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            self.changed.entry(delivery.id).or_insert(delivery);
        }
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
