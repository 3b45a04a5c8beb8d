//! Ways into a group besides being added: the link, an invitation, an admin's approval.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use wacore_binary::builder::NodeBuilder;

use super::group::{Group, GroupId, Person, Place};
use super::members::{Outcome, Outcomes, done};
use super::notice::{action, addressed};
use super::refusal::Refusal;
use super::work::Work;

/// Characters of an invite link's code.
const LINK_CODE: usize = 22;
/// Characters of an invitation's code.
const OFFER_CODE: usize = 16;
/// How long an invitation may be accepted, in seconds.
const OFFER_LIFETIME: u64 = 3 * DAY;
/// Who has left this often is not added again on the same day. Our own model of the service's rule.
const EXITS: u32 = 2;
const DAY: u64 = 24 * 3600;

/// Who may come in, and who may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Admission {
    /// Code of the invite link.
    pub(crate) code: String,
    /// Codes that were revoked.
    former: BTreeSet<String>,
    /// Invitations by the phone number they are for.
    offers: BTreeMap<u64, Offer>,
    requests: BTreeMap<u64, JoinRequest>,
    /// Removed by an admin: the link does not let them in again.
    barred: BTreeSet<u64>,
    exits: BTreeMap<u64, Exits>,
}

/// An invitation that only one person can accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub(crate) code: String,
    /// Unix seconds.
    pub(crate) expires: u64,
}

/// Somebody waits for an admin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JoinRequest {
    /// LID digits.
    lid: String,
    /// Unix seconds.
    pub(crate) at: u64,
    pub(crate) method: Method,
}

/// How somebody came to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    InviteLink,
    LinkedGroupJoin,
}

impl Method {
    /// Value of `request_method`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::InviteLink => "invite_link",
            Self::LinkedGroupJoin => "linked_group_join",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Exits {
    count: u32,
    /// Unix seconds.
    last: u64,
}

/// What a wish to join has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joined {
    In,
    /// An admin is to decide.
    Waiting,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            code: code(LINK_CODE),
            former: BTreeSet::new(),
            offers: BTreeMap::new(),
            requests: BTreeMap::new(),
            barred: BTreeSet::new(),
            exits: BTreeMap::new(),
        }
    }
}

impl Admission {
    /// Somebody has come in.
    pub(super) fn came(&mut self, pn: u64) {
        self.offers.remove(&pn);
        self.requests.remove(&pn);
        self.barred.remove(&pn);
    }

    /// Somebody has left, or was made to.
    pub(super) fn went(&mut self, pn: u64, by_themselves: bool, now: u64) {
        if !by_themselves {
            self.barred.insert(pn);
            return;
        }
        let exits = self.exits.entry(pn).or_default();
        let recent = now.saturating_sub(exits.last) < DAY;
        *exits = Exits { count: if recent { exits.count + 1 } else { 1 }, last: now };
    }

    /// Whether somebody has just left once too often to be added again.
    pub(super) fn left_recently(&self, pn: u64, now: u64) -> bool {
        let exits = self.exits.get(&pn);
        exits.is_some_and(|exits| exits.count >= EXITS && now.saturating_sub(exits.last) < DAY)
    }

    /// Somebody has another number.
    pub(super) fn renumber(&mut self, old: u64, new: u64) {
        rename(&mut self.offers, old, new);
        rename(&mut self.requests, old, new);
        rename(&mut self.exits, old, new);
        if self.barred.remove(&old) {
            self.barred.insert(new);
        }
    }

    /// Makes an invitation.
    pub(super) fn offer(&mut self, pn: u64, now: u64) {
        self.offers.insert(pn, Offer { code: code(OFFER_CODE), expires: now + OFFER_LIFETIME });
    }

    /// The invitation of somebody.
    pub(crate) fn offer_for(&self, pn: u64) -> Option<&Offer> {
        self.offers.get(&pn)
    }

    /// Those who wait.
    pub(crate) fn requests(&self) -> impl Iterator<Item = (Person, &JoinRequest)> {
        self.requests.iter().map(|(pn, request)| (Person { pn: *pn, lid: request.lid.clone() }, request))
    }

    /// Whether a link's code leads here, led here, or neither.
    pub(super) fn check(&self, code: &str) -> Result<(), Refusal> {
        if self.code == code {
            Ok(())
        } else if self.former.contains(code) {
            Err(Refusal::RevokedCode)
        } else {
            Err(Refusal::WrongCode)
        }
    }
}

/// Keeps what is known of somebody under another number.
pub(super) fn rename<T>(map: &mut BTreeMap<u64, T>, old: u64, new: u64) {
    if let Some(value) = map.remove(&old) {
        map.insert(new, value);
    }
}

