//! Groups: made, written to, changed, joined, left.

use wagate_conformance::{
    Act, Client, Command, Event, Group, Kind, Person, Reached, Said, Setting, Stage, What,
};
use wagate_sandbox::phones::Outgoing;

use crate::{CAROL, eventually};

scenarios! {
    /// A group is made with others in it: all of them are told, and describe it alike.
    made: pairs;
    /// Everybody writes, everybody shows it; a phone, too. Receipts come back.
    written_to: pairs;
    /// An answer, a mention, a reaction, an edit and a deletion in a group.
    messages: pairs;
    /// A file in a group.
    files: pairs;
    /// What was sent to the group while a member was away arrives in order and once.
    waiting: pairs;
    /// A member who cannot open what was said in the group asks again.
    lost_sessions: pairs;
    /// Name, description, who may write and change, disappearing messages.
    settings: pairs;
    /// Added, promoted, demoted, removed: each is told, and holds.
    members: pairs;
    /// A member leaves; the others are told.
    left: pairs;
    /// Joining by the code of an invitation, until it is made void.
    invited: pairs;
    /// With approval, who has the code waits until an admin lets them in.
    approved: pairs;
    /// Only admins may write in an announcement group.
    announcements: pairs;
    /// A new device of a member can read what is written from then on.
    new_device: pairs;
}

/// A group of Alice's, with Bob and Carol's phone in it.
pub(crate) async fn of_two(stage: &Stage, kinds: [Kind; 2]) -> ([Client; 2], Person, String) {
    let [a, b] = stage.two(kinds).await;
    let carol = stage.person(CAROL, "Carol").await;
    let members = vec![b.person.pn(), carol.pn()];
    let made = a.ask(Command::NewGroup { subject: "Climbers".to_owned(), members }).await;
    let group = made["group"].as_str().expect("a group").to_owned();
    joined(&b, &group).await;
    ([a, b], carol, group)
}

/// Waits until a client knows that it is in a group.
pub(crate) async fn joined(client: &Client, group: &str) {
    client
        .sees("its group", |event| match event {
            Event::GroupMade { group: made, .. } if made == group => Some(()),
            Event::GroupMembers { group: changed, act: Act::Add, who }
                if changed == group && who.iter().any(|who| client.person.is(who)) =>
            {
                Some(())
            }
            _ => None,
        })
        .await;
}

pub(crate) async fn described(by: &Client, group: &str) -> Group {
    let answer = by.ask(Command::Group { group: group.to_owned() }).await;
    serde_json::from_value(answer.clone()).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// What somebody is in a group: nothing, `member`, `admin` or `superadmin`.
pub(crate) fn rank(group: &Group, person: &Person) -> Option<String> {
    let member = group.members.iter().find(|member| person.is(&member.id))?;
    Some(member.admin.clone().unwrap_or_else(|| "member".to_owned()))
}

/// One writes in the group, the other shows it.
pub(crate) async fn arrives(from: &Client, to: &Client, group: &str, said: impl Into<Said>) -> String {
    let said = said.into();
    let id = from.send(group, said.clone()).await;
    let message = to.gets(&id).await;
    assert_eq!(message.said(), said, "{message:?}");
    assert!(message.chat == group && from.person.is(&message.sender), "{message:?}");
    id
}

async fn made(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], carol, group) = of_two(stage, kinds).await;
    for client in [&a, &b] {
        let shown = described(client, &group).await;
        assert_eq!((shown.id.as_str(), shown.subject.as_str()), (group.as_str(), "Climbers"), "{shown:?}");
        assert_eq!(shown.members.len(), 3, "{shown:?}");
        assert_eq!(rank(&shown, &a.person).as_deref(), Some("superadmin"), "{shown:?}");
        for member in [&b.person, &carol] {
            assert_eq!(rank(&shown, member).as_deref(), Some("member"), "{shown:?}");
        }
        let all = client.ask(Command::Groups).await;
        assert_eq!(all["groups"], serde_json::json!([group]));
    }
}

