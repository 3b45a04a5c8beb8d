//! Rules about groups, without network or store.

use std::collections::HashMap;
use std::sync::Arc;

use super::group::Rank;
use super::work::Done;
use super::*;

const NOW: u64 = 1_800_000_000;

fn person(pn: u64) -> Person {
    Person { pn, lid: (pn + 1_000_000).to_string() }
}

fn willing(pn: u64) -> Candidate {
    Candidate { person: person(pn), blocks: false, consents: true }
}

/// Groups, and what was told in the last change: group, action, to whom.
#[derive(Default)]
struct World {
    groups: HashMap<GroupId, Arc<Group>>,
    told: Vec<(GroupId, String, Vec<u64>)>,
    now: u64,
}

impl World {
    fn act<T>(
        &mut self,
        actor: u64,
        rule: impl FnOnce(&mut Work<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut work = Work::new(&self.groups, person(actor), NOW + self.now);
        let value = rule(&mut work)?;
        let Done { changed, notices, .. } = work.done();
        for (id, group) in changed {
            match group {
                // As it comes back from the store.
                Some(group) => {
                    let stored = serde_json::to_string(&group).expect("json");
                    self.groups.insert(id, Arc::new(serde_json::from_str(&stored).expect("group")))
                }
                None => self.groups.remove(&id),
            };
        }
        self.told = notices.into_iter().map(|n| (n.group, n.action.tag.to_string(), n.to)).collect();
        Ok(value)
    }

    fn make(&mut self, actor: u64, place: Place, members: &[u64]) -> GroupId {
        let new = NewGroup {
            subject: "A group".to_owned(),
            description: None,
            mode: Mode::Lid,
            settings: Settings::default(),
            place,
            general_chat: true,
            key: None,
        };
        let wanted: Vec<Candidate> = members.iter().copied().map(willing).collect();
        self.act(actor, |work| work.create(&new, &wanted)).expect("create")
    }

    fn group(&self, id: GroupId) -> &Group {
        &self.groups[&id]
    }

    fn members(&self, id: GroupId) -> Vec<u64> {
        self.group(id).members.keys().copied().collect()
    }

    fn part(&self, parent: GroupId, role: Role) -> GroupId {
        let mut parts = self.groups.values().filter(|g| g.parent() == Some(parent) && g.role() == Some(role));
        parts.next().expect("part").id
    }

    fn told_tags(&self, id: GroupId) -> Vec<&str> {
        self.told.iter().filter(|(group, ..)| *group == id).map(|(_, tag, _)| tag.as_str()).collect()
    }
}

#[test]
fn each_candidate_has_its_outcome() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[2]);
    let wanted = [
        willing(2),
        willing(3),
        willing(3),
        Candidate { blocks: true, ..willing(4) },
        Candidate { consents: false, ..willing(5) },
    ];
    let outcomes = world.act(2, |work| work.add(id, &wanted)).expect("any member may add");
    let codes: Vec<(u64, u16)> = outcomes.iter().map(|(pn, outcome)| (*pn, outcome.code())).collect();
    assert_eq!(codes, [(2, 409), (3, 200), (4, 401), (5, 403)]);
    assert_eq!(world.members(id), [1, 2, 3]);
    assert_eq!(world.told.len(), 2);
    assert_eq!(world.told[0], (id, "create".to_owned(), vec![3]));
    assert_eq!(world.told[1], (id, "add".to_owned(), vec![1, 2, 3]));

    let offer = world.group(id).admission.offer_for(5).expect("invited").clone();
    assert_eq!(world.act(4, |work| work.accept(id, &offer.code)), Err(Refusal::WrongCode));
    world.act(5, |work| work.accept(id, &offer.code)).expect("the code is personal");
    assert_eq!(world.act(5, |work| work.accept(id, &offer.code)), Err(Refusal::AlreadyMember));
    assert_eq!(world.members(id), [1, 2, 3, 5]);
}

