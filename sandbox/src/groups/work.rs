//! Changes to groups that are made together or not at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use wacore_binary::Node;

use super::group::{Group, GroupId, Person, Role};
use super::notice::Notice;
use super::refusal::Refusal;

/// A copy of the groups a rule touches, and what is to be told.
pub(crate) struct Work<'a> {
    groups: &'a HashMap<GroupId, Arc<Group>>,
    /// `None`: to be deleted.
    changed: BTreeMap<GroupId, Option<Group>>,
    notices: Vec<Notice>,
    /// Who does it.
    pub(crate) actor: Person,
    /// Unix seconds.
    pub(crate) now: u64,
}

/// What a rule has left behind.
pub(super) struct Done {
    pub(super) changed: BTreeMap<GroupId, Option<Group>>,
    pub(super) notices: Vec<Notice>,
    /// As members know them from before the change.
    pub(super) actor: Person,
}

impl<'a> Work<'a> {
    pub(super) fn new(groups: &'a HashMap<GroupId, Arc<Group>>, actor: Person, now: u64) -> Self {
        Self { groups, changed: BTreeMap::new(), notices: Vec::new(), actor, now }
    }

    pub(super) fn done(self) -> Done {
        Done { changed: self.changed, notices: self.notices, actor: self.actor }
    }

    /// A group as it is by now.
    pub(crate) fn get(&self, id: GroupId) -> Result<&Group, Refusal> {
        let group = match self.changed.get(&id) {
            Some(changed) => changed.as_ref(),
            None => self.groups.get(&id).map(Arc::as_ref),
        };
        group.ok_or(Refusal::NoSuchGroup)
    }

    /// A group to change.
    pub(crate) fn edit(&mut self, id: GroupId) -> Result<&mut Group, Refusal> {
        let stored = self.groups.get(&id);
        let entry = self.changed.entry(id).or_insert_with(|| stored.map(|group| Group::clone(group)));
        entry.as_mut().ok_or(Refusal::NoSuchGroup)
    }

    /// A number that no group has.
    pub(super) fn free_id(&self) -> GroupId {
        loop {
            let id = GroupId::random();
            if !self.groups.contains_key(&id) && !self.changed.contains_key(&id) {
                return id;
            }
        }
    }

    pub(super) fn put(&mut self, group: Group) {
        self.changed.insert(group.id, Some(group));
    }

    pub(super) fn delete(&mut self, id: GroupId) {
        self.changed.insert(id, None);
    }

    /// Every group that is linked with a community.
    pub(super) fn children(&self, parent: GroupId) -> Vec<GroupId> {
        let mut all: BTreeMap<GroupId, &Group> =
            self.groups.iter().map(|(id, group)| (*id, group.as_ref())).collect();
        for (id, changed) in &self.changed {
            match changed {
                Some(group) => all.insert(*id, group),
                None => all.remove(id),
            };
        }
        all.into_values().filter(|group| group.parent() == Some(parent)).map(|group| group.id).collect()
    }

    /// The announcement group of a community.
    pub(super) fn announcements(&self, parent: GroupId) -> Option<GroupId> {
        let is_it = |id: &GroupId| self.get(*id).is_ok_and(|group| group.role() == Some(Role::Announcements));
        self.children(parent).into_iter().find(is_it)
    }

    /// Tells some people.
    pub(super) fn tell(&mut self, id: GroupId, to: Vec<u64>, action: Node) {
        if let Ok(mode) = self.get(id).map(|group| group.mode)
            && !to.is_empty()
        {
            self.notices.push(Notice { group: id, mode, to, action });
        }
    }

    /// Tells everybody who is a member now, and those who have ceased to be.
    pub(super) fn announce(&mut self, id: GroupId, gone: &[u64], action: Node) {
        let Ok(group) = self.get(id) else { return };
        let to = group.members.keys().chain(gone).copied().collect();
        self.tell(id, to, action);
    }
}
