//! Who is in a group, and at what rank.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use wacore_binary::builder::NodeBuilder;

use super::element::element;
use super::group::{Group, GroupId, Member, Person, Place, Rank, Role};
use super::notice::{action, ranked};
use super::refusal::Refusal;
use super::work::Work;

/// Somebody who is to be added.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) person: Person,
    /// Has blocked the one who adds.
    pub(crate) blocks: bool,
    /// Lets the one who adds do so.
    pub(crate) consents: bool,
}

/// What became of one participant of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Has blocked the one who adds.
    Blocked,
    /// Only they themselves can join: their privacy settings forbid being added. They are invited.
    Forbidden,
    /// Not a member, or not on this network.
    NotFound,
    /// Cannot be removed or demoted.
    Protected,
    /// Has just left, and more than once. They are invited.
    LeftRecently,
    AlreadyMember,
    Full,
}

impl Outcome {
    /// Code for this participant on the wire.
    pub(crate) fn code(self) -> u16 {
        match self {
            Self::Done => 200,
            Self::Blocked => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Protected => 405,
            Self::LeftRecently => 408,
            Self::AlreadyMember => 409,
            Self::Full => 419,
        }
    }
}

/// Outcomes by phone number.
pub(crate) type Outcomes = BTreeMap<u64, Outcome>;

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RankChange {
    Promote,
    Demote,
}

impl RankChange {
    /// Tag of the request, its answer and the notification.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Demote => "demote",
        }
    }
}

impl Group {
    /// Makes somebody a member; `false` when they are one.
    pub(super) fn enter(&mut self, person: &Person, rank: Rank, now: u64) -> bool {
        let vacant = !self.members.contains_key(&person.pn);
        if vacant {
            self.members.insert(person.pn, Member { lid: person.lid.clone(), rank, joined: now });
            self.admission.came(person.pn);
        }
        vacant
    }

    /// Who is to lead a group whose last leader has gone: admins first, then those longest in it.
    fn successor(&self) -> Option<u64> {
        let members = self.members.iter();
        if self.members.values().any(|member| member.rank == Rank::SuperAdmin) {
            return None;
        }
        members.min_by_key(|(pn, member)| (Reverse(member.rank), member.joined, **pn)).map(|(pn, _)| *pn)
    }
}