#[test]
fn an_invitation_ends() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[]);
    let shy = Candidate { consents: false, ..willing(5) };
    world.act(1, |work| work.add(id, std::slice::from_ref(&shy))).expect("add");
    let code = world.group(id).admission.offer_for(5).expect("invited").code.clone();
    world.now = 4 * 24 * 3600;
    assert_eq!(world.act(5, |work| work.accept(id, &code)), Err(Refusal::RevokedCode));
    world.act(1, |work| work.add(id, &[shy])).expect("add");
    let outcomes = world.act(1, |work| work.withdraw(id, &[person(5)])).expect("withdraw");
    assert_eq!(outcomes[&5], Outcome::Done);
    assert_eq!(world.group(id).admission.offer_for(5), None);
}

#[test]
fn a_group_has_no_more_members_than_it_may() {
    let mut world = World::default();
    let many: Vec<u64> = (2..=group::MEMBER_LIMIT as u64).collect();
    let id = world.make(1, Place::Alone, &many);
    let outcomes = world.act(1, |work| work.add(id, &[willing(5_000)])).expect("add");
    assert_eq!(outcomes[&5_000], Outcome::Full);
    let code = world.group(id).admission.code.clone();
    assert_eq!(world.act(5_000, |work| work.join_by_link(id, &code)), Err(Refusal::Full));
    world.act(2, |work| work.leave(id)).expect("leave");
    assert_eq!(world.act(5_000, |work| work.join_by_link(id, &code)), Ok(Joined::In));
}

#[test]
fn only_admins_do_what_admins_do() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[2, 3]);
    let add_only_by_admins = Property::MembersAdd(false);
    for actor in [2, 9] {
        let expected = Err(if actor == 2 { Refusal::AdminsOnly } else { Refusal::NotAMember });
        assert_eq!(world.act(actor, |work| work.set(id, add_only_by_admins)), expected);
        assert_eq!(world.act(actor, |work| work.remove(id, &[person(3)], false)).map(|_| ()), expected);
        assert_eq!(world.act(actor, |work| work.revoke_link(id)).map(|_| ()), expected);
        let promote = |work: &mut Work<'_>| work.change_rank(id, &[person(3)], RankChange::Promote);
        assert_eq!(world.act(actor, promote).map(|_| ()), expected);
    }
    world.act(1, |work| work.set(id, add_only_by_admins)).expect("set");
    assert_eq!(world.told_tags(id), ["member_add_mode"]);
    world.act(1, |work| work.set(id, add_only_by_admins)).expect("set");
    assert!(world.told.is_empty(), "nothing new");
    assert_eq!(world.act(2, |work| work.add(id, &[willing(4)])).map(|_| ()), Err(Refusal::AdminsOnly));
    assert_eq!(world.group(id).invite_code(2), Err(Refusal::LinkForAdmins));

    world.act(2, |work| work.set_subject(id, "By a member".to_owned())).expect("not locked");
    world.act(1, |work| work.set(id, Property::Toggle(Toggle::Locked, true))).expect("lock");
    let rename = |work: &mut Work<'_>| work.set_subject(id, "Again".to_owned());
    assert_eq!(world.act(2, rename), Err(Refusal::AdminsOnly));
    let promote = |work: &mut Work<'_>| work.change_rank(id, &[person(2)], RankChange::Promote);
    assert_eq!(world.act(1, promote).expect("promote")[&2], Outcome::Done);
    world.act(2, rename).expect("an admin now");
    let outcomes =
        world.act(2, |work| work.change_rank(id, &[person(1)], RankChange::Demote)).expect("demote");
    assert_eq!(outcomes[&1], Outcome::Protected, "the leader stays");
    let outcomes = world.act(2, |work| work.remove(id, &[person(1), person(9)], false)).expect("remove");
    assert_eq!((outcomes[&1], outcomes[&9]), (Outcome::Protected, Outcome::NotFound));
}

#[test]
fn a_description_replaces_the_one_the_client_knows() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[]);
    let text = |text: &str| Some(text.to_owned());
    let mut set = |new: (&str, Option<String>), replaces: Option<&str>| {
        world.act(1, |work| work.set_description(id, (new.0.to_owned(), new.1), replaces))
    };
    assert_eq!(set(("A", text("one")), Some("Z")), Err(Refusal::Conflict));
    assert_eq!(set(("A", text("one")), None), Ok(()));
    assert_eq!(set(("B", text("two")), None), Err(Refusal::Conflict));
    assert_eq!(set(("B", text("two")), Some("A")), Ok(()));
    assert_eq!(set(("C", None), Some("B")), Ok(()));
    assert_eq!(world.group(id).description, None);
}

