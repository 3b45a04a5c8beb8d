//! Who is here and who writes.

use wagate_conformance::{Command, Event, Kind, Stage};

scenarios! {
    /// One subscribes to the other and sees them come and go.
    coming_and_going: pairs;
    /// Writing, recording and pausing are shown to the other side.
    typing: pairs;
}

async fn coming_and_going(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let mut before = a.so_far();
    a.ask(Command::Subscribe { who: b.person.pn() }).await;
    for available in [true, false, true] {
        b.ask(Command::Presence { available }).await;
        let last_seen = a
            .sees_after(before, "presence", |event| match event {
                Event::Presence { who, available: here, last_seen }
                    if b.person.is(who) && *here == available =>
                {
                    Some(*last_seen)
                }
                _ => None,
            })
            .await;
        before = a.so_far();
        assert_eq!(last_seen.is_some(), !available, "last seen is told of who has gone");
    }
}

async fn typing(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    for doing in ["composing", "recording", "paused"] {
        let before = a.so_far();
        b.ask(Command::Typing { to: a.person.pn(), doing: doing.to_owned() }).await;
        a.sees_after(before, doing, |event| match event {
            Event::Typing { who, doing: told, .. } if b.person.is(who) && told == doing => Some(()),
            // Baileys has no word for a pause: it tells that the other is here
            Event::Presence { who, available: true, .. } if b.person.is(who) && doing == "paused" => Some(()),
            _ => None,
        })
        .await;
    }
}
