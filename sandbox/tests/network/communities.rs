//! Communities: groups under a common roof.

use serde_json::json;
use wacore::stanza::groups::GroupNotificationAction as Action;
use wacore_binary::Jid;
use whatsapp_rust::features::CreateCommunityOptions;

use crate::Lan;
use crate::client::Client;
use crate::control::{call, ok};
use crate::groups::{group_of, say_in, update};

const ALICE: &str = "4915700000001";
const BOB: &str = "4915700000002";
const CAROL: &str = "4915700000003";

/// A community of its maker, with a general chat.
async fn community_of(maker: &Client, name: &str) -> Jid {
    let options = CreateCommunityOptions { create_general_chat: true, ..CreateCommunityOptions::new(name) };
    let made = maker.wa().community().create(options).await.expect("community");
    assert!(made.metadata.is_parent_group);
    made.metadata.id
}

/// The announcement group of a community.
async fn announcements(client: &Client, community: &Jid) -> Jid {
    let groups = client.wa().community().get_subgroups(community).await.expect("groups");
    groups.iter().find(|group| group.is_default_sub_group).expect("announcement group").id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_has_groups_that_come_and_go() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let town = community_of(&alice, "Town").await;
    let news = announcements(&alice, &town).await;
    let groups = alice.wa().community().get_subgroups(&town).await.expect("groups");
    assert_eq!(groups.iter().filter(|group| group.is_general_chat).count(), 1);
    assert_eq!(groups.len(), 2);

    let choir = group_of(&alice, "Choir", &[BOB]).await;
    let of_alice = alice.wa();
    let of_alice = of_alice.community();
    let linked = of_alice.link_subgroups(town.clone(), std::slice::from_ref(&choir)).await.expect("link");
    assert_eq!((linked.linked_jids, linked.failed_groups.len()), (vec![choir.clone()], 0));
    let is_link =
        |action: &Action| matches!(action, Action::Link { link_type, .. } if link_type == "parent_group");
    update(&bob, &choir, "link", is_link).await;
    update(&bob, &town, "coming into the community", |a| matches!(a, Action::Create { .. })).await;
    update(&bob, &news, "coming into its announcement group", |a| matches!(a, Action::Create { .. })).await;
    let again = of_alice.link_subgroups(town.clone(), std::slice::from_ref(&choir)).await.expect("link");
    assert_eq!(again.failed_groups, [(choir.clone(), 405)]);

    let seen = bob.wa().groups().get_metadata(&choir).await.expect("metadata");
    assert_eq!(seen.parent_group_jid, Some(town.clone()));
    let of_bob = bob.wa().community().get_participating().await.expect("communities");
    assert_eq!(of_bob.keys().collect::<Vec<_>>(), [&town]);
    let counts = of_alice.get_subgroup_participant_counts(&town).await.expect("counts");
    assert!(counts.contains(&(choir.clone(), 2)), "{counts:?}");

    say_in(&alice, &news, "hear, town").await.expect("an admin");
    bob.text("hear, town").await;
    assert_eq!(say_in(&bob, &news, "me too").await, Err("403".to_owned()));
    assert_eq!(say_in(&alice, &town, "nobody writes here").await, Err("403".to_owned()));
    say_in(&bob, &choir, "la la la").await.expect("a member");
    alice.text("la la la").await;

    let unlinked = of_alice.unlink_subgroups(town.clone(), std::slice::from_ref(&choir), true).await;
    assert_eq!(unlinked.expect("unlink").unlinked_jids, std::slice::from_ref(&choir));
    update(&bob, &choir, "end of the link", |action| matches!(action, Action::Unlink { .. })).await;
    update(&bob, &town, "leaving", |action| matches!(action, Action::Remove { .. })).await;
    assert!(bob.wa().groups().get_metadata(&town).await.is_err(), "bob was in no other group");
    say_in(&bob, &choir, "still singing").await.expect("a member");
    alice.text("still singing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_community_see_and_join_its_groups() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let town = community_of(&alice, "Town").await;
    let of_alice = alice.wa();
    let chess = of_alice.community().create_subgroup("Chess", &[Jid::pn(CAROL)], town.clone()).await;
    let chess = chess.expect("group").metadata.id;
    let link = of_alice.groups().get_invite_link(town.clone(), false).await.expect("link");
    bob.wa().groups().join_with_invite_code(&link).await.expect("join");

    let of_bob = bob.wa();
    let of_bob = of_bob.community();
    let seen = of_bob.query_linked_group(town.clone(), chess.clone()).await.expect("query");
    assert_eq!((seen.subject.as_str(), seen.size, seen.participants.len()), ("Chess", Some(2), 0));
    assert!(bob.wa().groups().get_metadata(&chess).await.is_err(), "only members see members");
    let joined = of_bob.join_subgroup(town.clone(), chess.clone()).await.expect("join");
    assert_eq!(joined.participants.len(), 3);
    say_in(&bob, &chess, "e4").await.expect("a member");
    alice.text("e4").await;
    let all = of_bob.get_linked_groups_participants(town.clone()).await.expect("participants");
    let mut numbers: Vec<Jid> = all.iter().filter_map(|person| person.phone_number.clone()).collect();
    numbers.sort_by(|a, b| a.user.cmp(&b.user));
    assert_eq!(numbers, [Jid::pn(ALICE), Jid::pn(BOB), Jid::pn(CAROL)]);

    let removed =
        of_alice.community().remove_participants(town.clone(), &[Jid::pn(BOB)]).await.expect("remove");
    assert!(removed[0].is_ok());
    update(&bob, &chess, "removal", |action| matches!(action, Action::Remove { .. })).await;
    assert_eq!(say_in(&bob, &chess, "e5").await, Err("403".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dissolved_community_leaves_its_groups() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let town = community_of(&alice, "Town").await;
    let news = announcements(&alice, &town).await;
    let choir = group_of(&alice, "Choir", &[BOB]).await;
    alice.wa().community().link_subgroups(town.clone(), std::slice::from_ref(&choir)).await.expect("link");
    let by_bob = bob.wa().community().deactivate(town.clone()).await;
    assert!(by_bob.is_err(), "only admins");
    alice.wa().community().deactivate(town.clone()).await.expect("dissolve");
    let lan = lan.restart().await;
    crate::eventually("reconnection", || async { (lan.sandbox.online() == 2).then_some(()) }).await;
    let unlinked = |action: &Action| matches!(action, Action::Unlink { unlink_reason: Some(reason), .. } if reason == "delete_parent");
    update(&bob, &choir, "end of the link", unlinked).await;
    update(&bob, &town, "end of the community", |action| matches!(action, Action::Delete { .. })).await;
    let left = bob.wa().groups().get_participating().await.expect("groups");
    assert_eq!(left.keys().collect::<Vec<_>>(), [&choir]);
    assert_eq!(left[&choir].parent_group_jid, None);
    assert!(alice.wa().groups().get_metadata(&news).await.is_err(), "it went with its community");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_runs_a_community_by_the_control_api() {
    let lan = Lan::start().await;
    let sandbox = &lan.sandbox;
    ok(sandbox, "POST", "/phones", json!({ "number": ALICE })).await;
    let bob = Client::linked(sandbox, BOB).await;
    let groups = format!("/phones/{ALICE}/groups");
    let town = ok(sandbox, "POST", &groups, json!({ "subject": "Town", "community": true })).await;
    let town: Jid = town["jid"].as_str().expect("jid").parse().expect("jid");
    let part = json!({ "subject": "Choir", "members": [BOB], "parent": town.to_string() });
    let choir = ok(sandbox, "POST", &groups, part).await;
    assert_eq!(choir["community"], json!({ "role": "linked", "parent": town.to_string() }));
    let choir: Jid = choir["jid"].as_str().expect("jid").parse().expect("jid");
    update(&bob, &town, "coming into the community", |a| matches!(a, Action::Create { .. })).await;

    let change = json!({ "subject": "Singers", "description": "On Mondays", "announcement": true, "ephemeral": 86_400 });
    let changed = ok(sandbox, "PATCH", &format!("{groups}/{choir}"), change).await;
    assert_eq!((&changed["subject"], &changed["description"]), (&json!("Singers"), &json!("On Mondays")));
    assert_eq!(changed["settings"]["on"], json!(["announcement"]));
    update(&bob, &choir, "announcement", |action| matches!(action, Action::Announce)).await;
    let again = json!({ "description": "", "announcement": false, "approval": true });
    let changed = ok(sandbox, "PATCH", &format!("{groups}/{choir}"), again).await;
    assert_eq!((&changed["description"], &changed["settings"]["approval"]), (&json!(null), &json!(true)));

    let code = changed["invite_code"].as_str().expect("code");
    ok(sandbox, "POST", "/phones", json!({ "number": CAROL })).await;
    let asked = ok(sandbox, "POST", &format!("/phones/{CAROL}/groups/join"), json!({ "invite": code })).await;
    assert_eq!(asked["waiting"], json!(true));
    let decide = json!({ "approve": true, "members": [CAROL] });
    let decided = ok(sandbox, "POST", &format!("{groups}/{choir}/requests"), decide).await;
    assert_eq!(decided["members"][0]["code"], json!(200));

    let linked = format!("{groups}/{town}/linked/{choir}");
    let (status, _) = call(sandbox, "PUT", &linked, json!(null)).await;
    assert_eq!(status, 409, "linked already");
    ok(sandbox, "DELETE", &linked, json!(null)).await;
    update(&bob, &choir, "end of the link", |action| matches!(action, Action::Unlink { .. })).await;
    ok(sandbox, "PUT", &linked, json!(null)).await;
}
