//! Channels and status: what many read.

use wagate_conformance::{Client, Command, Event, Kind, Reached, Said, Stage, What};

use crate::{CAROL, eventually};

scenarios! {
    /// A status post is shown to those it is for, and nobody else; read, reacted to, deleted.
    status: pairs;
    /// A channel is made, described, renamed, followed and left.
    channel: [ours_b7 b7_ours] because "Baileys 6 has no channels";
    /// Followers show what is posted; it can be fetched, with reactions; those away get it later.
    posts: [ours_b7 b7_ours] because "Baileys 6 has no channels";
}

async fn status(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let carol = stage.person(CAROL, "Carol").await;
    let phones = stage.sandbox().phones();
    let to = vec![b.person.pn()];
    let said = Said::from("for Bob");
    let id = posted(&a, &to, said.clone()).await;
    let shown = b.gets(&id).await;
    assert_eq!((shown.chat.as_str(), shown.said()), ("status@broadcast", said));
    assert!(a.person.is(&shown.sender), "{shown:?}");
    a.reaches(&id, Reached::Delivered).await;
    b.ask(Command::Read { ids: vec![id.clone()] }).await;
    a.reaches(&id, Reached::Read).await;
    eventually("the status on Bob's phone", || async { phones.message(&b.person.number, &id).await.ok() })
        .await;
    assert!(phones.message(&carol.number, &id).await.is_err(), "it was not for Carol");

    let image = What::Image { file: stage.file("image/jpeg", &[5; 9_000]), caption: "a view".to_owned() };
    let picture = posted(&a, &to, image.clone().into()).await;
    assert_eq!(b.gets(&picture).await.said(), image.into());
    let revoke = What::Revoke { of: id };
    posted(&a, &to, revoke.clone().into()).await;
    assert_eq!(b.shows(&revoke).await.chat, "status@broadcast");
}

async fn posted(by: &Client, to: &[String], said: Said) -> String {
    let sent = by.ask(Command::PostStatus { to: to.to_vec(), said }).await;
    let id = sent["id"].as_str().expect("an id").to_owned();
    assert_eq!(by.acked(&id).await, None);
    id
}

/// A channel of Alice's.
async fn made(by: &Client) -> String {
    let (name, description) = ("News".to_owned(), "What happens".to_owned());
    let made = by.ask(Command::NewChannel { name, description }).await;
    made["channel"].as_str().expect("a channel").to_owned()
}

async fn described(by: &Client, channel: &str) -> serde_json::Value {
    by.ask(Command::Channel { channel: channel.to_owned() }).await
}

async fn channel(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let channel = made(&a).await;
    let own = described(&a, &channel).await;
    assert_eq!(
        (&own["name"], &own["description"], &own["role"]),
        (&"News".into(), &"What happens".into(), &"owner".into())
    );
    assert_eq!(described(&b, &channel).await["role"], "guest");
    let before = own["subscribers"].as_u64().expect("a number");
    b.ask(Command::Follow { channel: channel.clone(), on: true }).await;
    let followed = described(&b, &channel).await;
    assert_eq!(
        (&followed["role"], followed["subscribers"].as_u64()),
        (&"subscriber".into(), Some(before + 1))
    );
    a.ask(Command::RenameChannel { channel: channel.clone(), name: "Old news".to_owned() }).await;
    assert_eq!(described(&b, &channel).await["name"], "Old news");
    b.ask(Command::Follow { channel: channel.clone(), on: false }).await;
    assert_eq!(described(&b, &channel).await["subscribers"].as_u64(), Some(before));
}

async fn posts(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let channel = made(&a).await;
    b.ask(Command::Follow { channel: channel.clone(), on: true }).await;
    let first = a.send(&channel, "good morning").await;
    let shown = b.gets(&first).await;
    assert_eq!((shown.chat.as_str(), shown.said()), (channel.as_str(), "good morning".into()));

    b.ask(Command::Close).await;
    let away = a.send(&channel, "good night").await;
    let before = b.so_far();
    b.ask(Command::Open).await;
    b.sees_after(before, "what was posted meanwhile", |event| match event {
        Event::Message(message) if message.id == away => Some(()),
        _ => None,
    })
    .await;

    let fetched = b.ask(Command::Posts { channel: channel.clone(), count: 10 }).await;
    let fetched = fetched["posts"].as_array().expect("posts").clone();
    let ids: Vec<_> = fetched.iter().map(|post| post["id"].as_str().unwrap_or_default()).collect();
    assert!(ids.contains(&first.as_str()) && ids.contains(&away.as_str()), "{fetched:?}");
    let post = fetched.iter().find(|post| post["id"] == first.as_str()).expect("the first post");
    let number = post["number"].as_u64().expect("a number");
    b.ask(Command::ReactToPost { channel: channel.clone(), number, emoji: "👍".to_owned() }).await;
    eventually("the reaction", || async {
        let posts = a.ask(Command::Posts { channel: channel.clone(), count: 10 }).await;
        let post = posts["posts"].as_array()?.iter().find(|post| post["number"] == number)?.clone();
        (post["reactions"]["👍"] == 1).then_some(())
    })
    .await;
}
