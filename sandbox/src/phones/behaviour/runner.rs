//! Does what phones have planned when its time has come: in order per phone, a few phones at a
//! time. Plans are stored until they are done, so a stop only delays them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::{Simulated, sink};
use super::plan::Plan;

/// Phones that act at the same time.
const HANDS: usize = 16;

/// A stored plan.
#[derive(Debug, Clone)]
pub(in super::super) struct StoredPlan {
    /// Its row.
    pub(in super::super) seq: i64,
    pub(in super::super) pn: String,
    pub(in super::super) plan: Plan,
}

/// All plans that wait, and who is at work.
pub(in super::super) struct Runner {
    waiting: Mutex<BTreeMap<(u64, i64), StoredPlan>>,
    /// Plans that are due, by phone; a phone is in it while something works on its plans.
    lanes: Mutex<HashMap<String, VecDeque<StoredPlan>>>,
    bell: Arc<Notify>,
    hands: Semaphore,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Runner {
    pub(in super::super) fn new(stored: Vec<StoredPlan>) -> Self {
        let runner = Self {
            waiting: Mutex::default(),
            lanes: Mutex::default(),
            bell: Arc::default(),
            hands: Semaphore::new(HANDS),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        runner.add(stored);
        runner
    }

    /// Takes plans that were stored just now.
    pub(in super::super) fn add(&self, stored: Vec<StoredPlan>) {
        if stored.is_empty() {
            return;
        }
        let keyed = stored.into_iter().map(|plan| ((plan.plan.due, plan.seq), plan));
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(keyed);
        self.bell.notify_one();
    }

    /// Starts to work; the phones must be attached to their network.
    pub(in super::super) fn start(&self, phones: Weak<Simulated>) {
        self.tasks.spawn(sink::keep(phones.clone(), self.stop.clone()));
        self.tasks.spawn(watch(phones, Arc::clone(&self.bell), self.stop.clone()));
    }

    /// Stops after the steps at hand; what waits stays stored.
    pub(in super::super) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(in super::super) fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<String, VecDeque<StoredPlan>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what is due to its lane and answers when the next one is.
    fn sort_out(&self, phones: &Arc<Simulated>, now: u64) -> Option<u64> {
        loop {
            let stored = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let first = waiting.first_entry()?;
                if first.key().0 > now {
                    return Some(first.key().0);
                }
                first.remove()
            };
            let pn = stored.pn.clone();
            let mut lanes = self.lanes();
            if let Some(lane) = lanes.get_mut(&pn) {
                lane.push_back(stored);
            } else {
                lanes.insert(pn.clone(), VecDeque::from([stored]));
                let phones = Arc::clone(phones);
                self.tasks.spawn(async move { phones.runner.work(&phones, pn).await });
            }
        }
    }

    /// Does the steps of one phone until none is due.
    async fn work(&self, phones: &Simulated, pn: String) {
        loop {
            let Some(stored) = ({
                let mut lanes = self.lanes();
                let next = lanes.get_mut(&pn).and_then(VecDeque::pop_front);
                if next.is_none() {
                    lanes.remove(&pn);
                }
                next
            }) else {
                return;
            };
            let Ok(_hand) = self.hands.acquire().await else { return };
            if self.is_stopped() {
                return;
            }
            let done = phones.perform(&stored).await;
            if let Err(error) = done {
                if self.is_stopped() {
                    return;
                }
                tracing::warn!(pn, step = ?stored.plan.step, %error, "phone could not do what it had planned");
            }
            if let Err(error) = phones.store.forget_plan(stored.seq).await {
                tracing::error!(pn, error = %format!("{error:#}"), "a plan that is done cannot be removed");
            }
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop.cancel();
        self.bell.notify_one();
    }
}

/// Waits for the next plan until the phones are gone.
async fn watch(phones: Weak<Simulated>, bell: Arc<Notify>, stop: CancellationToken) {
    while let Some(strong) = phones.upgrade().filter(|_| !stop.is_cancelled()) {
        let next = strong.runner.sort_out(&strong, strong.clock.unix_millis());
        let clock = strong.clock.clone();
        drop(strong);
        let due = async {
            match next {
                Some(due) => clock.sleep_until_unix_millis(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = bell.notified() => {}
            () = due => {}
        }
    }
}
