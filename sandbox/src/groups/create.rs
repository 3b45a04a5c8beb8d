//! Making groups and communities.

use wacore::iq::groups::{GROUP_DESCRIPTION_MAX_LENGTH, GROUP_SUBJECT_MAX_LENGTH};
use wacore_binary::builder::NodeBuilder;

use super::element::element;
use super::group::{Description, Group, GroupId, Mode, Person, Place, Rank, Role, Settings, Subject, Toggle};
use super::joining::Admission;
use super::members::Candidate;
use super::refusal::Refusal;
use super::work::Work;

/// A group to make.
#[derive(Debug, Clone)]
pub(crate) struct NewGroup {
    pub(crate) subject: String,
    /// Id and text.
    pub(crate) description: Option<(String, String)>,
    pub(crate) mode: Mode,
    pub(crate) settings: Settings,
    pub(crate) place: Place,
    /// A community is to have a group in which everybody writes.
    pub(crate) general_chat: bool,
    /// Name of the request, repeated to the creator's devices.
    pub(crate) key: Option<String>,
}

/// Name of the group in which everybody of a community writes.
const GENERAL: &str = "General";

impl Work<'_> {
    /// Makes a group with the actor as its leader and those candidates who may be added.
    pub(crate) fn create(&mut self, new: &NewGroup, wanted: &[Candidate]) -> Result<GroupId, Refusal> {
        check_subject(&new.subject)?;
        if let Some((_, text)) = &new.description {
            check_description(text)?;
        }
        if let Place::SubGroup { parent, .. } = new.place {
            self.may_link(parent)?;
        }
        let welcome = wanted.iter().filter(|candidate| candidate.consents && !candidate.blocks);
        let people: Vec<Person> = welcome.map(|candidate| candidate.person.clone()).collect();
        let id = self.found(new, &people)?;
        match new.place {
            Place::Alone => {}
            Place::Community { .. } => self.found_parts(id, new, &people)?,
            Place::SubGroup { parent, .. } => {
                let members: Vec<Person> = std::iter::once(self.actor.clone()).chain(people).collect();
                self.admit(parent, &members, None)?;
            }
        }
        Ok(id)
    }

    fn found(&mut self, new: &NewGroup, people: &[Person]) -> Result<GroupId, Refusal> {
        let (actor, now) = (self.actor.clone(), self.now);
        let mut group = Group {
            id: self.free_id(),
            mode: new.mode,
            created: now,
            creator: actor.clone(),
            subject: Subject { text: new.subject.clone(), by: actor.clone(), at: now },
            description: new.description.clone().map(|(id, text)| {
                let by = actor.clone();
                Description { id, text, by, at: now }
            }),
            members: std::collections::BTreeMap::new(),
            settings: new.settings.clone(),
            place: new.place,
            admission: Admission::default(),
        };
        group.enter(&actor, Rank::SuperAdmin, now);
        if group.room() < people.len() {
            return Err(Refusal::Full);
        }
        for person in people {
            group.enter(person, Rank::Member, now);
        }
        let id = group.id;
        let mut create = NodeBuilder::new("create").attr("type", "new").attr("reason", "invite");
        if let Some(key) = &new.key {
            create = create.attr("key", key.as_str());
        }
        let create = create.children([element(&group, "group")]).build();
        self.put(group);
        self.announce(id, &[], create);
        Ok(id)
    }

    /// The announcement group of a new community and, where wanted, one for everybody's messages.
    fn found_parts(&mut self, parent: GroupId, new: &NewGroup, people: &[Person]) -> Result<(), Refusal> {
        let part = |subject: &str, role, on| NewGroup {
            subject: subject.to_owned(),
            description: None,
            mode: new.mode,
            settings: Settings { on, members_add: false, ..Settings::default() },
            place: Place::SubGroup { parent, role },
            general_chat: false,
            key: None,
        };
        let on = [Toggle::Announcement].into();
        self.found(&part(&new.subject, Role::Announcements, on), people)?;
        if new.general_chat {
            self.found(&part(GENERAL, Role::General, [].into()), people)?;
        }
        Ok(())
    }

    /// Whether the actor may add groups to a community.
    pub(super) fn may_link(&self, parent: GroupId) -> Result<(), Refusal> {
        let parent = self.get(parent)?;
        if !matches!(parent.place, Place::Community { .. }) {
            return Err(Refusal::NotAllowed);
        }
        if parent.is(Toggle::AllowNonAdminSubGroupCreation) {
            parent.needs_member(self.actor.pn)
        } else {
            parent.needs_admin(self.actor.pn)
        }
    }
}

/// A subject has something in it and is not too long.
pub(super) fn check_subject(text: &str) -> Result<(), Refusal> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > GROUP_SUBJECT_MAX_LENGTH { Err(Refusal::BadText) } else { Ok(()) }
}

/// A description is not too long.
pub(super) fn check_description(text: &str) -> Result<(), Refusal> {
    if text.chars().count() > GROUP_DESCRIPTION_MAX_LENGTH { Err(Refusal::BadText) } else { Ok(()) }
}
