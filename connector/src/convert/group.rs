//! What happens to groups.

use wacore::{
    stanza::groups::{GroupNotificationAction as Action, GroupParticipantInfo},
    types::events::{GroupUpdate, PictureUpdate},
};
use wacore_binary::Jid;
use wagate_domain::{
    Address, ContactIds, Timestamp,
    events::{Actor, EventData, GroupChange},
};

use super::{Own, address_of, identities_of};

/// One action on a group: what it means to the linked account, and what to the others.
pub(super) fn group_changed(update: &GroupUpdate, own: &Own) -> Vec<EventData> {
    let Some(group) = address_of(&update.group_jid) else { return Vec::new() };
    let by = actor(update.participant.as_ref(), update.participant_pn.as_ref(), own);
    let at = Timestamp::from_millis(update.timestamp.timestamp_millis());
    let told = |change| EventData::GroupChanged { group: group.clone(), by: by.clone(), change, at };
    changes(&update.action, own).into_iter().map(told).collect()
}

/// Another picture of a group; `None` for pictures of people.
pub(super) fn group_picture(update: &PictureUpdate, own: &Own) -> Option<EventData> {
    let group = address_of(&update.jid).filter(|address| !address.is_person())?;
    let by = actor(update.author.as_ref(), None, own);
    let at = Timestamp::from_millis(update.timestamp.timestamp_millis());
    Some(EventData::GroupChanged { group, by, change: GroupChange::Picture { removed: update.removed }, at })
}

fn changes(action: &Action, own: &Own) -> Vec<GroupChange> {
    let change = match action {
        Action::Add { participants, .. } => {
            let (us, participants) = apart(participants, own);
            let joined = us.then_some(GroupChange::Joined { subject: None });
            return joined
                .into_iter()
                .chain(some(participants, |participants| GroupChange::Added { participants }))
                .collect();
        }
        Action::Remove { participants, .. } => {
            let (us, participants) = apart(participants, own);
            let left = us.then_some(GroupChange::Left {});
            return left
                .into_iter()
                .chain(some(participants, |participants| GroupChange::Removed { participants }))
                .collect();
        }
        Action::Promote { participants } => GroupChange::Promoted { participants: everyone(participants) },
        Action::Demote { participants } => GroupChange::Demoted { participants: everyone(participants) },
        Action::Subject { subject, .. } => GroupChange::Subject { subject: subject.clone() },
        Action::Description { description, .. } => {
            GroupChange::Description { description: description.clone() }
        }
        Action::Locked { .. } => GroupChange::Locked { on: true },
        Action::Unlocked => GroupChange::Locked { on: false },
        Action::Announce => GroupChange::Announcement { on: true },
        Action::NotAnnounce => GroupChange::Announcement { on: false },
        Action::Ephemeral { expiration, .. } => GroupChange::Ephemeral { seconds: *expiration },
        Action::RevokeInvite => GroupChange::InviteRenewed {},
        // told to those who are in it from the beginning
        Action::Create { raw } => {
            let group = raw.get_optional_child("group");
            let subject = group
                .and_then(|group| group.attrs().optional_string("subject").map(|name| name.into_owned()));
            GroupChange::Joined { subject }
        }
        Action::Delete { .. } => GroupChange::Left {},
        other => GroupChange::Other { what: other.tag_name().to_owned() },
    };
    Vec::from([change])
}

fn some(
    participants: Vec<ContactIds>,
    change: impl FnOnce(Vec<ContactIds>) -> GroupChange,
) -> Option<GroupChange> {
    (!participants.is_empty()).then(|| change(participants))
}

/// Whether the linked account is among them, and the others.
fn apart(participants: &[GroupParticipantInfo], own: &Own) -> (bool, Vec<ContactIds>) {
    let (us, others): (Vec<_>, Vec<_>) =
        everyone(participants).into_iter().partition(|person| is_own(person, own));
    (!us.is_empty(), others)
}

fn everyone(participants: &[GroupParticipantInfo]) -> Vec<ContactIds> {
    let ids = |person: &GroupParticipantInfo| {
        identities_of(Some(&person.jid))
            .or(identities_of(person.phone_number.as_ref()))
            .or(identities_of(person.lid.as_ref()))
    };
    participants.iter().map(ids).collect()
}

fn actor(jid: Option<&Jid>, pn: Option<&Jid>, own: &Own) -> Actor {
    let contact = identities_of(jid).or(identities_of(pn));
    let from_me = is_own(&contact, own);
    Actor { from_me, contact: if from_me { own.ids() } else { contact } }
}

fn is_own(person: &ContactIds, own: &Own) -> bool {
    let addresses = [person.pn.clone().map(Address::pn), person.lid.clone().map(Address::lid)];
    addresses.iter().flatten().any(|address| own.is(address))
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
