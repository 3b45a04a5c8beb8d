//! Communities: groups under one roof.

use wagate_conformance::{Client, Command, Event, Kind, Stage};

use crate::groups::{arrives, decided, described, invite, joined, of_two, rank};

scenarios! {
    /// A community has an announcement group and a general chat from the start, and its maker describes all three.
    made: [ours b7] because "Baileys 6 has no calls for communities";
    /// A group comes into a community with its members, and leaves it: they are told as far as their library tells.
    linked: [ours_b7 b7_ours ours_b6 b7_b6] because "Baileys 6 cannot make communities";
    /// Members read the announcements of a community; only admins write them, and nobody writes to the community itself.
    announcements: [ours_b7 b7_ours ours_b6 b7_b6] because "Baileys 6 cannot make communities";
    /// A group made within a community: those in it are told, and write to each other.
    new_group: [ours_b7 b7_ours ours_b6 b7_b6] because "Baileys 6 cannot make communities";
    /// A member finds a group of the community and joins it without being invited.
    joined_from_within: [b7_ours] because "Baileys has no call to join a group of one's community";
    /// Who comes by invitation waits for an admin; then they have the announcements, too.
    invited: [ours_b7 b7_ours ours_b6 b7_b6] because "Baileys 6 cannot make communities";
}

/// A community of somebody's.
async fn community(by: &Client) -> String {
    let made = by.ask(Command::NewCommunity { subject: "Town".to_owned() }).await;
    made["group"].as_str().expect("a community").to_owned()
}

/// The groups of a community.
async fn subgroups(by: &Client, community: &str) -> Vec<String> {
    let answer = by.ask(Command::Subgroups { community: community.to_owned() }).await;
    serde_json::from_value(answer["groups"].clone()).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// The announcement group of a community.
async fn news(by: &Client, community: &str) -> String {
    for group in subgroups(by, community).await {
        if described(by, &group).await.news {
            return group;
        }
    }
    panic!("{by}: {community} has no announcement group")
}

async fn link(by: &Client, community: &str, group: &str, on: bool) {
    by.ask(Command::Link { community: community.to_owned(), group: group.to_owned(), on }).await;
}

async fn made(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(crate::ALICE, "Alice").await;
    let client = stage.linked(kind, &alice).await;
    let town = community(&client).await;
    let shown = described(&client, &town).await;
    assert_eq!((shown.subject.as_str(), shown.community, shown.parent.as_ref()), ("Town", true, None));
    assert_eq!(rank(&shown, &alice).as_deref(), Some("superadmin"), "{shown:?}");
    assert_eq!(client.ask(Command::Communities).await["groups"], serde_json::json!([town]));
    let groups = subgroups(&client, &town).await;
    assert_eq!(groups.len(), 2, "{groups:?}");
    let mut announcing = 0;
    for group in &groups {
        let shown = described(&client, group).await;
        assert_eq!((shown.community, shown.parent.as_ref()), (false, Some(&town)), "{shown:?}");
        assert_eq!(shown.news, shown.announcement, "only admins write announcements");
        announcing += usize::from(shown.news);
    }
    assert_eq!(announcing, 1, "one is for announcements, the other for everybody");
}

/// Waits until a client has told that a group is part of a community, or no longer.
async fn told(client: &Client, group: &str, community: &str, on: bool) {
    // Baileys passes over these notifications
    if client.kind() != Kind::Ours {
        return;
    }
    client
        .sees(&format!("the link, {on}"), |event| match event {
            Event::GroupLinked { group: told, community: with, on: whether } => {
                (told == group && with == community && *whether == on).then_some(())
            }
            _ => None,
        })
        .await;
}

async fn linked(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, choir) = of_two(stage, kinds).await;
    let town = community(&a).await;
    let news = news(&a, &town).await;
    link(&a, &town, &choir, true).await;
    told(&b, &choir, &town, true).await;
    joined(&b, &town).await;
    joined(&b, &news).await;
    assert_eq!(described(&b, &choir).await.parent.as_ref(), Some(&town));
    assert_eq!(rank(&described(&b, &town).await, &b.person).as_deref(), Some("member"));
    if b.kind() != Kind::Baileys6 {
        assert_eq!(b.ask(Command::Communities).await["groups"], serde_json::json!([town]));
        assert!(subgroups(&b, &town).await.contains(&choir));
    }
    arrives(&b, &a, &choir, "la la la").await;

    link(&a, &town, &choir, false).await;
    told(&b, &choir, &town, false).await;
    for client in [&a, &b] {
        assert_eq!(described(client, &choir).await.parent, None);
    }
    assert!(!subgroups(&a, &town).await.contains(&choir));
    arrives(&a, &b, &choir, "still singing").await;
}

async fn announcements(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, choir) = of_two(stage, kinds).await;
    let town = community(&a).await;
    let news = news(&a, &town).await;
    link(&a, &town, &choir, true).await;
    joined(&b, &news).await;
    arrives(&a, &b, &news, "hear, town").await;
    for (by, group) in [(&b, &news), (&a, &town)] {
        let id = by.sends(group, "may I?").await;
        assert_eq!(by.acked(&id).await.as_deref(), Some("403"), "{by} in {group}");
    }
}

async fn new_group(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let town = community(&a).await;
    let (subject, members) = ("Chess".to_owned(), vec![b.person.pn()]);
    let made = a.ask(Command::NewSubgroup { community: town.clone(), subject, members }).await;
    let chess = made["group"].as_str().expect("a group");
    joined(&b, chess).await;
    joined(&b, &town).await;
    let shown = described(&b, chess).await;
    assert_eq!((shown.subject.as_str(), shown.parent.as_ref()), ("Chess", Some(&town)), "{shown:?}");
    arrives(&a, &b, chess, "e4").await;
    arrives(&b, &a, chess, "e5").await;
}

async fn joined_from_within(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], carol, choir) = of_two(stage, kinds).await;
    let town = community(&a).await;
    link(&a, &town, &choir, true).await;
    joined(&b, &town).await;
    let (subject, members) = ("Chess".to_owned(), vec![carol.pn()]);
    let made = a.ask(Command::NewSubgroup { community: town.clone(), subject, members }).await;
    let chess = made["group"].as_str().expect("a group").to_owned();
    assert!(subgroups(&b, &town).await.contains(&chess));
    b.ask(Command::JoinSubgroup { community: town, group: chess.clone() }).await;
    joined(&b, &chess).await;
    assert_eq!(rank(&described(&a, &chess).await, &b.person).as_deref(), Some("member"));
    arrives(&b, &a, &chess, "may I play?").await;
    arrives(&a, &b, &chess, "e4").await;
}

async fn invited(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let town = community(&a).await;
    let news = news(&a, &town).await;
    let code = invite(&a, &town, false).await;
    let shown = b.ask(Command::Invited { code: code.clone() }).await;
    assert_eq!((&shown["id"], &shown["community"]), (&town.as_str().into(), &true.into()), "{shown}");
    assert_eq!(b.ask(Command::Join { code }).await["waits"], true);
    decided(&a, &b, &town, 0, true).await;
    joined(&b, &town).await;
    joined(&b, &news).await;
    arrives(&a, &b, &news, "welcome to town").await;
}
