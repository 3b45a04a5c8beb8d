//! Loaded phones, bounded: a hundred thousand numbers must not all sit in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::account::Phone;

/// Phones kept loaded; one takes about 1 KiB.
pub(super) const CAPACITY: usize = 8192;

struct Slot {
    phone: Arc<Phone>,
    used: u64,
}

#[derive(Default)]
struct Inner {
    by_pn: HashMap<String, Slot>,
    pn_of_lid: HashMap<String, String>,
    clock: u64,
}

/// Least-recently-used cache by number and LID. A phone in use is never dropped: its lock
/// must stay the only one.
pub(super) struct Cache {
    capacity: usize,
    inner: Mutex<Inner>,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, user: &str) -> Option<Arc<Phone>> {
        let mut inner = self.lock();
        inner.clock += 1;
        let clock = inner.clock;
        let Inner { by_pn, pn_of_lid, .. } = &mut *inner;
        let pn = pn_of_lid.get(user).map_or(user, String::as_str);
        let slot = by_pn.get_mut(pn)?;
        slot.used = clock;
        Some(slot.phone.clone())
    }

    /// Lets go of a phone whose keys or number have changed.
    pub(super) fn forget(&self, pn: &str) {
        let mut inner = self.lock();
        if let Some(slot) = inner.by_pn.remove(pn) {
            inner.pn_of_lid.remove(&slot.phone.info.lid);
        }
    }

    /// Keeps a loaded phone; when another task was faster, its copy wins.
    pub(super) fn insert(&self, phone: Phone) -> Arc<Phone> {
        let mut inner = self.lock();
        inner.clock += 1;
        let clock = inner.clock;
        if inner.by_pn.len() >= self.capacity {
            inner.drop_idle(self.capacity / 2);
        }
        let pn = phone.info.pn.clone();
        inner.pn_of_lid.insert(phone.info.lid.clone(), pn.clone());
        inner.by_pn.entry(pn).or_insert_with(|| Slot { phone: Arc::new(phone), used: clock }).phone.clone()
    }
}

impl Inner {
    fn drop_idle(&mut self, keep: usize) {
        let mut idle: Vec<(u64, String)> = self
            .by_pn
            .iter()
            .filter(|(_, slot)| Arc::strong_count(&slot.phone) == 1)
            .map(|(pn, slot)| (slot.used, pn.clone()))
            .collect();
        idle.sort_unstable();
        let excess = self.by_pn.len().saturating_sub(keep);
        for (_, pn) in idle.into_iter().take(excess) {
            if let Some(slot) = self.by_pn.remove(&pn) {
                self.pn_of_lid.remove(&slot.phone.info.lid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::account::{Keys, derive_lid};
    use super::*;
    use crate::ports::AccountInfo;

    fn phone(pn: &str) -> Phone {
        let keys = Keys::generate(0).expect("keys");
        let info = AccountInfo {
            pn: pn.into(),
            lid: derive_lid(pn, 0),
            push_name: "x".into(),
            identity: keys.identity_public(),
            adv_raw_id: 1,
        };
        Phone::new(info, keys)
    }

    #[test]
    fn idle_phones_leave_and_used_ones_stay() {
        let cache = Cache::new(4);
        let held = cache.insert(phone("1"));
        for n in 2..40 {
            cache.insert(phone(&n.to_string()));
        }
        let (phones, lids) = {
            let inner = cache.lock();
            (inner.by_pn.len(), inner.pn_of_lid.len())
        };
        assert!(phones <= 4, "bounded, not {phones}");
        assert_eq!(phones, lids);
        let again = cache.get(&derive_lid("1", 0)).expect("held phone is still there, by LID");
        assert!(Arc::ptr_eq(&held, &again));
        assert!(cache.get("2").is_none());
    }
}
