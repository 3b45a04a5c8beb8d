//! What a group is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wacore_binary::{Jid, Server};

use super::joining::Admission;
use super::refusal::Refusal;

/// Members of a group at most. Our own model: the service's limit changes and is not announced.
pub(super) const MEMBER_LIMIT: usize = 1024;
/// Members of a community, and of its announcement group, at most. Our own model, too.
pub(super) const COMMUNITY_LIMIT: usize = 5000;

/// Number of a group; its address is `<digits>@g.us`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct GroupId(u64);

impl GroupId {
    /// A number in the form the service gives: `120363` and twelve digits.
    pub(super) fn random() -> Self {
        Self(120_363_000_000_000_000 + rand::random::<u64>() % 1_000_000_000_000)
    }

    /// The group an address names.
    pub(crate) fn of(jid: &Jid) -> Option<Self> {
        (jid.server == Server::Group).then(|| jid.user.parse().ok().map(Self)).flatten()
    }

    /// Its address.
    pub(crate) fn jid(self) -> Jid {
        Jid::group(self.digits())
    }

    /// Its digits.
    pub(crate) fn digits(self) -> String {
        self.0.to_string()
    }

    /// The same as a number.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// How members are addressed in a group's stanzas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    #[default]
    Lid,
    Pn,
}

impl Mode {
    /// Value of `addressing_mode`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Lid => "lid",
            Self::Pn => "pn",
        }
    }

    /// Reads `addressing_mode`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Lid, Self::Pn].into_iter().find(|mode| mode.as_str() == text)
    }

    /// Server part of members' addresses.
    pub(crate) fn server(self) -> Server {
        match self {
            Self::Lid => Server::Lid,
            Self::Pn => Server::Pn,
        }
    }

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Lid => Self::Pn,
            Self::Pn => Self::Lid,
        }
    }

    /// Attribute of a stanza that names the `participant` in the other addressing.
    pub(crate) fn participant_alias(self) -> &'static str {
        match self {
            Self::Lid => "participant_pn",
            Self::Pn => "participant_lid",
        }
    }
}

/// Somebody, in both addressings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) pn: u64,
    /// LID digits.
    pub(crate) lid: String,
}

impl Person {
    /// Address without device.
    pub(crate) fn jid(&self, mode: Mode) -> Jid {
        match mode {
            Mode::Lid => Jid::lid(self.lid.as_str()),
            Mode::Pn => Jid::pn(self.pn.to_string()),
        }
    }
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rank {
    Member,
    Admin,
    SuperAdmin,
}

impl Rank {
    /// `type` of a participant; plain members have none.
    pub(crate) fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Member => None,
            Self::Admin => Some("admin"),
            Self::SuperAdmin => Some("superadmin"),
        }
    }
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// LID digits.
    pub(crate) lid: String,
    pub(crate) rank: Rank,
    /// Unix seconds.
    pub(crate) joined: u64,
}

/// Name of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) text: String,
    pub(crate) by: Person,
    /// Unix seconds.
    pub(crate) at: u64,
}

/// Description of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Description {
    /// Made by the client that set it; a change must name the one it replaces.
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) by: Person,
    /// Unix seconds.
    pub(crate) at: u64,
}

/// A setting that is on or off; absent from a group's element when off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Toggle {
    /// Only admins change subject, description and disappearing messages.
    Locked,
    /// Only admins write.
    Announcement,
    NoFrequentlyForwarded,
    AllowAdminReports,
    GroupHistory,
    /// Members of a community may add groups to it.
    AllowNonAdminSubGroupCreation,
}

impl Toggle {
    /// Each toggle with the elements that turn it on and off.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Locked, "locked", "unlocked"),
        (Self::Announcement, "announcement", "not_announcement"),
        (Self::NoFrequentlyForwarded, "no_frequently_forwarded", "frequently_forwarded_ok"),
        (Self::AllowAdminReports, "allow_admin_reports", "not_allow_admin_reports"),
        (Self::GroupHistory, "group_history", "no_group_history"),
        (
            Self::AllowNonAdminSubGroupCreation,
            "allow_non_admin_sub_group_creation",
            "not_allow_non_admin_sub_group_creation",
        ),
    ];
}

