//! Communities: groups that are linked with a common parent.

use std::collections::BTreeSet;

use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::group::{Group, GroupId, Person, Place, Role};
use super::joining::{Joined, Method};
use super::refusal::Refusal;
use super::work::Work;
use crate::nodes::empty;

/// Groups of a community at most, the announcement group included. Our own model.
const GROUP_LIMIT: usize = 100;

impl Work<'_> {
    /// Links a group with a community; its members become members of the community.
    pub(crate) fn link(&mut self, parent: GroupId, id: GroupId) -> Result<(), Refusal> {
        self.may_link(parent)?;
        let group = self.get(id)?;
        group.needs_admin(self.actor.pn)?;
        if group.place != Place::Alone {
            return Err(Refusal::NotAllowed);
        }
        if self.children(parent).len() >= GROUP_LIMIT {
            return Err(Refusal::Full);
        }
        let members: Vec<Person> = group.members.keys().filter_map(|pn| group.person(*pn)).collect();
        self.edit(id)?.place = Place::SubGroup { parent, role: Role::Linked };
        let linked = self.get(id)?;
        let down = NodeBuilder::new("link").attr("link_type", "parent_group");
        let down = down.children([named(self.get(parent)?)]).build();
        let up = NodeBuilder::new("link").attr("link_type", "sub_group").children([named(linked)]).build();
        self.announce(id, &[], down);
        self.announce(parent, &[], up);
        self.admit(parent, &members, None)
    }

    /// Ends the link of a group with a community. With `orphans`, those leave the community who
    /// are in no other of its groups.
    pub(crate) fn unlink(&mut self, parent: GroupId, id: GroupId, orphans: bool) -> Result<(), Refusal> {
        let community = self.get(parent)?;
        let group = self.get(id)?;
        if group.parent() != Some(parent) || group.role() == Some(Role::Announcements) {
            return Err(Refusal::NotAllowed);
        }
        if !group.is_admin(self.actor.pn) {
            community.needs_admin(self.actor.pn)?;
        }
        let members: Vec<Person> = group.members.keys().filter_map(|pn| group.person(*pn)).collect();
        self.part(parent, id, "unlink_group")?;
        if !orphans {
            return Ok(());
        }
        let announcements = self.announcements(parent);
        let mut kept: BTreeSet<u64> = BTreeSet::new();
        for other in self.children(parent).into_iter().filter(|other| Some(*other) != announcements) {
            kept.extend(self.get(other)?.members.keys());
        }
        let community = self.get(parent)?;
        let orphan = |person: &Person| !kept.contains(&person.pn) && !community.is_admin(person.pn);
        let orphans: Vec<Person> = members.into_iter().filter(orphan).collect();
        for id in std::iter::once(parent).chain(announcements) {
            self.expel(id, &orphans)?;
        }
        Ok(())
    }

    fn part(&mut self, parent: GroupId, id: GroupId, reason: &'static str) -> Result<(), Refusal> {
        let action = |kind: &'static str, other: Node| {
            let unlink = NodeBuilder::new("unlink").attr("unlink_type", kind).attr("unlink_reason", reason);
            unlink.children([other]).build()
        };
        let down = action("parent_group", named(self.get(parent)?));
        let up = action("sub_group", named(self.get(id)?));
        self.edit(id)?.place = Place::Alone;
        self.announce(id, &[], down);
        self.announce(parent, &[], up);
        Ok(())
    }

    /// Dissolves a community: its announcement group goes with it, its groups stay by themselves.
    pub(crate) fn dissolve(&mut self, parent: GroupId) -> Result<(), Refusal> {
        let community = self.get(parent)?;
        if !community.is_community() {
            return Err(Refusal::NotAllowed);
        }
        community.needs_admin(self.actor.pn)?;
        let announcements = self.announcements(parent);
        for id in self.children(parent).into_iter().filter(|id| Some(*id) != announcements) {
            self.part(parent, id, "delete_parent")?;
        }
        for id in announcements.into_iter().chain([parent]) {
            self.announce(id, &[], empty("delete"));
            self.delete(id);
        }
        Ok(())
    }

    /// The actor, a member of the community, joins one of its groups.
    pub(crate) fn join_linked(&mut self, parent: GroupId, id: GroupId) -> Result<Joined, Refusal> {
        self.get(parent)?.needs_member(self.actor.pn)?;
        if self.get(id)?.parent() != Some(parent) {
            return Err(Refusal::NoSuchGroup);
        }
        self.join(id, Method::LinkedGroupJoin)
    }
}

/// A group as notifications of links name it.
fn named(group: &Group) -> Node {
    NodeBuilder::new("group")
        .attr("jid", group.id.jid())
        .attr("subject", group.subject.text.as_str())
        .attr("s_t", group.subject.at)
        .build()
}
