//! Groups: what can be asked of them and what is told of them.

use serde::{Deserialize, Serialize};

/// A setting of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "setting", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of the fields are the words of the apps")]
pub enum Setting {
    Subject {
        text: String,
    },
    Description {
        text: String,
    },
    /// Only admins may write.
    Announcement {
        on: bool,
    },
    /// Only admins may change the group.
    Locked {
        on: bool,
    },
    /// Messages disappear after so many seconds; 0 for never.
    Disappearing {
        seconds: u32,
    },
    /// Who wants to join must be let in.
    Approval {
        on: bool,
    },
    /// Members may add others.
    MembersAdd {
        on: bool,
    },
}

/// What happens to members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are WhatsApp's")]
pub enum Act {
    Add,
    Remove,
    Promote,
    Demote,
}

/// A group as a client describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// JID.
    pub id: String,
    /// Name.
    pub subject: String,
    /// Description.
    pub description: Option<String>,
    /// Whether only admins may write.
    pub announcement: bool,
    /// Whether only admins may change it.
    pub locked: bool,
    /// Seconds until its messages disappear, 0 for never.
    pub disappearing: u32,
    /// Whether who wants to join must be let in.
    pub approval: bool,
    /// Whether it is a community.
    pub community: bool,
    /// The community it is part of, a JID.
    pub parent: Option<String>,
    /// Whether it is the announcement group of its community.
    pub news: bool,
    /// Members.
    pub members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// JID, by number or by LID.
    pub id: String,
    /// `admin` or `superadmin`.
    pub admin: Option<String>,
}