async fn written_to(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], carol, group) = of_two(stage, kinds).await;
    let phones = stage.sandbox().phones();
    for round in 0..2 {
        for (from, to) in [(&a, &b), (&b, &a)] {
            let id = arrives(from, to, &group, format!("round {round}").as_str()).await;
            let shown = eventually("the text on the phone", || async {
                phones.message(CAROL, &id).await.ok().filter(|message| !message.undecryptable)
            });
            assert_eq!(shown.await.chat, group);
            from.reaches(&id, Reached::Delivered).await;
            to.ask(Command::Read { ids: vec![id.clone()] }).await;
            from.reaches(&id, Reached::Read).await;
        }
        let text = Some(format!("from the phone {round}"));
        let outgoing = Outgoing { to: group.clone(), text: text.clone(), ..Outgoing::default() };
        let sent = phones.send(CAROL, outgoing).await.expect("sent");
        for client in [&a, &b] {
            let message = client.gets(&sent.id).await;
            assert_eq!(message.said(), text.as_deref().unwrap_or_default().into());
            assert!(message.chat == group && carol.is(&message.sender), "{message:?}");
        }
    }
}

async fn messages(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], carol, group) = of_two(stage, kinds).await;
    let id = arrives(&a, &b, &group, "change me").await;
    arrives(&b, &a, &group, Said::from("an answer").answering(&id)).await;
    arrives(&a, &b, &group, Said::from("a mention").mentioning(&carol.pn())).await;
    arrives(&b, &a, &group, What::Reaction { to: id.clone(), emoji: "🧗".to_owned() }).await;
    for what in [What::Edit { of: id.clone(), body: "changed".to_owned() }, What::Revoke { of: id }] {
        a.ask(Command::Send { to: group.clone(), said: what.clone().into() }).await;
        assert_eq!(b.shows(&what).await.chat, group);
    }
    // an admin may delete what others wrote
    let id = arrives(&b, &a, &group, "not nice").await;
    let what = What::Revoke { of: id };
    a.ask(Command::Send { to: group.clone(), said: what.clone().into() }).await;
    b.shows(&what).await;
}

async fn files(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, group) = of_two(stage, kinds).await;
    let file = stage.file("image/jpeg", &[7; 30_000]);
    let what = What::Image { file: file.clone(), caption: "the wall".to_owned() };
    let id = arrives(&a, &b, &group, what).await;
    let got = b.ask(Command::Download { id }).await;
    assert_eq!(got["sha256"], file.sha256.as_str());
}

async fn waiting(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, group) = of_two(stage, kinds).await;
    let first = arrives(&a, &b, &group, "before").await;
    a.reaches(&first, Reached::Delivered).await;
    b.ask(Command::Close).await;
    let before = b.so_far();
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(a.send(&group, format!("away {n}").as_str()).await);
    }
    b.ask(Command::Open).await;
    b.gets(&ids[9]).await;
    let shown: Vec<String> = b.events()[before..]
        .iter()
        .filter_map(|event| match event {
            Event::Message(message) => Some(message.id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(shown, ids);
}

async fn lost_sessions(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, group) = of_two(stage, kinds).await;
    arrives(&a, &b, &group, "first").await;
    arrives(&b, &a, &group, "noted").await;
    b.ask(Command::ForgetSenderKeys { group: group.clone(), who: vec![a.person.pn(), a.person.lid()] }).await;
    arrives(&a, &b, &group, "second").await;
    arrives(&a, &b, &group, "third").await;
}

async fn settings(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, group) = of_two(stage, kinds).await;
    let text = |text: &str| text.to_owned();
    for setting in [
        Setting::Subject { text: text("Boulderers") },
        Setting::Description { text: text("No ropes") },
        Setting::Description { text: text("No ropes at all") },
        Setting::Announcement { on: true },
        Setting::Announcement { on: false },
        Setting::Locked { on: true },
        Setting::Locked { on: false },
        Setting::Disappearing { seconds: 86_400 },
        Setting::Disappearing { seconds: 0 },
        Setting::Approval { on: true },
        Setting::Approval { on: false },
        Setting::MembersAdd { on: false },
        Setting::MembersAdd { on: true },
    ] {
        let before = b.so_far();
        a.ask(Command::SetGroup { group: group.clone(), setting: setting.clone() }).await;
        b.sees_after(before, &format!("{setting:?}"), |event| match event {
            Event::GroupSet { group: told, setting: what } if *told == group && *what == setting => Some(()),
            _ => None,
        })
        .await;
        let shown = described(&b, &group).await;
        let holds = match &setting {
            Setting::Subject { text } => shown.subject == *text,
            Setting::Description { text } => shown.description.as_deref() == Some(text),
            Setting::Announcement { on } => shown.announcement == *on,
            Setting::Locked { on } => shown.locked == *on,
            Setting::Disappearing { seconds } => shown.disappearing == *seconds,
            Setting::Approval { on } => shown.approval == *on,
            Setting::MembersAdd { .. } => true,
        };
        assert!(holds, "{setting:?}: {shown:?}");
    }
}

