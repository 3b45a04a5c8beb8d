//! Events about groups.

use serde::Serialize;
use utoipa::ToSchema;
use wagate_domain::{
    Address, ContactIds,
    events::{Actor, GroupChange},
};

use super::{
    envelope::EventDataView,
    people::{ActorView, IdsView},
};

/// Data of `group.joined`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupJoinedEvent)]
pub struct GroupJoined {
    /// The group's JID.
    #[schema(example = "120363041234567890@g.us")]
    group: String,
    /// Who made it or added the account.
    by: ActorView,
    /// The group's name, when it is told.
    subject: Option<String>,
}

/// Data of `group.left`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupLeftEvent)]
pub struct GroupLeft {
    /// The group's JID.
    group: String,
    /// Who removed the account; the account itself when it left.
    by: ActorView,
}

/// Data of `group.participants`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupParticipantsEvent)]
pub struct GroupParticipants {
    /// The group's JID.
    group: String,
    /// Who did it.
    by: ActorView,
    /// What happened to them.
    action: ParticipantsAction,
    /// To whom.
    participants: Vec<IdsView>,
}

/// What happened to participants.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventParticipantsAction)]
pub(super) enum ParticipantsAction {
    /// They came in.
    Added,
    /// They went or were removed.
    Removed,
    /// They became administrators.
    Promoted,
    /// They are no administrators any more.
    Demoted,
}

/// Data of `group.updated`: what changed, and only that.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupUpdatedEvent)]
pub struct GroupUpdated {
    /// The group's JID.
    group: String,
    /// Who did it.
    by: ActorView,
    /// What changed.
    change: GroupChangeView,
}

/// What changed in a group.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = EventGroupChange)]
pub(super) enum GroupChangeView {
    /// Its name.
    Subject {
        /// The name.
        subject: String,
    },
    /// Its description.
    Description {
        /// The description; `null`: none.
        description: Option<String>,
    },
    /// Its picture.
    Picture {
        /// It was taken away.
        removed: bool,
    },
    /// Who may write.
    Announcement {
        /// Only administrators.
        on: bool,
    },
    /// Who may change name and picture.
    Locked {
        /// Only administrators.
        on: bool,
    },
    /// After how long messages disappear.
    Ephemeral {
        /// In seconds; 0: they stay.
        seconds: u32,
    },
    /// The invite link is another one.
    InviteRenewed {},
    /// Something this version does not model.
    Other {
        /// WhatsApp's name of it.
        what: String,
    },
}

/// The shape that fits what happened.
pub(super) fn shape(group: &Address, by: Actor, change: GroupChange) -> EventDataView {
    let group = group.to_string();
    let by = ActorView::from(by);
    let people = |group, by, action, participants: Vec<ContactIds>| {
        let participants = participants.into_iter().map(IdsView::from).collect();
        EventDataView::GroupParticipants(GroupParticipants { group, by, action, participants })
    };
    let change = match change {
        GroupChange::Joined { subject } => {
            return EventDataView::GroupJoined(GroupJoined { group, by, subject });
        }
        GroupChange::Left {} => return EventDataView::GroupLeft(GroupLeft { group, by }),
        GroupChange::Added { participants } => {
            return people(group, by, ParticipantsAction::Added, participants);
        }
        GroupChange::Removed { participants } => {
            return people(group, by, ParticipantsAction::Removed, participants);
        }
        GroupChange::Promoted { participants } => {
            return people(group, by, ParticipantsAction::Promoted, participants);
        }
        GroupChange::Demoted { participants } => {
            return people(group, by, ParticipantsAction::Demoted, participants);
        }
        GroupChange::Subject { subject } => GroupChangeView::Subject { subject },
        GroupChange::Description { description } => GroupChangeView::Description { description },
        GroupChange::Picture { removed } => GroupChangeView::Picture { removed },
        GroupChange::Announcement { on } => GroupChangeView::Announcement { on },
        GroupChange::Locked { on } => GroupChangeView::Locked { on },
        GroupChange::Ephemeral { seconds } => GroupChangeView::Ephemeral { seconds },
        GroupChange::InviteRenewed {} => GroupChangeView::InviteRenewed {},
        GroupChange::Other { what } => GroupChangeView::Other { what },
    };
    EventDataView::GroupUpdated(GroupUpdated { group, by, change })
}
