//! What groups look like in answers.

use serde::Serialize;
use utoipa::ToSchema;

use super::views::rfc3339;
use crate::groups::{Group, Person, Place, Role, Toggle};

/// A group.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupView {
    /// Address, `<digits>@g.us`.
    jid: String,
    subject: String,
    description: Option<String>,
    /// `lid` or `pn`: how members are addressed in the group's stanzas.
    addressing_mode: &'static str,
    /// RFC 3339, UTC.
    created: String,
    creator: PersonView,
    members: Vec<GroupMemberView>,
    /// Who waits for an admin to be let in.
    requests: Vec<PersonView>,
    /// Code of the invite link.
    invite_code: String,
    settings: GroupSettingsView,
    /// Where it stands among communities; absent when it stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    community: Option<CommunityView>,
}

/// Somebody, in both addressings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonView {
    /// Phone number digits.
    pn: String,
    /// LID digits.
    lid: String,
}

/// A member.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupMemberView {
    /// Phone number digits.
    pn: String,
    /// LID digits.
    lid: String,
    /// `member`, `admin` or `superadmin`.
    rank: &'static str,
}

/// What admins have decided.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupSettingsView {
    /// What is on: `locked`, `announcement`, `no_frequently_forwarded`, `allow_admin_reports`,
    /// `group_history`, `allow_non_admin_sub_group_creation`.
    on: Vec<&'static str>,
    /// Lifetime of messages in seconds, when it has an end.
    ephemeral: Option<u32>,
    /// Joining by link needs an admin's approval.
    approval: bool,
    /// Every member may add others.
    members_add: bool,
    /// Every member may share the invite link.
    members_link: bool,
}

/// A group's place in a community.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CommunityView {
    /// `parent`, `announcements`, `general` or `linked`.
    role: &'static str,
    /// JID of the parent, unless it is the parent itself.
    parent: Option<String>,
}

/// One page of groups.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupList {
    pub(super) items: Vec<GroupView>,
    pub(super) next_cursor: Option<String>,
}

impl From<&Group> for GroupView {
    fn from(group: &Group) -> Self {
        let settings = &group.settings;
        let on = Toggle::ALL.into_iter().filter(|(toggle, ..)| group.is(*toggle)).map(|(_, on, _)| on);
        let members = group.members.iter().map(|(pn, member)| GroupMemberView {
            pn: pn.to_string(),
            lid: member.lid.clone(),
            rank: member.rank.as_str().unwrap_or("member"),
        });
        Self {
            jid: group.id.jid().to_string(),
            subject: group.subject.text.clone(),
            description: group.description.as_ref().map(|description| description.text.clone()),
            addressing_mode: group.mode.as_str(),
            created: rfc3339(group.created.cast_signed()),
            creator: view(&group.creator),
            members: members.collect(),
            requests: group.admission.requests().map(|(person, _)| view(&person)).collect(),
            invite_code: group.admission.code.clone(),
            settings: GroupSettingsView {
                on: on.collect(),
                ephemeral: settings.ephemeral.map(|ephemeral| ephemeral.expiration),
                approval: settings.approval,
                members_add: settings.members_add,
                members_link: settings.members_link,
            },
            community: community(group),
        }
    }
}

fn view(person: &Person) -> PersonView {
    PersonView { pn: person.pn.to_string(), lid: person.lid.clone() }
}

fn community(group: &Group) -> Option<CommunityView> {
    let role = match group.place {
        Place::Alone => return None,
        Place::Community { .. } => "parent",
        Place::SubGroup { role: Role::Announcements, .. } => "announcements",
        Place::SubGroup { role: Role::General, .. } => "general",
        Place::SubGroup { role: Role::Linked, .. } => "linked",
    };
    Some(CommunityView { role, parent: group.parent().map(|parent| parent.jid().to_string()) })
}
