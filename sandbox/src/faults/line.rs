//! One direction of a connection whose stanzas may be late or shuffled.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chance::shuffle;
use super::effect::Effect;
use crate::clock::{Clock, Moment};

/// Longest time that stanzas are held to be shuffled.
const HOLD: Duration = Duration::from_secs(1);

/// Stanzas (or whatever stands for them) on their way.
pub(crate) struct Line<T> {
    clock: Clock,
    /// By the moment they are due, in the order they came.
    waiting: BTreeMap<(Moment, u64), T>,
    came: u64,
    /// Until when whatever comes waits behind a late one.
    behind: Option<Moment>,
    held: Vec<T>,
    /// How many are held before they go on, and how long at most.
    hold: Option<(usize, Moment)>,
}

impl<T> Line<T> {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, waiting: BTreeMap::new(), came: 0, behind: None, held: Vec::new(), hold: None }
    }

    /// Whether nothing is on its way.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.held.is_empty()
    }

    /// Adds one; what is due comes out of [`Line::due`]. An effect that is not about time is none.
    pub(crate) fn put(&mut self, item: T, effect: Option<&Effect>) {
        let now = self.clock.moment();
        if let Some(Effect::Reorder { hold }) = effect {
            self.hold.get_or_insert((*hold, now.after(HOLD)));
        }
        if let Some((hold, _)) = self.hold {
            self.held.push(item);
            if self.held.len() >= hold {
                self.let_go();
            }
            return;
        }
        let due = match effect {
            Some(Effect::Delay { ms, keep_order }) => {
                let late = now.after(Duration::from_millis(*ms));
                if *keep_order { self.behind(late) } else { late }
            }
            _ => self.behind(now),
        };
        self.wait(due, item);
    }

    /// The moment at which something that wants to go at `at` can, behind what is late already.
    fn behind(&mut self, at: Moment) -> Moment {
        let due = self.behind.map_or(at, |behind| behind.max(at));
        self.behind = Some(due);
        due
    }

    fn wait(&mut self, due: Moment, item: T) {
        self.came += 1;
        self.waiting.insert((due, self.came), item);
    }

    /// Lets go of what is held, shuffled.
    fn let_go(&mut self) {
        self.hold = None;
        let mut held = std::mem::take(&mut self.held);
        shuffle(&mut held, self.came);
        let due = self.behind(self.clock.moment());
        for item in held {
            self.wait(due, item);
        }
    }

    /// What has become due, in order.
    pub(crate) fn due(&mut self) -> Vec<T> {
        let now = self.clock.moment();
        if self.hold.is_some_and(|(_, until)| until <= now) {
            self.let_go();
        }
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry()
            && first.key().0 <= self.clock.moment()
        {
            due.push(first.remove());
        }
        due
    }

    /// Makes everything due, in the order in which it would have become so.
    pub(crate) fn rush(&mut self) {
        self.let_go();
        self.behind = None;
        let now = self.clock.moment();
        for item in std::mem::take(&mut self.waiting).into_values() {
            self.wait(now, item);
        }
    }

    /// Waits until something is due; for ever when nothing is on its way.
    pub(crate) async fn wait_due(&self) {
        let first = self.waiting.first_key_value().map(|((due, _), _)| *due);
        let held = self.hold.map(|(_, until)| until);
        match first.into_iter().chain(held).min() {
            Some(due) => self.clock.sleep_until(due).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(ms: u64, keep_order: bool) -> Option<Effect> {
        Some(Effect::Delay { ms, keep_order })
    }

    fn run(script: &[(u32, Option<Effect>)], passing: u64) -> (Vec<u32>, Vec<u32>) {
        let clock = Clock::default();
        let mut line = Line::new(clock.clone());
        for (item, effect) in script {
            line.put(*item, effect.as_ref());
        }
        let at_once = line.due();
        clock.advance(Duration::from_secs(passing));
        (at_once, line.due())
    }

    #[test]
    fn what_is_late_holds_up_what_follows_or_is_overtaken() {
        let hour = 3_600_000;
        assert_eq!(run(&[(1, None), (2, None)], 0), (vec![1, 2], vec![]));
        assert_eq!(run(&[(1, late(hour, true)), (2, None), (3, None)], 3600), (vec![], vec![1, 2, 3]));
        assert_eq!(run(&[(1, late(hour, false)), (2, None), (3, None)], 3600), (vec![2, 3], vec![1]));
        assert_eq!(run(&[(1, late(hour, true)), (2, late(hour, true))], 1800), (vec![], vec![]));
    }

    #[test]
    fn held_stanzas_go_on_shuffled_when_there_are_enough_or_in_the_end() {
        let hold = || Some(Effect::Reorder { hold: 3 });
        let (mut shuffled, later) = run(&[(1, hold()), (2, None), (3, None), (4, None)], 0);
        assert_eq!((later, shuffled.pop()), (vec![], Some(4)));
        assert_ne!(shuffled, [1, 2, 3]);
        shuffled.sort_unstable();
        assert_eq!(shuffled, [1, 2, 3]);
        assert_eq!(run(&[(1, hold()), (2, None)], 2), (vec![], vec![2, 1]));
    }

    #[test]
    fn in_a_rush_nothing_waits() {
        let mut line = Line::new(Clock::default());
        for (item, effect) in [(1, late(60_000, false)), (2, None), (3, late(60_000, true)), (4, None)] {
            line.put(item, effect.as_ref());
        }
        line.rush();
        assert_eq!(line.due(), [2, 1, 3, 4]);
        line.put(5, None);
        assert_eq!(line.due(), [5]);
    }

    #[tokio::test]
    async fn waiting_ends_when_something_is_due() {
        let clock = Clock::default();
        let mut line = Line::new(clock.clone());
        line.put(1, late(3_600_000, true).as_ref());
        let pass = async {
            clock.advance(Duration::from_secs(3600));
        };
        tokio::join!(line.wait_due(), pass);
        assert_eq!(line.due(), [1]);
        assert!(line.is_empty());
    }
}
