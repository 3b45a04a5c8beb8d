//! Who wants to see at once what happens to posts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::state::DeviceKey;

/// How long a subscription lasts; clients renew it.
pub(crate) const DURATION: Duration = Duration::from_secs(300);

/// Subscriptions and when they were made; not kept over a restart, clients make them anew.
#[derive(Default)]
pub(crate) struct LiveBoard {
    made: Mutex<HashMap<u64, HashMap<DeviceKey, Moment>>>,
}

impl LiveBoard {
    /// Starts or renews a subscription.
    pub(crate) fn subscribe(&self, channel: u64, device: DeviceKey, clock: &Clock) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(channel).or_default().insert(device, clock.moment());
    }

    /// Devices whose subscription lasts; others are forgotten.
    pub(super) fn subscribers(&self, channel: u64, clock: &Clock) -> Vec<DeviceKey> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(devices) = made.get_mut(&channel) else { return Vec::new() };
        devices.retain(|_, at| clock.since(*at) < DURATION);
        devices.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_ends_and_can_be_renewed() {
        let (board, clock) = (LiveBoard::default(), Clock::default());
        let device = DeviceKey { pn: 1, device: 2 };
        board.subscribe(7, device, &clock);
        assert_eq!(board.subscribers(7, &clock), [device]);
        assert_eq!(board.subscribers(8, &clock), []);
        clock.advance(DURATION / 2);
        board.subscribe(7, device, &clock);
        clock.advance(DURATION / 2);
        assert_eq!(board.subscribers(7, &clock), [device]);
        clock.advance(DURATION);
        assert_eq!(board.subscribers(7, &clock), []);
    }
}
