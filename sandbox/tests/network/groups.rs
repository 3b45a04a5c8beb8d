//! Groups: made, joined, left, written to.

use serde_json::{Value, json};
use wacore::iq::groups::{
    GroupCreateOptions, GroupDescription, GroupParticipantOptions, GroupSubject, JoinGroupResult,
    MemberAddMode, MemberLinkMode, MembershipApprovalMode,
};
use wacore::iq::privacy::{PrivacyCategory, PrivacyValue};
use wacore::stanza::groups::GroupNotificationAction as Action;
use wacore::types::events::{Event, GroupUpdate};
use wacore::types::message::AddressingMode;
use wacore_binary::Jid;
use wagate_sandbox::phones::NewGroup;
use whatsapp_rust::features::{BatchGroupResult, GroupError, PreviousDescription};

use crate::client::Client;
use crate::control::{call, ok};
use crate::{Lan, eventually};

const ALICE: &str = "4915600000001";
const BOB: &str = "4915600000002";
const CAROL: &str = "4915600000003";
const DAN: &str = "4915600000004";

/// A group of its maker and others, by phone number.
pub(crate) async fn group_of(maker: &Client, subject: &str, members: &[&str]) -> Jid {
    let participants = members.iter().map(|pn| GroupParticipantOptions::new(Jid::pn(*pn))).collect();
    let options = GroupCreateOptions::new(subject).with_participants(participants);
    maker.wa().groups().create_group(options).await.expect("create").metadata.id
}

/// Sends a text to a group and returns its id, or the code of the server's refusal.
pub(crate) async fn say_in(client: &Client, group: &Jid, text: &str) -> Result<String, String> {
    let id = client.wa().send_text(group.clone(), text).await.expect("send").message_id;
    let error = client
        .wait("server ack", |event| match event {
            Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
            _ => None,
        })
        .await;
    error.map_or(Ok(id), Err)
}

