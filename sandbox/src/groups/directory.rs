//! All groups in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, Result};

use super::group::{Group, GroupId};
use super::refusal::Refusal;
use crate::core::Core;

/// Every group of the network.
#[derive(Default)]
pub(crate) struct Groups {
    known: RwLock<Known>,
    /// Held while a change is made, stored and announced, so that all three happen in one order.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Known {
    groups: HashMap<GroupId, Arc<Group>>,
    /// Groups of a phone number.
    of: HashMap<u64, BTreeSet<GroupId>>,
}

impl Known {
    fn set(&mut self, id: GroupId, group: Option<Group>) {
        if let Some(old) = self.groups.remove(&id) {
            for pn in old.members.keys() {
                if let Some(ids) = self.of.get_mut(pn) {
                    ids.remove(&id);
                }
            }
        }
        if let Some(group) = group {
            for pn in group.members.keys() {
                self.of.entry(*pn).or_default().insert(id);
            }
            self.groups.insert(id, Arc::new(group));
        }
    }
}

impl Groups {
    fn look<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A group.
    pub(crate) fn get(&self, id: GroupId) -> Option<Arc<Group>> {
        self.look(|known| known.groups.get(&id).cloned())
    }

    /// Every group, in order of their numbers.
    pub(crate) fn all(&self) -> Vec<Arc<Group>> {
        let mut all: Vec<Arc<Group>> = self.look(|known| known.groups.values().cloned().collect());
        all.sort_unstable_by_key(|group| group.id);
        all
    }

    /// Groups that somebody is a member of.
    pub(crate) fn of(&self, pn: u64) -> Vec<Arc<Group>> {
        self.look(|known| {
            let ids = known.of.get(&pn).into_iter().flatten();
            ids.filter_map(|id| known.groups.get(id).cloned()).collect()
        })
    }

    /// The group that a link's code leads to.
    pub(crate) fn by_code(&self, code: &str) -> Result<Arc<Group>, Refusal> {
        let mut refusal = Refusal::WrongCode;
        for group in self.all() {
            match group.admission.check(code) {
                Ok(()) => return Ok(group),
                Err(Refusal::RevokedCode) => refusal = Refusal::RevokedCode,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    /// Groups linked with a community.
    pub(crate) fn children(&self, parent: GroupId) -> Vec<Arc<Group>> {
        let mut all = self.all();
        all.retain(|group| group.parent() == Some(parent));
        all
    }

    /// Everybody who shares a group with somebody.
    pub(crate) fn companions_of(&self, pn: u64) -> HashSet<u64> {
        let groups = self.of(pn);
        groups.iter().flat_map(|group| group.members.keys().copied()).filter(|other| *other != pn).collect()
    }

    pub(super) fn snapshot<T>(&self, look: impl FnOnce(&HashMap<GroupId, Arc<Group>>) -> T) -> T {
        self.look(|known| look(&known.groups))
    }

    pub(super) fn apply(&self, changed: BTreeMap<GroupId, Option<Group>>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (id, group) in changed {
            known.set(id, group);
        }
    }
}

impl Core {
    /// Loads what an earlier start has stored.
    pub(crate) async fn load_groups(&self) -> Result<()> {
        let mut loaded = BTreeMap::new();
        for body in self.state.load_groups().await? {
            let group: Group = serde_json::from_str(&body).context("a stored group is damaged")?;
            loaded.insert(group.id, Some(group));
        }
        self.groups.apply(loaded);
        Ok(())
    }
}