/// Disappearing messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ephemeral {
    /// Seconds.
    pub(crate) expiration: u32,
    /// Where the user turned it on, as the client says.
    pub(crate) trigger: Option<u32>,
}

/// What admins decide about a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) on: BTreeSet<Toggle>,
    pub(crate) ephemeral: Option<Ephemeral>,
    /// Joining by link needs an admin's approval.
    pub(crate) approval: bool,
    /// Every member may add others.
    pub(crate) members_add: bool,
    /// Every member may share the invite link.
    pub(crate) members_link: bool,
    /// Every member may pass history on to new ones.
    pub(crate) members_share_history: bool,
    pub(crate) limit_sharing: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            on: BTreeSet::new(),
            ephemeral: None,
            approval: false,
            members_add: true,
            members_link: false,
            members_share_history: false,
            limit_sharing: false,
        }
    }
}

/// Where a group stands among communities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Alone,
    /// A community: the parent of groups; nobody writes in it.
    Community {
        /// Joining needs approval unless a group says otherwise.
        closed: bool,
    },
    SubGroup {
        parent: GroupId,
        role: Role,
    },
}

/// What a group is for in its community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    /// The group all members are in and only admins write to.
    Announcements,
    General,
    Linked,
}

/// A group as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) mode: Mode,
    /// Unix seconds.
    pub(crate) created: u64,
    pub(crate) creator: Person,
    pub(crate) subject: Subject,
    pub(crate) description: Option<Description>,
    /// By phone number.
    pub(crate) members: BTreeMap<u64, Member>,
    pub(crate) settings: Settings,
    pub(crate) place: Place,
    pub(crate) admission: Admission,
}

impl Group {
    /// Rank of a member.
    pub(crate) fn rank(&self, pn: u64) -> Option<Rank> {
        self.members.get(&pn).map(|member| member.rank)
    }

    /// Whether somebody is an admin.
    pub(crate) fn is_admin(&self, pn: u64) -> bool {
        self.rank(pn) >= Some(Rank::Admin)
    }

    /// A member, in both addressings.
    pub(crate) fn person(&self, pn: u64) -> Option<Person> {
        self.members.get(&pn).map(|member| Person { pn, lid: member.lid.clone() })
    }

    /// The community it is linked with.
    pub(crate) fn parent(&self) -> Option<GroupId> {
        match self.place {
            Place::SubGroup { parent, .. } => Some(parent),
            Place::Alone | Place::Community { .. } => None,
        }
    }

    /// Whether it is a community.
    pub(crate) fn is_community(&self) -> bool {
        matches!(self.place, Place::Community { .. })
    }

    /// Its part in a community.
    pub(crate) fn role(&self) -> Option<Role> {
        match self.place {
            Place::SubGroup { role, .. } => Some(role),
            Place::Alone | Place::Community { .. } => None,
        }
    }

    /// Whether a toggle is on.
    pub(crate) fn is(&self, toggle: Toggle) -> bool {
        self.settings.on.contains(&toggle)
    }

    /// What members may see and do.
    pub(crate) fn needs_member(&self, pn: u64) -> Result<(), Refusal> {
        if self.members.contains_key(&pn) { Ok(()) } else { Err(Refusal::NotAMember) }
    }

    /// What only admins may do.
    pub(crate) fn needs_admin(&self, pn: u64) -> Result<(), Refusal> {
        self.needs_member(pn)?;
        if self.is_admin(pn) { Ok(()) } else { Err(Refusal::AdminsOnly) }
    }

    /// Subject, description, picture, disappearing messages: for admins only when locked.
    pub(crate) fn needs_editor(&self, pn: u64) -> Result<(), Refusal> {
        if self.is(Toggle::Locked) { self.needs_admin(pn) } else { self.needs_member(pn) }
    }

    /// How many more members find a place.
    pub(super) fn room(&self) -> usize {
        let whole_community = self.is_community() || self.role() == Some(Role::Announcements);
        let limit = if whole_community { COMMUNITY_LIMIT } else { MEMBER_LIMIT };
        limit.saturating_sub(self.members.len())
    }
}
