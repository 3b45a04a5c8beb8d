//! The newest events, and finding some of them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::event::{Event, EventKind};

/// Which events are wanted; what is `None` or empty accepts all.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Phone number digits of an account.
    pub number: Option<u64>,
    /// Device of the account.
    pub device: Option<u16>,
    /// A connection.
    pub connection: Option<u64>,
    /// Kinds.
    pub kinds: Vec<EventKind>,
}

impl EventFilter {
    fn accepts(&self, event: &Event) -> bool {
        self.number.is_none_or(|number| event.number == Some(number))
            && self.device.is_none_or(|device| event.device == Some(device))
            && self.connection.is_none_or(|connection| event.connection == Some(connection))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
    }
}

/// Some events, the oldest first.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// The events.
    pub items: Vec<Arc<Event>>,
    /// Pass it as `after` to go on.
    pub next: u64,
    /// Events behind `after` that the ring had lost already.
    pub lost: u64,
}

/// A bounded list without holes in its numbers.
pub(super) struct Ring {
    events: VecDeque<Arc<Event>>,
    capacity: usize,
    /// Number of the next event.
    next: u64,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { events: VecDeque::new(), capacity, next: 1 }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn push(&mut self, mut event: Event) -> Arc<Event> {
        event.seq = self.next;
        self.next += 1;
        let event = Arc::new(event);
        if self.events.len() >= self.capacity {
            self.events.pop_front();
        }
        self.events.push_back(Arc::clone(&event));
        event
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
    }

    pub(super) fn page(&self, after: u64, filter: &EventFilter, limit: usize) -> EventPage {
        let newest = self.next - 1;
        let oldest = self.events.front().map_or(self.next, |event| event.seq);
        let lost = oldest.saturating_sub(after + 1);
        let skip = usize::try_from((after + 1).saturating_sub(oldest)).unwrap_or(usize::MAX);
        let mut items = Vec::new();
        for event in self.events.iter().skip(skip).filter(|event| filter.accepts(event)) {
            if items.len() == limit {
                let next = items.last().map_or(after, |event: &Arc<Event>| event.seq);
                return EventPage { items, next, lost };
            }
            items.push(Arc::clone(event));
        }
        EventPage { items, next: newest.max(after), lost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64, kind: EventKind) -> Event {
        Event { number: Some(number), ..Event::new(kind) }
    }

    fn seqs(page: &EventPage) -> Vec<u64> {
        page.items.iter().map(|event| event.seq).collect()
    }

    #[test]
    fn pages_cover_every_event_once_and_name_what_was_lost() {
        let mut ring = Ring::new(5);
        for _ in 0..8 {
            ring.push(event(1, EventKind::Stanza));
        }
        let all = EventFilter::default();
        let first = ring.page(0, &all, 3);
        assert_eq!((seqs(&first), first.next, first.lost), (vec![4, 5, 6], 6, 3));
        let second = ring.page(first.next, &all, 3);
        assert_eq!((seqs(&second), second.next, second.lost), (vec![7, 8], 8, 0));
        let third = ring.page(second.next, &all, 3);
        assert_eq!((seqs(&third), third.next), (vec![], 8));
    }

    #[test]
    fn filters_pick_and_the_cursor_passes_the_rest() {
        let mut ring = Ring::new(10);
        for (number, kind) in [(1, EventKind::Login), (2, EventKind::Stanza), (1, EventKind::Stanza)] {
            ring.push(event(number, kind));
        }
        let of_one = EventFilter { number: Some(1), kinds: vec![EventKind::Stanza], ..Default::default() };
        assert_eq!(seqs(&ring.page(0, &of_one, 10)), [3]);
        let nobody = EventFilter { number: Some(9), ..Default::default() };
        assert_eq!(ring.page(0, &nobody, 10).next, 3);
        ring.clear();
        assert_eq!(seqs(&ring.page(0, &of_one, 10)), [0; 0]);
        assert_eq!(ring.push(event(1, EventKind::Login)).seq, 4, "numbers go on");
    }
}