impl Work<'_> {
    /// Adds people at an admin's (or any member's) wish.
    pub(crate) fn add(&mut self, id: GroupId, wanted: &[Candidate]) -> Result<Outcomes, Refusal> {
        let (actor, now) = (self.actor.pn, self.now);
        let group = self.get(id)?;
        let may =
            if group.settings.members_add { group.needs_member(actor) } else { group.needs_admin(actor) };
        may?;
        let mut room = group.room();
        let mut outcomes = Outcomes::new();
        for Candidate { person, blocks, consents } in wanted {
            let outcome = if group.members.contains_key(&person.pn) {
                Outcome::AlreadyMember
            } else if *blocks {
                Outcome::Blocked
            } else if !consents {
                Outcome::Forbidden
            } else if group.admission.left_recently(person.pn, now) {
                Outcome::LeftRecently
            } else if room == 0 {
                Outcome::Full
            } else {
                Outcome::Done
            };
            // Who is named twice is added once.
            if outcomes.insert(person.pn, outcome).is_none() && outcome == Outcome::Done {
                room -= 1;
            }
        }
        let people = wanted.iter().map(|candidate| &candidate.person);
        let new: Vec<Person> = people.filter(|person| done(&outcomes, person.pn)).cloned().collect();
        let admission = &mut self.edit(id)?.admission;
        for (pn, outcome) in &outcomes {
            if matches!(outcome, Outcome::Forbidden | Outcome::LeftRecently) {
                admission.offer(*pn, now);
            }
        }
        self.admit(id, &new, None)?;
        Ok(outcomes)
    }

    /// Makes people members, of the community around the group as well, and tells everybody.
    pub(super) fn admit(
        &mut self,
        id: GroupId,
        people: &[Person],
        reason: Option<&'static str>,
    ) -> Result<(), Refusal> {
        for id in self.with_community(id)? {
            let now = self.now;
            let group = self.edit(id)?;
            let came = |person: &&Person| group.enter(person, Rank::Member, now);
            let new: Vec<Person> = people.iter().filter(came).cloned().collect();
            if new.is_empty() {
                continue;
            }
            let whole = NodeBuilder::new("create").children([element(group, "group")]);
            let added = action("add", group.mode, &new);
            let (whole, added) = match reason {
                Some(reason) => (whole.attr("reason", reason), added.attr("reason", reason)),
                None => (whole, added),
            };
            self.tell(id, new.iter().map(|person| person.pn).collect(), whole.build());
            self.announce(id, &[], added.build());
        }
        Ok(())
    }

    /// Removes people at an admin's wish. With `linked`, from all of a community's groups.
    pub(crate) fn remove(
        &mut self,
        id: GroupId,
        people: &[Person],
        linked: bool,
    ) -> Result<Outcomes, Refusal> {
        let group = self.get(id)?;
        group.needs_admin(self.actor.pn)?;
        let outcome = |person: &Person| match group.rank(person.pn) {
            None => Outcome::NotFound,
            Some(Rank::SuperAdmin) => Outcome::Protected,
            Some(_) => Outcome::Done,
        };
        let outcomes: Outcomes = people.iter().map(|person| (person.pn, outcome(person))).collect();
        let gone: Vec<Person> = people.iter().filter(|person| done(&outcomes, person.pn)).cloned().collect();
        let mut ids = vec![id];
        if group.is_community() {
            ids.extend(if linked { self.children(id) } else { self.announcements(id).into_iter().collect() });
        }
        for id in ids {
            self.expel(id, &gone)?;
        }
        Ok(outcomes)
    }

    /// The actor leaves a group; out of a community it leaves all of its groups.
    pub(crate) fn leave(&mut self, id: GroupId) -> Result<(), Refusal> {
        let group = self.get(id)?;
        group.needs_member(self.actor.pn)?;
        let mut ids = vec![id];
        match group.place {
            Place::SubGroup { role: Role::Announcements, .. } => return Err(Refusal::NotAllowed),
            Place::Community { .. } => ids.extend(self.children(id)),
            Place::SubGroup { .. } | Place::Alone => {}
        }
        let actor = self.actor.clone();
        for id in ids {
            self.expel(id, std::slice::from_ref(&actor))?;
        }
        Ok(())
    }

    /// Takes people out of one group, those who are in it, and tells everybody.
    pub(super) fn expel(&mut self, id: GroupId, people: &[Person]) -> Result<(), Refusal> {
        let (actor, now) = (self.actor.pn, self.now);
        let group = self.edit(id)?;
        let gone: Vec<Person> =
            people.iter().filter(|person| group.members.remove(&person.pn).is_some()).cloned().collect();
        if gone.is_empty() {
            return Ok(());
        }
        for person in &gone {
            group.admission.went(person.pn, person.pn == actor, now);
        }
        let removed = action("remove", group.mode, &gone).build();
        let gone: Vec<u64> = gone.iter().map(|person| person.pn).collect();
        self.announce(id, &gone, removed);
        let group = self.edit(id)?;
        if group.members.is_empty() {
            self.delete(id);
        } else if let Some(pn) = group.successor() {
            self.set_rank(id, &[pn], Rank::SuperAdmin, "promote")?;
        }
        Ok(())
    }

    /// Promotes or demotes. Admins of a community are admins of its announcement group.
    pub(crate) fn change_rank(
        &mut self,
        id: GroupId,
        people: &[Person],
        change: RankChange,
    ) -> Result<Outcomes, Refusal> {
        let group = self.get(id)?;
        group.needs_admin(self.actor.pn)?;
        let outcome = |person: &Person| match (change, group.rank(person.pn)) {
            (_, None) => Outcome::NotFound,
            (RankChange::Demote, Some(Rank::SuperAdmin)) => Outcome::Protected,
            (_, Some(_)) => Outcome::Done,
        };
        let outcomes: Outcomes = people.iter().map(|person| (person.pn, outcome(person))).collect();
        let (from, to) = match change {
            RankChange::Promote => (Rank::Member, Rank::Admin),
            RankChange::Demote => (Rank::Admin, Rank::Member),
        };
        let below = if group.is_community() { self.announcements(id) } else { None };
        for id in std::iter::once(id).chain(below) {
            let group = self.get(id)?;
            let changed = outcomes.keys().copied();
            let changed = changed.filter(|pn| done(&outcomes, *pn) && group.rank(*pn) == Some(from));
            let changed: Vec<u64> = changed.collect();
            self.set_rank(id, &changed, to, change.tag())?;
        }
        Ok(outcomes)
    }

    fn set_rank(
        &mut self,
        id: GroupId,
        people: &[u64],
        rank: Rank,
        tag: &'static str,
    ) -> Result<(), Refusal> {
        let group = self.edit(id)?;
        let mut changed = Vec::new();
        for pn in people {
            if let Some(member) = group.members.get_mut(pn) {
                member.rank = rank;
                changed.push(ranked(&Person { pn: *pn, lid: member.lid.clone() }, rank, group.mode));
            }
        }
        if !changed.is_empty() {
            self.announce(id, &[], NodeBuilder::new(tag).children(changed).build());
        }
        Ok(())
    }

    /// A group, and those that its members are in as well: its community and the announcement group.
    fn with_community(&self, id: GroupId) -> Result<Vec<GroupId>, Refusal> {
        let parent = match self.get(id)?.place {
            Place::Alone => return Ok(vec![id]),
            Place::Community { .. } => id,
            Place::SubGroup { parent, .. } => parent,
        };
        let mut ids = vec![id];
        ids.extend(std::iter::once(parent).chain(self.announcements(parent)).filter(|other| *other != id));
        Ok(ids)
    }
}

/// Whether a request was done for somebody.
pub(super) fn done(outcomes: &Outcomes, pn: u64) -> bool {
    outcomes.get(&pn) == Some(&Outcome::Done)
}