fn code(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

impl Group {
    /// The code of the invite link, for those who may share it.
    pub(crate) fn invite_code(&self, pn: u64) -> Result<&str, Refusal> {
        self.needs_member(pn)?;
        if self.settings.members_link || self.is_admin(pn) {
            Ok(&self.admission.code)
        } else {
            Err(Refusal::LinkForAdmins)
        }
    }

    fn admins(&self) -> Vec<u64> {
        self.members.keys().copied().filter(|pn| self.is_admin(*pn)).collect()
    }
}

impl Work<'_> {
    /// Replaces the code of the invite link and returns the new one.
    pub(crate) fn revoke_link(&mut self, id: GroupId) -> Result<String, Refusal> {
        self.get(id)?.needs_admin(self.actor.pn)?;
        let admission = &mut self.edit(id)?.admission;
        let new = code(LINK_CODE);
        let old = std::mem::replace(&mut admission.code, new.clone());
        admission.former.insert(old);
        self.announce(id, &[], NodeBuilder::new("invite").attr("code", new.as_str()).build());
        Ok(new)
    }

    /// The actor comes by the invite link.
    pub(crate) fn join_by_link(&mut self, id: GroupId, code: &str) -> Result<Joined, Refusal> {
        let group = self.get(id)?;
        group.admission.check(code)?;
        if group.admission.barred.contains(&self.actor.pn) {
            return Err(Refusal::NotAllowed);
        }
        self.join(id, Method::InviteLink)
    }

    /// The actor comes in, or asks to.
    pub(super) fn join(&mut self, id: GroupId, method: Method) -> Result<Joined, Refusal> {
        let group = self.get(id)?;
        if group.members.contains_key(&self.actor.pn) {
            return Err(Refusal::AlreadyMember);
        }
        if group.room() == 0 {
            return Err(Refusal::Full);
        }
        let actor = self.actor.clone();
        if !group.settings.approval {
            self.admit(id, &[actor], Some("invite"))?;
            return Ok(Joined::In);
        }
        let (mode, place, admins) = (group.mode, group.place, group.admins());
        let request = JoinRequest { lid: actor.lid.clone(), at: self.now, method };
        self.edit(id)?.admission.requests.insert(actor.pn, request);
        let user = addressed("requested_user", &actor, mode).build();
        let created = NodeBuilder::new("created_membership_requests").attr("request_method", method.as_str());
        let created = match (method, place) {
            (Method::LinkedGroupJoin, Place::SubGroup { parent, .. }) => {
                created.attr("parent_group_jid", parent.jid())
            }
            _ => created,
        };
        self.tell(id, admins, created.children([user]).build());
        Ok(Joined::Waiting)
    }

    /// The actor accepts an invitation.
    pub(crate) fn accept(&mut self, id: GroupId, code: &str) -> Result<(), Refusal> {
        let group = self.get(id)?;
        let actor = self.actor.clone();
        if group.members.contains_key(&actor.pn) {
            return Err(Refusal::AlreadyMember);
        }
        let offer = group.admission.offer_for(actor.pn).filter(|offer| offer.code == code);
        if offer.ok_or(Refusal::WrongCode)?.expires < self.now {
            return Err(Refusal::RevokedCode);
        }
        if group.room() == 0 {
            return Err(Refusal::Full);
        }
        self.admit(id, &[actor], Some("invite"))
    }

    /// Takes invitations back.
    pub(crate) fn withdraw(&mut self, id: GroupId, people: &[Person]) -> Result<Outcomes, Refusal> {
        self.get(id)?.needs_admin(self.actor.pn)?;
        let admission = &mut self.edit(id)?.admission;
        let withdraw = |person: &Person| match admission.offers.remove(&person.pn) {
            Some(_) => (person.pn, Outcome::Done),
            None => (person.pn, Outcome::NotFound),
        };
        Ok(people.iter().map(withdraw).collect())
    }

    /// Lets people in who have asked, or does not.
    pub(crate) fn decide(
        &mut self,
        id: GroupId,
        people: &[Person],
        approve: bool,
    ) -> Result<Outcomes, Refusal> {
        let group = self.get(id)?;
        group.needs_admin(self.actor.pn)?;
        let mut room = if approve { group.room() } else { usize::MAX };
        let mut outcomes = Outcomes::new();
        for person in people {
            let outcome = if !group.admission.requests.contains_key(&person.pn) {
                Outcome::NotFound
            } else if room == 0 {
                Outcome::Full
            } else {
                Outcome::Done
            };
            if outcomes.insert(person.pn, outcome).is_none() && outcome == Outcome::Done {
                room -= 1;
            }
        }
        let decided: Vec<Person> =
            people.iter().filter(|person| done(&outcomes, person.pn)).cloned().collect();
        if approve {
            self.admit(id, &decided, None)?;
        } else {
            self.drop_requests(id, &decided)?;
        }
        Ok(outcomes)
    }

    /// The actor no longer wants to come in; of others' requests it knows nothing.
    pub(crate) fn cancel(&mut self, id: GroupId, people: &[Person]) -> Result<Outcomes, Refusal> {
        let actor = self.actor.clone();
        let waits = self.get(id)?.admission.requests.contains_key(&actor.pn);
        let outcome = |person: &Person| {
            let own = waits && person.pn == actor.pn;
            (person.pn, if own { Outcome::Done } else { Outcome::NotFound })
        };
        let outcomes: Outcomes = people.iter().map(outcome).collect();
        if done(&outcomes, actor.pn) {
            self.drop_requests(id, &[actor])?;
        }
        Ok(outcomes)
    }

    fn drop_requests(&mut self, id: GroupId, people: &[Person]) -> Result<(), Refusal> {
        let group = self.edit(id)?;
        for person in people {
            group.admission.requests.remove(&person.pn);
        }
        let (mode, mut to) = (group.mode, group.admins());
        to.extend(people.iter().map(|person| person.pn));
        if !people.is_empty() {
            self.tell(id, to, action("revoked_membership_requests", mode, people).build());
        }
        Ok(())
    }
}