/// Waits for a notification about a group.
pub(crate) async fn update(
    client: &Client,
    group: &Jid,
    what: &str,
    pick: impl Fn(&Action) -> bool,
) -> GroupUpdate {
    client
        .wait(what, |event| match event {
            Event::GroupUpdate(update) if update.group_jid == *group && pick(&update.action) => {
                Some(update.clone())
            }
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_three_accounts_and_five_devices_talks() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let tablet = Client::linked(&lan.sandbox, BOB).await;
    let carol = Client::linked(&lan.sandbox, CAROL).await;
    let group = group_of(&alice, "Friends", &[BOB, CAROL]).await;
    let made = update(&bob, &group, "creation", |action| matches!(action, Action::Create { .. })).await;
    assert!(made.is_lid_addressing_mode);
    assert_eq!(made.participant_pn, Some(Jid::pn(ALICE)));
    update(&alice, &group, "creation at its maker", |a| matches!(a, Action::Create { .. })).await;

    let metadata = bob.wa().groups().get_metadata(&group).await.expect("metadata");
    assert_eq!(metadata.subject, "Friends");
    assert_eq!(metadata.addressing_mode, AddressingMode::Lid);
    assert_eq!(metadata.creator_pn, Some(Jid::pn(ALICE)));
    assert_eq!(metadata.size, Some(3));
    let mut numbers: Vec<Jid> = metadata.participants.iter().filter_map(|p| p.phone_number.clone()).collect();
    numbers.sort_by(|a, b| a.user.cmp(&b.user));
    assert_eq!(numbers, [Jid::pn(ALICE), Jid::pn(BOB), Jid::pn(CAROL)]);
    let leaders = metadata.participants.iter().filter(|participant| participant.is_super_admin());
    assert_eq!(
        leaders.filter_map(|leader| leader.phone_number.clone()).collect::<Vec<_>>(),
        [Jid::pn(ALICE)]
    );

    let first = say_in(&alice, &group, "hello all").await.expect("accepted");
    for device in [&bob, &tablet, &carol] {
        let message = device.text("hello all").await;
        assert_eq!(message.info.source.chat, group);
        assert_eq!(message.info.source.sender_alt, Some(Jid::pn(ALICE)));
        assert!(message.info.source.sender.is_lid());
        assert_eq!(message.info.source.sender.device, 1);
    }
    alice.receipt(&first, "Delivered").await;
    say_in(&alice, &group, "hello again").await.expect("accepted");
    let second = say_in(&bob, &group, "hello from bob").await.expect("accepted");
    for device in [&alice, &tablet, &carol] {
        device.text("hello from bob").await;
    }
    assert!(tablet.text("hello from bob").await.info.source.is_from_me);
    let message = carol.text("hello again").await;
    let (author, id) = (message.info.source.sender.clone(), message.info.id.clone());
    carol.wa().mark_as_read(&group, Some(&author), &[&id]).await.expect("read");
    let read = alice.receipt(&id, "Read").await;
    assert_eq!(read.source.chat, group);

    let phones = lan.sandbox.phones();
    for (pn, id) in [(CAROL, &first), (BOB, &first), (ALICE, &second), (BOB, &second)] {
        let shown = eventually("message on a phone", || async { phones.message(pn, id).await.ok() }).await;
        assert_eq!(shown.chat, group.to_string());
        assert!(!shown.undecryptable);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_in_phone_number_addressing_talks_too() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    // Clients leave the addressing to the server.
    let new = NewGroup {
        subject: "By number".into(),
        members: vec![BOB.into()],
        by_number: true,
        ..NewGroup::default()
    };
    let group: Jid =
        lan.sandbox.phones().create_group(ALICE, new).await.expect("group").parse().expect("jid");
    let metadata = bob.wa().groups().get_metadata(&group).await.expect("metadata");
    assert_eq!(metadata.addressing_mode, AddressingMode::Pn);
    say_in(&alice, &group, "by number").await.expect("accepted");
    let message = bob.text("by number").await;
    assert_eq!(message.info.source.sender, Jid::pn_device(ALICE, 1));
    assert!(message.info.source.sender_alt.as_ref().is_some_and(Jid::is_lid));
    say_in(&bob, &group, "and back").await.expect("accepted");
    alice.text("and back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_added_reads_on_and_who_is_removed_does_not() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let carol = Client::linked(&lan.sandbox, CAROL).await;
    let group = group_of(&alice, "Doors", &[BOB]).await;
    say_in(&alice, &group, "only bob").await.expect("accepted");
    bob.text("only bob").await;

    let added = alice.wa().groups().add_participants(group.clone(), &[Jid::pn(CAROL)]).await.expect("add");
    assert_eq!(added.len(), 1);
    assert_eq!(added[0].status.as_deref(), Some("200"));
    assert_eq!(added[0].phone_number, Some(Jid::pn(CAROL)));
    for client in [&bob, &carol] {
        let update = update(client, &group, "add", |action| matches!(action, Action::Add { .. })).await;
        let Action::Add { participants, .. } = update.action else { unreachable!() };
        assert_eq!(participants[0].phone_number, Some(Jid::pn(CAROL)));
    }
    say_in(&bob, &group, "hello carol").await.expect("accepted");
    carol.text("hello carol").await;
    say_in(&carol, &group, "hello all").await.expect("accepted");
    alice.text("hello all").await;

    let again = alice.wa().groups().add_participants(group.clone(), &[Jid::pn(CAROL)]).await.expect("add");
    assert_eq!(again[0].error.as_deref(), Some("409"));
    let groups = alice.wa();
    let removed =
        groups.groups().remove_participants(group.clone(), &[Jid::pn(CAROL)]).await.expect("remove");
    assert!(removed[0].is_ok());
    for client in [&bob, &carol] {
        update(client, &group, "removal", |action| matches!(action, Action::Remove { .. })).await;
    }
    say_in(&alice, &group, "without carol").await.expect("accepted");
    bob.text("without carol").await;
    let refused = say_in(&carol, &group, "still here?").await;
    assert_eq!(refused, Err("403".to_owned()));
    assert!(carol.wa().groups().get_metadata(&group).await.is_err());
    assert!(!carol.texts().contains(&"without carol".to_owned()));
    assert!(!bob.texts().contains(&"still here?".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_survive_a_restart() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Lasting", &[BOB]).await;
    say_in(&alice, &group, "before").await.expect("accepted");
    bob.text("before").await;
    let lan = lan.restart().await;
    eventually("reconnection", || async { (lan.sandbox.online() == 2).then_some(()) }).await;
    let all = bob.wa().groups().get_participating().await.expect("groups");
    assert_eq!(all.get(&group).map(|metadata| metadata.subject.as_str()), Some("Lasting"));
    say_in(&bob, &group, "after").await.expect("accepted");
    alice.text("after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_reach_everybody_and_are_enforced() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Before", &[BOB]).await;
    let (wa, jid) = (alice.wa(), group.clone());
    let groups = wa.groups();

    groups.set_subject(jid.clone(), GroupSubject::new("After").expect("subject")).await.expect("subject");
    let renamed = update(&bob, &group, "subject", |a| matches!(a, Action::Subject { .. })).await;
    let Action::Subject { subject, subject_owner, .. } = renamed.action else { unreachable!() };
    assert_eq!(subject, "After");
    assert!(subject_owner.is_some_and(|owner| owner.is_lid()));

    let text = GroupDescription::new("What it is about").expect("description");
    groups.set_description(jid.clone(), Some(text), PreviousDescription::Resolve).await.expect("description");
    let described = update(&bob, &group, "description", |a| matches!(a, Action::Description { .. })).await;
    let Action::Description { description, .. } = described.action else { unreachable!() };
    assert_eq!(description.as_deref(), Some("What it is about"));
    let stale = groups.set_description(jid.clone(), None, PreviousDescription::Id("OTHER")).await;
    assert!(matches!(stale, Err(GroupError::DescriptionConflict)), "{stale:?}");
    groups.set_description(jid.clone(), None, PreviousDescription::Resolve).await.expect("deletion");

    groups.set_ephemeral(jid.clone(), 86_400).await.expect("ephemeral");
    let is_day = |action: &Action| matches!(action, Action::Ephemeral { expiration: 86_400, .. });
    update(&bob, &group, "disappearing messages", is_day).await;
    groups.set_locked(jid.clone(), true).await.expect("locked");
    update(&bob, &group, "lock", |a| matches!(a, Action::Locked { .. })).await;
    groups.set_no_frequently_forwarded(jid.clone(), true).await.expect("forwarding");
    update(&bob, &group, "forwarding", |a| matches!(a, Action::NoFrequentlyForwarded)).await;
    groups.set_member_add_mode(jid.clone(), MemberAddMode::AdminAdd).await.expect("add mode");
    let mode = update(&bob, &group, "add mode", |a| matches!(a, Action::MemberAddMode { .. })).await;
    assert!(matches!(mode.action, Action::MemberAddMode { mode } if mode == "admin_add"));
    groups.set_membership_approval(jid.clone(), MembershipApprovalMode::On).await.expect("approval");
    let is_on = |action: &Action| matches!(action, Action::MembershipApprovalMode { enabled: true });
    update(&bob, &group, "approval", is_on).await;
    groups.set_limit_sharing(&group, true).await.expect("limited sharing");
    update(&bob, &group, "limited sharing", |a| matches!(a, Action::LimitSharingEnabled { .. })).await;

    let seen = bob.wa().groups().get_metadata(&group).await.expect("metadata");
    assert_eq!((seen.subject.as_str(), seen.description.as_deref()), ("After", None));
    assert_eq!(seen.ephemeral.and_then(|ephemeral| ephemeral.expiration), Some(86_400));
    assert!(seen.is_locked && seen.membership_approval && seen.no_frequently_forwarded);
    let by_bob = bob.wa();
    let by_bob = by_bob.groups();
    assert!(by_bob.set_subject(jid.clone(), GroupSubject::new("Mine").expect("subject")).await.is_err());
    assert!(by_bob.add_participants(jid.clone(), &[Jid::pn(CAROL)]).await.is_err());
    assert!(by_bob.get_invite_link(jid.clone(), false).await.is_err());
    groups.set_member_link_mode(&group, MemberLinkMode::AllMemberLink).await.expect("link mode");
    by_bob.get_invite_link(jid.clone(), false).await.expect("every member may share the link");

    groups.promote_participants(jid.clone(), &[Jid::pn(BOB)]).await.expect("promote");
    update(&bob, &group, "promotion", |a| matches!(a, Action::Promote { .. })).await;
    by_bob.set_subject(jid.clone(), GroupSubject::new("Ours").expect("subject")).await.expect("an admin");
    groups.demote_participants(jid, &[Jid::pn(BOB)]).await.expect("demote");
    update(&alice, &group, "demotion", |a| matches!(a, Action::Demote { .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_write_announcements() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "News", &[BOB]).await;
    alice.wa().groups().set_announce(group.clone(), true).await.expect("announcement");
    update(&bob, &group, "announcement", |action| matches!(action, Action::Announce)).await;
    assert_eq!(say_in(&bob, &group, "psst").await, Err("403".to_owned()));
    say_in(&alice, &group, "hear, hear").await.expect("an admin");
    bob.text("hear, hear").await;
    alice.wa().groups().set_announce(group.clone(), false).await.expect("end of it");
    update(&bob, &group, "end of announcement", |action| matches!(action, Action::NotAnnounce)).await;
    say_in(&bob, &group, "at last").await.expect("everybody writes");
    alice.text("at last").await;
    assert!(!alice.texts().contains(&"psst".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_in_and_out_of_date() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Open house", &[]).await;
    let (of_alice, of_bob) = (alice.wa(), bob.wa());
    let link = of_alice.groups().get_invite_link(group.clone(), false).await.expect("link");
    let info = of_bob.groups().get_invite_info(&link).await.expect("info");
    assert_eq!((info.subject.as_str(), info.size), ("Open house", Some(1)));
    let joined = of_bob.groups().join_with_invite_code(&link).await.expect("join");
    assert_eq!(joined, JoinGroupResult::Joined(group.clone()));
    let added = update(&alice, &group, "add", |action| matches!(action, Action::Add { .. })).await;
    assert!(matches!(added.action, Action::Add { reason: Some(reason), .. } if reason == "invite"));
    say_in(&bob, &group, "thanks").await.expect("a member now");
    alice.text("thanks").await;

    of_bob.groups().leave(group.clone()).await.expect("leave");
    let left = update(&alice, &group, "leaving", |action| matches!(action, Action::Remove { .. })).await;
    assert_eq!(left.participant_pn, Some(Jid::pn(BOB)));
    let new = of_alice.groups().get_invite_link(group.clone(), true).await.expect("revoke");
    assert_ne!(new, link);
    let refused = of_bob.groups().join_with_invite_code(&link).await.expect_err("revoked");
    assert!(format!("{refused:?}").contains("410"), "{refused:?}");
    of_bob.groups().join_with_invite_code(&new).await.expect("join");
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_decide_who_comes_in() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Club", &[]).await;
    let (of_alice, of_bob) = (alice.wa(), bob.wa());
    let (of_alice, of_bob) = (of_alice.groups(), of_bob.groups());
    of_alice.set_membership_approval(group.clone(), MembershipApprovalMode::On).await.expect("approval");
    let link = of_alice.get_invite_link(group.clone(), false).await.expect("link");

    let waiting = of_bob.join_with_invite_code(&link).await.expect("ask");
    assert_eq!(waiting, JoinGroupResult::PendingApproval(group.clone()));
    let asked = |action: &Action| matches!(action, Action::CreatedMembershipRequests { .. });
    let asked = update(&alice, &group, "request", asked).await;
    let Action::CreatedMembershipRequests { requests, .. } = asked.action else { unreachable!() };
    assert_eq!(requests[0].phone_number, Some(Jid::pn(BOB)));
    let bob_lid = requests[0].jid.clone();
    of_bob.cancel_membership_requests(group.clone(), std::slice::from_ref(&bob_lid)).await.expect("cancel");
    let gone = |action: &Action| matches!(action, Action::RevokedMembershipRequests { .. });
    update(&alice, &group, "withdrawal", gone).await;
    assert!(of_alice.get_membership_requests(group.clone()).await.expect("list").is_empty());

    of_bob.join_with_invite_code(&link).await.expect("ask again");
    let requests = of_alice.get_membership_requests(group.clone()).await.expect("list");
    assert_eq!(requests.len(), 1);
    assert!(requests[0].request_time.is_some());
    let decided = of_alice.approve_membership_requests(group.clone(), &[requests[0].jid.clone()]).await;
    assert!(decided.expect("approve")[0].is_ok());
    update(&bob, &group, "being let in", |action| matches!(action, Action::Add { .. })).await;
    say_in(&bob, &group, "made it").await.expect("a member");
    alice.text("made it").await;
    let none = of_alice.reject_membership_requests(group, &[bob_lid]).await.expect("reject");
    assert_eq!(none[0].error.as_deref(), Some("404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_want_to_be_added_is_invited() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let contacts = bob.wa().set_privacy_setting(PrivacyCategory::GroupAdd, PrivacyValue::Contacts).await;
    contacts.expect("privacy");
    let group = group_of(&alice, "Shy", &[BOB]).await;
    let members = alice.wa().groups().get_metadata(&group).await.expect("metadata").participants;
    assert_eq!(members.len(), 1, "bob was not added");
    let refused = alice.wa().groups().add_participants(group.clone(), &[Jid::pn(BOB)]).await.expect("add");
    assert_eq!(refused[0].error.as_deref(), Some("403"));
    let offer = refused[0].add_request.clone().expect("an invitation");
    let (code, expires) = (offer.code.as_str(), i64::try_from(offer.expiration).expect("time"));
    let joined = bob.wa().groups().join_with_invite_v4(group.clone(), code, expires, Jid::pn(ALICE)).await;
    assert_eq!(joined.expect("accept"), JoinGroupResult::Joined(group.clone()));
    say_in(&bob, &group, "so be it").await.expect("a member");
    alice.text("so be it").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_leader_hands_over() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Handed over", &[BOB]).await;
    alice.wa().groups().leave(group.clone()).await.expect("leave");
    update(&bob, &group, "leaving", |action| matches!(action, Action::Remove { .. })).await;
    update(&bob, &group, "promotion", |action| matches!(action, Action::Promote { .. })).await;
    let metadata = bob.wa().groups().get_metadata(&group).await.expect("metadata");
    assert!(metadata.participants.len() == 1 && metadata.participants[0].is_super_admin());
    assert!(alice.wa().groups().leave(group).await.is_err(), "not a member");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_groups_are_asked_for_at_once() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let (ours, hers) = (group_of(&alice, "Ours", &[BOB]).await, group_of(&alice, "Hers", &[]).await);
    let nobodys: Jid = "120363999999999999@g.us".parse().expect("jid");
    let asked = vec![ours.clone(), hers.clone(), nobodys.clone()];
    let found = bob.wa().groups().batch_get_info(asked).await.expect("batch");
    assert!(matches!(&found[0], BatchGroupResult::Full(group) if group.id == ours));
    assert!(matches!(&found[1], BatchGroupResult::Forbidden(id) if *id == hers));
    assert!(matches!(&found[2], BatchGroupResult::NotFound(id) if *id == nobodys));
    let own = bob.wa().groups().get_participating().await.expect("groups");
    assert_eq!(own.keys().collect::<Vec<_>>(), [&ours]);
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_is_shown_to_the_group() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Typing", &[BOB]).await;
    bob.wa().chatstate().send_composing(&group).await.expect("composing");
    let source = alice
        .wait("typing", |event| match event {
            Event::ChatPresence(update) => Some(update.source.clone()),
            _ => None,
        })
        .await;
    assert_eq!(source.chat, group);
    assert!(source.is_group && source.sender.is_lid());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_to_the_group_while_away_arrives() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Patience", &[BOB]).await;
    let id = say_in(&alice, &group, "before").await.expect("accepted");
    bob.text("before").await;
    alice.receipt_from(1, &id, "Delivered").await;
    let store = bob.leave().await;
    for n in 0..5 {
        say_in(&alice, &group, &format!("away {n}")).await.expect("accepted");
    }
    alice.wa().groups().set_announce(group.clone(), true).await.expect("announcement");
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    bob.text("away 4").await;
    assert_eq!(bob.texts(), ["away 0", "away 1", "away 2", "away 3", "away 4"]);
    update(&bob, &group, "announcement", |action| matches!(action, Action::Announce)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_device_of_a_member_reads_on() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let group = group_of(&alice, "Growing", &[BOB]).await;
    say_in(&alice, &group, "to one device").await.expect("accepted");
    bob.text("to one device").await;
    let tablet = Client::linked(&lan.sandbox, BOB).await;
    say_in(&alice, &group, "to both").await.expect("accepted");
    bob.text("to both").await;
    tablet.text("to both").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_with_another_number_stays() {
    const NEW: &str = "4915600000009";
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let group = group_of(&alice, "Moving", &[BOB]).await;
    say_in(&alice, &group, "to the old number").await.expect("accepted");
    let phones = lan.sandbox.phones();
    phones.change_number(BOB, NEW).await.expect("number");
    let modified = update(&alice, &group, "modification", |a| matches!(a, Action::Modify { .. })).await;
    let Action::Modify { participants } = modified.action else { unreachable!() };
    assert_eq!(participants[0].phone_number, Some(Jid::pn(NEW)));
    let members = alice.wa().groups().get_metadata(&group).await.expect("metadata").participants;
    assert!(members.iter().any(|member| member.phone_number == Some(Jid::pn(NEW))));
    assert!(members.iter().all(|member| member.phone_number != Some(Jid::pn(BOB))));
    let id = say_in(&alice, &group, "to the new number").await.expect("accepted");
    let shown = eventually("message on the phone", || async { phones.message(NEW, &id).await.ok() }).await;
    assert_eq!(shown.text.as_deref(), Some("to the new number"));
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_manage_groups_by_the_control_api() {
    let lan = Lan::start().await;
    let sandbox = &lan.sandbox;
    for number in [ALICE, DAN] {
        ok(sandbox, "POST", "/phones", json!({ "number": number })).await;
    }
    let bob = Client::linked(sandbox, BOB).await;
    let create = json!({ "subject": "By hand", "description": "for a test", "members": [BOB] });
    let made = ok(sandbox, "POST", &format!("/phones/{ALICE}/groups"), create).await;
    let group: Jid = made["jid"].as_str().expect("jid").parse().expect("jid");
    assert_eq!((&made["subject"], &made["addressing_mode"]), (&json!("By hand"), &json!("lid")));
    update(&bob, &group, "creation", |action| matches!(action, Action::Create { .. })).await;
    say_in(&bob, &group, "hello phones").await.expect("accepted");

    let members = format!("/phones/{ALICE}/groups/{group}/members");
    let add = json!({ "action": "add", "members": [CAROL, BOB] });
    let outcomes = ok(sandbox, "POST", &members, add).await;
    let expected =
        json!([{ "number": format!("+{CAROL}"), "code": 200 }, { "number": format!("+{BOB}"), "code": 409 }]);
    assert_eq!(outcomes["members"], expected);
    ok(sandbox, "POST", &members, json!({ "action": "promote", "members": [BOB] })).await;
    update(&bob, &group, "promotion", |action| matches!(action, Action::Promote { .. })).await;
    ok(sandbox, "POST", &members, json!({ "action": "demote", "members": [BOB] })).await;
    ok(sandbox, "POST", &members, json!({ "action": "remove", "members": [CAROL] })).await;
    let (status, problem) = call(
        sandbox,
        "POST",
        &format!("/phones/{CAROL}/groups/{group}/members"),
        json!({ "action": "add", "members": [CAROL] }),
    )
    .await;
    assert_eq!((status, &problem["code"]), (409, &json!("refused")), "{problem}");

    let shown = ok(sandbox, "GET", &format!("/groups/{}", group.user), Value::Null).await;
    assert_eq!(shown["members"].as_array().map(Vec::len), Some(2));
    let link = format!("https://chat.whatsapp.com/{}", shown["invite_code"].as_str().expect("code"));
    let joined = ok(sandbox, "POST", &format!("/phones/{DAN}/groups/join"), json!({ "invite": link })).await;
    assert_eq!((joined["group"].as_str(), &joined["waiting"]), (made["jid"].as_str(), &json!(false)));
    ok(sandbox, "POST", &format!("/phones/{ALICE}/groups/{group}/leave"), Value::Null).await;
    let all = ok(sandbox, "GET", "/groups?limit=1", Value::Null).await;
    let ranks: Vec<_> =
        all["items"][0]["members"].as_array().expect("members").iter().map(|m| &m["rank"]).collect();
    assert_eq!(ranks, ["superadmin", "member"]);
    assert_eq!(all["next_cursor"], Value::Null);
    let (status, _) = call(sandbox, "GET", "/groups/120363000000000000", Value::Null).await;
    assert_eq!(status, 404);
}
