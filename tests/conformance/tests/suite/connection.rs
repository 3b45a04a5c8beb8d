//! Losing the connection and coming back.

use wagate_conformance::{Command, Event, Kind, Reached, Stage};

use crate::{ALICE, BOB};

scenarios! {
    /// The network fails below the client: it comes back by itself, and what was sent meanwhile arrives.
    dropped: pairs;
    /// The client is closed and opened again with its credentials: it goes on where it was.
    reopened: pairs;
}

async fn dropped(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let before = b.so_far();
    b.ask(Command::Drop).await;
    let id = a.send(&b.person.pn(), "are you there?").await;
    b.sees_after(before, "its end", |event| matches!(event, Event::Closed { .. }).then_some(())).await;
    b.sees_after(before, "its return", |event| matches!(event, Event::Open { .. }).then_some(())).await;
    b.gets(&id).await;
    a.reaches(&id, Reached::Delivered).await;
    let answer = b.send(&a.person.pn(), "I am back").await;
    a.gets(&answer).await;
}

async fn reopened(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let first = a.send(&b.person.pn(), "before").await;
    b.gets(&first).await;
    for round in 0..2 {
        b.ask(Command::Close).await;
        let before = b.so_far();
        b.ask(Command::Open).await;
        b.sees_after(before, "its return", |event| matches!(event, Event::Open { .. }).then_some(())).await;
        let id = b.send(&a.person.pn(), format!("round {round}").as_str()).await;
        assert_eq!(a.gets(&id).await.said(), format!("round {round}").as_str().into());
        let id = a.send(&b.person.pn(), "welcome").await;
        assert_eq!(b.gets(&id).await.said(), "welcome".into());
    }
    assert_eq!((a.person.number.as_str(), b.person.number.as_str()), (ALICE, BOB));
}
