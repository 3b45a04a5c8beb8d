use wacore_binary::builder::NodeBuilder;

use super::*;

fn own() -> Own {
    Own { pn: Some("491511111111".to_owned()), lid: Some("100000000000001".to_owned()) }
}

fn person(jid: &str) -> GroupParticipantInfo {
    let node = NodeBuilder::new("participant").attr("jid", jid).build();
    let group = NodeBuilder::new("notification")
        .attr("from", "120363000000000001@g.us")
        .attr("id", "1")
        .attr("t", "1767225600")
        .attr("type", "w:gp2")
        .children([NodeBuilder::new("add").children([node]).build()])
        .build();
    let notification = wacore::stanza::groups::GroupNotification::try_from_node_ref(&group.as_node_ref());
    match notification.unwrap().actions.remove(0) {
        Action::Add { mut participants, .. } => participants.remove(0),
        other => panic!("not an addition: {other:?}"),
    }
}

fn us() -> GroupParticipantInfo {
    person("100000000000001@lid")
}

fn them() -> GroupParticipantInfo {
    person("222@lid")
}

fn ids() -> Vec<ContactIds> {
    vec![ContactIds { pn: None, lid: Some("222".to_owned()) }]
}

#[test]
fn coming_and_going_of_the_account_itself_is_told_apart() {
    let add = |participants| Action::Add { participants, reason: None };
    let remove = |participants| Action::Remove { participants, reason: None };
    for (action, expected) in [
        (add(vec![them()]), vec![GroupChange::Added { participants: ids() }]),
        (add(vec![us()]), vec![GroupChange::Joined { subject: None }]),
        (
            add(vec![them(), us()]),
            vec![GroupChange::Joined { subject: None }, GroupChange::Added { participants: ids() }],
        ),
        (remove(vec![them()]), vec![GroupChange::Removed { participants: ids() }]),
        (remove(vec![us()]), vec![GroupChange::Left {}]),
        (Action::Delete { reason: None }, vec![GroupChange::Left {}]),
    ] {
        assert_eq!(changes(&action, &own()), expected, "{action:?}");
    }
}

#[test]
fn every_other_change_has_its_name() {
    let create = NodeBuilder::new("create")
        .children([NodeBuilder::new("group").attr("subject", "Friends").build()])
        .build();
    let subject = Action::Subject { subject: "Fiends".to_owned(), subject_owner: None, subject_time: None };
    let description =
        |text: Option<&str>| Action::Description { id: "1".to_owned(), description: text.map(str::to_owned) };
    for (action, expected) in [
        (Action::Create { raw: create }, GroupChange::Joined { subject: Some("Friends".to_owned()) }),
        (Action::Promote { participants: vec![them()] }, GroupChange::Promoted { participants: ids() }),
        (Action::Demote { participants: vec![them()] }, GroupChange::Demoted { participants: ids() }),
        (subject, GroupChange::Subject { subject: "Fiends".to_owned() }),
        (description(Some("d")), GroupChange::Description { description: Some("d".to_owned()) }),
        (description(None), GroupChange::Description { description: None }),
        (Action::Locked { threshold: None }, GroupChange::Locked { on: true }),
        (Action::Unlocked, GroupChange::Locked { on: false }),
        (Action::Announce, GroupChange::Announcement { on: true }),
        (Action::NotAnnounce, GroupChange::Announcement { on: false }),
        (Action::Ephemeral { expiration: 60, trigger: None }, GroupChange::Ephemeral { seconds: 60 }),
        (Action::RevokeInvite, GroupChange::InviteRenewed {}),
        (Action::GrowthUnlocked, GroupChange::Other { what: "growth_unlocked".to_owned() }),
    ] {
        assert_eq!(changes(&action, &own()), [expected], "{action:?}");
    }
}

#[test]
fn whoever_did_it_is_named() {
    let update = |participant: &str| {
        GroupUpdate::builder()
            .group_jid("120363000000000001@g.us".parse().unwrap())
            .maybe_participant(Some(participant.parse().unwrap()))
            .maybe_participant_pn(
                Some("491511111111@s.whatsapp.net".parse().unwrap()).filter(|_| participant == "1@lid"),
            )
            .timestamp(wacore::time::from_secs(1_767_225_600).unwrap())
            .is_lid_addressing_mode(true)
            .action(Action::Announce)
            .build()
    };
    for (participant, from_me) in [("222@lid", false), ("100000000000001:3@lid", true), ("1@lid", true)] {
        let told = group_changed(&update(participant), &own());
        let [EventData::GroupChanged { group, by, at, .. }] = &told[..] else { panic!("{told:?}") };
        assert_eq!((group.to_string().as_str(), by.from_me), ("120363000000000001@g.us", from_me));
        assert_eq!(*at, Timestamp::from_millis(1_767_225_600_000));
        assert_eq!(by.contact == own().ids(), from_me);
    }
}

#[test]
fn pictures_of_groups_only() {
    let update = |jid: &str| {
        PictureUpdate::builder()
            .jid(jid.parse().unwrap())
            .timestamp(wacore::time::from_secs(1_767_225_600).unwrap())
            .removed(true)
            .build()
    };
    let told = group_picture(&update("120363000000000001@g.us"), &own());
    assert!(matches!(
        told,
        Some(EventData::GroupChanged { change: GroupChange::Picture { removed: true }, .. })
    ));
    assert_eq!(group_picture(&update("6281234567890@s.whatsapp.net"), &own()), None);
}
