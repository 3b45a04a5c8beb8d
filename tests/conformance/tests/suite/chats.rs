//! What one device of an account does with chats, the others follow.

use wagate_conformance::{Change, Client, Command, Event, Kind, Stage};

use crate::{ALICE, BOB};

scenarios! {
    /// Archived, pinned, muted, marked unread, each and back.
    chats: pairs;
    /// A message is starred and no longer, then deleted for oneself.
    messages: pairs;
    /// A contact is saved under a name.
    contacts: [ours_b7 ours_b6 b7_ours b7_b6] because "Baileys 6 cannot save contacts";
    /// A chat is deleted.
    deleted: pairs;
    /// A device that was away learns what the other did meanwhile.
    caught_up: pairs;
    /// Both devices change things at the same time; both end with the same.
    at_once: pairs;
}

/// Two devices of Alice's account.
async fn devices(stage: &Stage, kinds: [Kind; 2]) -> [Client; 2] {
    let alice = stage.person(ALICE, "Alice").await;
    let laptop = stage.linked(kinds[0], &alice).await;
    let tablet = stage.linked(kinds[1], &alice).await;
    [laptop, tablet]
}

/// One device makes a change, the other tells of it.
async fn follows(by: &Client, other: &Client, chat: &str, change: Change) {
    let before = other.so_far();
    by.ask(Command::Change { chat: chat.to_owned(), change: change.clone() }).await;
    told(other, before, chat, &change).await;
}

async fn told(by: &Client, after: usize, chat: &str, change: &Change) {
    by.sees_after(after, &format!("{change:?} of {chat}"), |event| match event {
        Event::Changed { chat: told, change: what } if told == chat && what == change => Some(()),
        _ => None,
    })
    .await;
}

async fn chats(stage: &Stage, kinds: [Kind; 2]) {
    let [laptop, tablet] = devices(stage, kinds).await;
    let bob = stage.person(BOB, "Bob").await;
    let id = laptop.send(&bob.pn(), "hello").await;
    tablet.gets(&id).await;
    for on in [true, false] {
        follows(&laptop, &tablet, &bob.pn(), Change::Pinned { on }).await;
        follows(&laptop, &tablet, &bob.pn(), Change::Muted { on }).await;
        follows(&laptop, &tablet, &bob.pn(), Change::Archived { on }).await;
        follows(&laptop, &tablet, &bob.pn(), Change::Read { on: !on }).await;
    }
}

async fn messages(stage: &Stage, kinds: [Kind; 2]) {
    let [laptop, tablet] = devices(stage, kinds).await;
    let bob = stage.person(BOB, "Bob").await;
    let id = laptop.send(&bob.pn(), "remember me").await;
    tablet.gets(&id).await;
    for on in [true, false] {
        follows(&laptop, &tablet, &bob.pn(), Change::Starred { id: id.clone(), on }).await;
    }
    follows(&laptop, &tablet, &bob.pn(), Change::Forgotten { id }).await;
}

async fn contacts(stage: &Stage, kinds: [Kind; 2]) {
    let [laptop, tablet] = devices(stage, kinds).await;
    let bob = stage.person(BOB, "Bob").await;
    follows(&laptop, &tablet, &bob.pn(), Change::Contact { name: "Bob from work".to_owned() }).await;
}

async fn deleted(stage: &Stage, kinds: [Kind; 2]) {
    let [laptop, tablet] = devices(stage, kinds).await;
    let bob = stage.person(BOB, "Bob").await;
    let id = laptop.send(&bob.pn(), "soon gone").await;
    tablet.gets(&id).await;
    follows(&laptop, &tablet, &bob.pn(), Change::Deleted).await;
}

async fn caught_up(stage: &Stage, kinds: [Kind; 2]) {
    let [laptop, tablet] = devices(stage, kinds).await;
    let bob = stage.person(BOB, "Bob").await;
    tablet.ask(Command::Close).await;
    let before = tablet.so_far();
    let (pinned, muted) = (Change::Pinned { on: true }, Change::Muted { on: true });
    for change in [&pinned, &muted] {
        laptop.ask(Command::Change { chat: bob.pn(), change: change.clone() }).await;
    }
    tablet.ask(Command::Open).await;
    told(&tablet, before, &bob.pn(), &pinned).await;
    told(&tablet, before, &bob.pn(), &muted).await;
}

async fn at_once(stage: &Stage, kinds: [Kind; 2]) {
    let [laptop, tablet] = devices(stage, kinds).await;
    let bob = stage.person(BOB, "Bob").await;
    let before = [laptop.so_far(), tablet.so_far()];
    // different collections: a lost race in one is not what this is about
    let (pinned, muted) = (Change::Pinned { on: true }, Change::Muted { on: true });
    tokio::join!(
        laptop.ask(Command::Change { chat: bob.pn(), change: pinned.clone() }),
        tablet.ask(Command::Change { chat: bob.pn(), change: muted.clone() }),
    );
    told(&tablet, before[1], &bob.pn(), &pinned).await;
    told(&laptop, before[0], &bob.pn(), &muted).await;
}