#[test]
fn somebody_leads_after_the_last_leader() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[2, 3]);
    world.act(1, |work| work.change_rank(id, &[person(3)], RankChange::Promote)).expect("promote");
    world.act(1, |work| work.leave(id)).expect("leave");
    assert_eq!(world.group(id).rank(3), Some(Rank::SuperAdmin));
    assert_eq!(world.told_tags(id), ["remove", "promote"]);
    assert_eq!(world.told[0].2, [2, 3, 1], "who leaves is told");
    world.act(3, |work| work.leave(id)).expect("leave");
    assert_eq!(world.group(id).rank(2), Some(Rank::SuperAdmin));
    world.act(2, |work| work.leave(id)).expect("leave");
    assert!(world.groups.is_empty(), "nobody is left");
}

#[test]
fn who_keeps_leaving_has_to_come_by_themselves() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[2]);
    world.act(2, |work| work.leave(id)).expect("leave");
    let add = |work: &mut Work<'_>| work.add(id, &[willing(2)]).map(|outcomes| outcomes[&2]);
    assert_eq!(world.act(1, add), Ok(Outcome::Done));
    world.act(2, |work| work.leave(id)).expect("leave");
    assert_eq!(world.act(1, add), Ok(Outcome::LeftRecently));
    world.now = 25 * 3600;
    assert_eq!(world.act(1, add), Ok(Outcome::Done));
}

#[test]
fn a_link_leads_in_until_it_is_revoked() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[2]);
    let code = world.group(id).invite_code(1).expect("code").to_owned();
    assert_eq!(world.act(3, |work| work.join_by_link(id, "nonsense")), Err(Refusal::WrongCode));
    assert_eq!(world.act(3, |work| work.join_by_link(id, &code)), Ok(Joined::In));
    assert_eq!(world.act(3, |work| work.join_by_link(id, &code)), Err(Refusal::AlreadyMember));
    world.act(1, |work| work.remove(id, &[person(3)], false)).expect("remove");
    assert_eq!(world.act(3, |work| work.join_by_link(id, &code)), Err(Refusal::NotAllowed));
    let new = world.act(1, |work| work.revoke_link(id)).expect("revoke");
    assert_eq!(world.act(4, |work| work.join_by_link(id, &code)), Err(Refusal::RevokedCode));
    assert_eq!(world.act(4, |work| work.join_by_link(id, &new)), Ok(Joined::In));
}

#[test]
fn where_approval_is_needed_admins_decide() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[2]);
    world.act(1, |work| work.set(id, Property::Approval(true))).expect("set");
    let code = world.group(id).admission.code.clone();
    for asking in [3, 4, 5] {
        assert_eq!(world.act(asking, |work| work.join_by_link(id, &code)), Ok(Joined::Waiting));
        assert_eq!(world.told, [(id, "created_membership_requests".to_owned(), vec![1])]);
    }
    assert_eq!(
        world.act(2, |work| work.decide(id, &[person(3)], true)).map(|_| ()),
        Err(Refusal::AdminsOnly)
    );
    let outcomes = world.act(1, |work| work.decide(id, &[person(3), person(9)], true)).expect("approve");
    assert_eq!((outcomes[&3], outcomes[&9]), (Outcome::Done, Outcome::NotFound));
    world.act(1, |work| work.decide(id, &[person(4)], false)).expect("reject");
    assert_eq!(world.told, [(id, "revoked_membership_requests".to_owned(), vec![1, 4])]);
    let outcomes = world.act(4, |work| work.cancel(id, &[person(5)])).expect("not theirs");
    assert_eq!(outcomes[&5], Outcome::NotFound);
    world.act(5, |work| work.cancel(id, &[person(5)])).expect("cancel");
    assert_eq!(world.group(id).admission.requests().count(), 0);
    assert_eq!(world.members(id), [1, 2, 3]);
}