async fn act(by: &Client, told: &Client, group: &str, act: Act, whom: &Person) {
    let before = told.so_far();
    let who = vec![whom.pn()];
    let done = by.ask(Command::Members { group: group.to_owned(), act, who }).await;
    assert_eq!(done["refused"], serde_json::json!([]));
    told.sees_after(before, &format!("{act:?}"), |event| match event {
        Event::GroupMembers { group: in_it, act: what, who }
            if in_it == group && *what == act && who.iter().all(|who| whom.is(who)) =>
        {
            Some(())
        }
        _ => None,
    })
    .await;
}

async fn members(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], carol, group) = of_two(stage, kinds).await;
    let dave = stage.person("4915200000004", "Dave").await;
    act(&a, &b, &group, Act::Add, &dave).await;
    act(&a, &b, &group, Act::Promote, &b.person).await;
    assert_eq!(rank(&described(&a, &group).await, &b.person).as_deref(), Some("admin"));
    act(&b, &a, &group, Act::Remove, &carol).await;
    act(&a, &b, &group, Act::Demote, &b.person).await;
    let shown = described(&a, &group).await;
    assert_eq!(rank(&shown, &b.person).as_deref(), Some("member"));
    assert_eq!((rank(&shown, &carol), rank(&shown, &dave).as_deref()), (None, Some("member")));
    // a member may not do what admins do
    let who = vec![dave.pn()];
    let refused = b.attempt(Command::Members { group: group.clone(), act: Act::Promote, who }).await;
    assert_eq!(refused.expect_err("no admin").code, Some(403));
    assert_eq!(rank(&described(&a, &group).await, &dave).as_deref(), Some("member"));
    // who was added reads what is written from now on, who was removed does not
    let id = arrives(&a, &b, &group, "welcome").await;
    let phones = stage.sandbox().phones();
    eventually("the text on Dave's phone", || async { phones.message("4915200000004", &id).await.ok() })
        .await;
    assert!(phones.message(CAROL, &id).await.is_err(), "who was removed still reads");
    act(&a, &b, &group, Act::Remove, &b.person).await;
    let said = Command::Send { to: group.clone(), said: "am I still here?".into() };
    // every library asks for the members before it sends, and may not know them
    assert_eq!(b.attempt(said).await.expect_err("who was removed still writes").code, Some(403));
}

async fn left(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, group) = of_two(stage, kinds).await;
    b.ask(Command::Leave { group: group.clone() }).await;
    a.sees("who has left", |event| match event {
        Event::GroupMembers { act: Act::Remove, who, .. } if who.iter().all(|who| b.person.is(who)) => {
            Some(())
        }
        _ => None,
    })
    .await;
    assert_eq!(rank(&described(&a, &group).await, &b.person), None);
    assert_eq!(b.ask(Command::Groups).await["groups"], serde_json::json!([]));
}

/// A group of Alice's that Bob is not in, and the code of its invitation.
async fn alone(stage: &Stage, kinds: [Kind; 2]) -> ([Client; 2], String, String) {
    let [a, b] = stage.two(kinds).await;
    let carol = stage.person(CAROL, "Carol").await;
    let members = vec![carol.pn()];
    let made = a.ask(Command::NewGroup { subject: "Climbers".to_owned(), members }).await;
    let group = made["group"].as_str().expect("a group").to_owned();
    let code = invite(&a, &group, false).await;
    ([a, b], group, code)
}

