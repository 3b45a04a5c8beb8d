//! Who one is to others: name, about, picture, blocks, privacy.

use wagate_conformance::{Client, Command, Event, Kind, Stage};
use wagate_sandbox::phones::Outgoing;

use crate::{ALICE, CAROL};

scenarios! {
    /// A name that one device takes is known to the account's other devices and to whom it writes.
    name: pairs;
    /// What one says about oneself can be asked for.
    about: pairs;
    /// A picture is shown, told of, fetched, and taken away.
    picture: pairs;
    /// Somebody blocked is on the list, and is not heard until unblocked.
    blocking: each;
    /// Privacy settings are read and changed.
    privacy: each;
    /// Messages of new chats disappear from now on: others can ask, and are told as far as their library tells.
    disappearing: pairs;
}

async fn name(stage: &Stage, kinds: [Kind; 2]) {
    let alice = stage.person(ALICE, "Alice").await;
    let carol = stage.person(CAROL, "Carol").await;
    let laptop = stage.linked(kinds[0], &alice).await;
    let tablet = stage.linked(kinds[1], &alice).await;
    let friend = stage.linked(kinds[1], &carol).await;
    laptop.ask(Command::SetName { name: "Alicia".to_owned() }).await;
    let named = |event: &Event| matches!(event, Event::Named { name } if name == "Alicia").then_some(());
    tablet.sees("the new name", named).await;
    let id = laptop.send(&carol.pn(), "it is me").await;
    assert_eq!(friend.gets(&id).await.name.as_deref(), Some("Alicia"));
}

async fn about(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    for text in ["Buka 24 jam", "Tutup"] {
        a.ask(Command::SetAbout { text: text.to_owned() }).await;
        assert_eq!(b.ask(Command::About { who: a.person.pn() }).await["text"], text);
    }
}

/// A JPEG of 16 × 16 red pixels.
const JPEG: &str = "/9j/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/2wBDAQcHBwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wAARCAAQABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABgf/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCAAHlhf//Z";

async fn picture(stage: &Stage, kinds: [Kind; 2]) {
    use base64::Engine;
    let [a, b] = stage.two(kinds).await;
    // who has written to each other tells each other of pictures
    let id = a.send(&b.person.pn(), "hello").await;
    b.gets(&id).await;
    assert!(seen(&b, &a).await.is_none());
    let jpeg = base64::engine::general_purpose::STANDARD.decode(JPEG).expect("base64");
    let file = stage.file("image/jpeg", &jpeg);
    for (file, removed) in [(Some(file), false), (None, true)] {
        let before = b.so_far();
        a.ask(Command::SetPicture { of: a.person.pn(), file }).await;
        b.sees_after(before, "the change", |event| match event {
            Event::Picture { of, removed: gone } if a.person.is(of) && *gone == removed => Some(()),
            _ => None,
        })
        .await;
        let seen = seen(&b, &a).await;
        assert_eq!(seen.is_none(), removed);
        assert_eq!(seen, self::seen(&a, &a).await, "both see the same");
    }
}

/// The picture that one sees of the other.
async fn seen(by: &Client, of: &Client) -> Option<String> {
    match by.attempt(Command::Picture { of: of.person.pn() }).await {
        Ok(picture) => picture["sha256"].as_str().map(str::to_owned),
        // Baileys fails when there is none
        Err(refusal) if refusal.code == Some(404) => None,
        Err(refusal) => panic!("{by}: {refusal:?}"),
    }
}

async fn blocking(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let carol = stage.person(CAROL, "Carol").await;
    let client = stage.linked(kind, &alice).await;
    let phones = stage.sandbox().phones();
    let writes = async |text: &str| {
        let outgoing = Outgoing { to: ALICE.into(), text: Some(text.into()), ..Outgoing::default() };
        phones.send(CAROL, outgoing).await.expect("sent").id
    };
    let first = writes("before").await;
    client.gets(&first).await;
    client.ask(Command::Block { who: carol.pn(), on: true }).await;
    let list = client.ask(Command::Blocked).await;
    let [one] = list["who"].as_array().expect("a list").as_slice() else { panic!("{list}") };
    assert!(carol.is(one.as_str().expect("a JID")), "{list}");
    let unheard = writes("can you hear me?").await;
    client.ask(Command::Block { who: carol.pn(), on: false }).await;
    let list = client.ask(Command::Blocked).await;
    assert_eq!(list["who"].as_array().map(Vec::len), Some(0), "{list}");
    let heard = writes("after").await;
    client.gets(&heard).await;
    let shown = |event: &Event| matches!(event, Event::Message(message) if message.id == unheard);
    assert!(!client.events().iter().any(shown), "a blocked person was heard");
}

async fn privacy(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let client = stage.linked(kind, &alice).await;
    let before = client.ask(Command::Privacy).await;
    assert_eq!(before["settings"]["last"], "all", "{before}");
    for (setting, value) in [("last", "contacts"), ("readreceipts", "none"), ("groupadd", "contacts")] {
        let (setting, value) = (setting.to_owned(), value.to_owned());
        client.ask(Command::SetPrivacy { setting: setting.clone(), value: value.clone() }).await;
        let after = client.ask(Command::Privacy).await;
        assert_eq!(after["settings"][&setting], value.as_str(), "{after}");
    }
}

async fn disappearing(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let tablet = stage.linked(b.kind(), &a.person).await;
    // who has written to each other tells each other
    let id = a.send(&b.person.pn(), "hello").await;
    b.gets(&id).await;
    // Baileys 6 looks for the answer under another name
    let asker = if b.kind() == Kind::Baileys6 { &a } else { &b };
    let asked = async || asker.ask(Command::Disappearing { who: a.person.pn() }).await["seconds"].clone();
    assert_eq!(asked().await, 0);
    // whatsapp-rust tells of other people's setting, Baileys of the own account's
    let told = if b.kind() == Kind::Ours { &b } else { &tablet };
    for seconds in [604_800, 0] {
        let before = told.so_far();
        a.ask(Command::SetDisappearing { seconds }).await;
        told.sees_after(before, &format!("{seconds} seconds"), |event| match event {
            Event::Disappearing { who, seconds: now } if a.person.is(who) && *now == seconds => Some(()),
            _ => None,
        })
        .await;
        assert_eq!(asked().await, seconds);
    }
}