#[test]
fn a_community_has_its_groups_and_everybody_in_them() {
    let mut world = World::default();
    let parent = world.make(1, Place::Community { closed: false }, &[2]);
    let news = world.part(parent, Role::Announcements);
    let general = world.part(parent, Role::General);
    assert!(world.group(news).is(Toggle::Announcement));
    assert_eq!(world.members(general), [1, 2]);

    let alone = world.make(1, Place::Alone, &[3, 4]);
    assert_eq!(world.act(3, |work| work.link(parent, alone)), Err(Refusal::NotAMember));
    world.act(1, |work| work.link(parent, alone)).expect("link");
    assert_eq!(world.act(1, |work| work.link(parent, alone)), Err(Refusal::NotAllowed), "linked already");
    for id in [parent, news] {
        assert_eq!(world.members(id), [1, 2, 3, 4]);
    }
    assert_eq!(world.members(general), [1, 2]);
    world.act(1, |work| work.add(alone, &[willing(5)])).expect("add");
    assert!(world.members(news).contains(&5), "members of a group are in the community");
    assert_eq!(world.act(2, |work| work.join_linked(parent, alone)), Ok(Joined::In));
    assert_eq!(world.act(9, |work| work.join_linked(parent, alone)), Err(Refusal::NotAMember));
    assert_eq!(world.act(2, |work| work.leave(news)), Err(Refusal::NotAllowed));

    world.act(1, |work| work.change_rank(parent, &[person(2)], RankChange::Promote)).expect("promote");
    assert!(world.group(news).is_admin(2));
    world.act(1, |work| work.remove(parent, &[person(4)], true)).expect("remove");
    for id in [parent, news, alone] {
        assert!(!world.members(id).contains(&4));
    }
    world.act(1, |work| work.unlink(parent, alone, true)).expect("unlink");
    assert_eq!(world.members(parent), [1, 2], "3 and 5 were in no other group");
    assert_eq!(world.members(alone), [1, 2, 3, 5]);
    assert_eq!(world.group(alone).place, Place::Alone);
    assert_eq!(world.act(1, |work| work.unlink(parent, news, false)), Err(Refusal::NotAllowed));

    assert_eq!(world.act(9, |work| work.dissolve(parent)), Err(Refusal::NotAMember));
    world.act(1, |work| work.dissolve(parent)).expect("dissolve");
    assert_eq!(world.group(general).place, Place::Alone);
    assert!(!world.groups.contains_key(&news) && !world.groups.contains_key(&parent));
}

#[test]
fn a_group_made_in_a_community_belongs_to_it() {
    let mut world = World::default();
    let parent = world.make(1, Place::Community { closed: false }, &[2]);
    let place = Place::SubGroup { parent, role: Role::Linked };
    let id = world.make(1, place, &[7]);
    assert_eq!(world.group(id).parent(), Some(parent));
    assert!(world.members(parent).contains(&7));
    let by_member = |work: &mut Work<'_>| work.link(parent, id);
    assert_eq!(world.act(2, by_member), Err(Refusal::AdminsOnly));
    let own = world.make(2, Place::Alone, &[]);
    assert_eq!(world.act(2, |work| work.link(parent, own)), Err(Refusal::AdminsOnly));
    let open = Property::Toggle(Toggle::AllowNonAdminSubGroupCreation, true);
    world.act(1, |work| work.set(parent, open)).expect("set");
    assert_eq!(world.act(2, |work| work.link(parent, own)), Ok(()));
    world.act(2, |work| work.leave(parent)).expect("leave");
    assert!(world.members(id).iter().all(|pn| *pn != 2));
    assert!(!world.groups.contains_key(&own), "its only member has left the community with all its groups");
}

#[test]
fn a_new_number_keeps_place_and_name() {
    let mut world = World::default();
    let id = world.make(1, Place::Alone, &[2]);
    world.act(1, |work| work.set(id, Property::Approval(true))).expect("set");
    let code = world.group(id).admission.code.clone();
    world.act(3, |work| work.join_by_link(id, &code)).expect("ask");
    let told =
        |world: &World| world.told.iter().map(|(_, tag, to)| (tag.clone(), to.clone())).collect::<Vec<_>>();
    world.act(9, |work| work.renumber(&[id], 1)).expect("renumber");
    assert_eq!(told(&world), [("modify".to_owned(), vec![2, 9])]);
    assert_eq!(world.group(id).rank(9), Some(Rank::SuperAdmin));
    assert_eq!((world.group(id).creator.pn, world.group(id).subject.by.pn), (9, 9));
    world.act(9, |work| work.decide(id, &[person(3)], true)).expect("still leads");
    assert_eq!(world.members(id), [2, 3, 9]);
}