pub(crate) async fn invite(by: &Client, group: &str, fresh: bool) -> String {
    let invite = by.ask(Command::Invite { group: group.to_owned(), fresh }).await;
    invite["code"].as_str().expect("a code").to_owned()
}

async fn invited(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], group, void) = alone(stage, kinds).await;
    let code = invite(&a, &group, true).await;
    assert_ne!(code, void);
    assert!(b.attempt(Command::Join { code: void }).await.is_err(), "the code is void");
    let shown = b.ask(Command::Invited { code: code.clone() }).await;
    assert_eq!((&shown["id"], &shown["subject"]), (&group.as_str().into(), &"Climbers".into()));
    let joined = b.ask(Command::Join { code }).await;
    assert_eq!(joined["group"], group.as_str());
    a.sees("who has joined", |event| match event {
        Event::GroupMembers { act: Act::Add, who, .. } if who.iter().all(|who| b.person.is(who)) => Some(()),
        _ => None,
    })
    .await;
    arrives(&a, &b, &group, "welcome").await;
    arrives(&b, &a, &group, "thank you").await;
}

/// An admin hears of somebody who wants to join, and decides.
pub(crate) async fn decided(admin: &Client, other: &Client, group: &str, after: usize, admit: bool) {
    let told = |event: &Event| match event {
        Event::GroupRequest { group: told, who } if told == group && other.person.is(who) => Some(()),
        _ => None,
    };
    admin.sees_after(after, "the request", told).await;
    let waiting = admin.ask(Command::Requests { group: group.to_owned() }).await;
    let [one] = waiting["who"].as_array().expect("a list").as_slice() else { panic!("{waiting}") };
    assert!(other.person.is(one.as_str().expect("a JID")), "{waiting}");
    let who = vec![one.as_str().expect("a JID").to_owned()];
    admin.ask(Command::Decide { group: group.to_owned(), who, admit }).await;
    assert_eq!(rank(&described(admin, group).await, &other.person).is_some(), admit);
}

async fn approved(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], group, code) = alone(stage, kinds).await;
    a.ask(Command::SetGroup { group: group.clone(), setting: Setting::Approval { on: true } }).await;
    for admit in [false, true] {
        let before = a.so_far();
        let joined = b.ask(Command::Join { code: code.clone() }).await;
        assert_eq!(joined["waits"], true, "{joined}");
        decided(&a, &b, &group, before, admit).await;
    }
    self::joined(&b, &group).await;
    arrives(&b, &a, &group, "let in").await;
}

async fn announcements(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, group) = of_two(stage, kinds).await;
    a.ask(Command::SetGroup { group: group.clone(), setting: Setting::Announcement { on: true } }).await;
    arrives(&a, &b, &group, "hear, hear").await;
    let id = b.sends(&group, "may I?").await;
    assert!(b.acked(&id).await.is_some(), "a member may not write");
    a.ask(Command::SetGroup { group: group.clone(), setting: Setting::Announcement { on: false } }).await;
    arrives(&b, &a, &group, "now I may").await;
}

async fn new_device(stage: &Stage, kinds: [Kind; 2]) {
    let ([a, b], _, group) = of_two(stage, kinds).await;
    arrives(&a, &b, &group, "before").await;
    let tablet = stage.linked(b.kind(), &b.person).await;
    let id = arrives(&a, &b, &group, "after").await;
    assert_eq!(tablet.gets(&id).await.said(), "after".into());
    let id = arrives(&tablet, &a, &group, "from the tablet").await;
    let message = b.gets(&id).await;
    assert!(b.person.is(&message.sender), "{message:?}");
    // Baileys 6 compares the writer with its LID only in chats that are themselves a LID (`decodeMessageNode`)
    assert_eq!(message.from_me, b.kind() != Kind::Baileys6, "{message:?}");
}
