//! Losing the connection, in all ways, and coming back.

use wagate_conformance::{Client, Command, Event, Kind, Reached, Stage};
use wagate_sandbox::faults::{Closing, Effect, Fault, Selector, StreamError, Trigger};

use crate::{BOB, CAROL, on_next_message};

scenarios! {
    /// The network fails below the client: it comes back by itself, and what was sent meanwhile arrives.
    dropped: pairs;
    /// The client is closed and opened again with its credentials: it goes on where it was.
    reopened: pairs;
    /// The network goes away amid a frame, or hangs up politely: the client comes back and has everything.
    hung_up: each;
    /// 515, 503, an unknown error, an ill-formed stream, the end of the stream: the client comes back.
    stream_errors: each;
    /// 401 and 440: the client knows that it is over.
    final_stream_errors: each;
    /// A login refused for a moment (500, 503): the client tries again.
    refused_for_now: each;
    /// A login refused for good, by each of the server's reasons.
    refused: each;
}

async fn dropped(stage: &Stage, kinds: [Kind; 2]) {
    let [a, b] = stage.two(kinds).await;
    let before = b.so_far();
    b.ask(Command::Drop).await;
    let id = a.send(&b.person.pn(), "are you there?").await;
    closes(&b, before).await;
    returns(&b, before).await;
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
        returns(&b, before).await;
        let id = b.send(&a.person.pn(), format!("round {round}").as_str()).await;
        assert_eq!(a.gets(&id).await.said(), format!("round {round}").as_str().into());
        let id = a.send(&b.person.pn(), "welcome").await;
        assert_eq!(b.gets(&id).await.said(), "welcome".into());
    }
}

/// The code with which a connection ends.
async fn closes(client: &Client, after: usize) -> u16 {
    client
        .sees_after(after, "its end", |event| match event {
            Event::Closed { code } => Some(*code),
            _ => None,
        })
        .await
}

async fn returns(client: &Client, after: usize) {
    let open = |event: &Event| matches!(event, Event::Open { .. }).then_some(());
    client.sees_after(after, "its return", open).await;
}

/// Bob's client, and Carol whose phone writes to it.
async fn bob(stage: &Stage, kind: Kind) -> Client {
    stage.person(CAROL, "Carol").await;
    let bob = stage.person(BOB, "Bob").await;
    stage.linked(kind, &bob).await
}

/// Carol's phone writes to Bob.
async fn writes(stage: &Stage, text: &str) -> String {
    let outgoing =
        wagate_sandbox::phones::Outgoing { to: BOB.into(), text: Some(text.into()), ..Default::default() };
    stage.sandbox().phones().send(CAROL, outgoing).await.expect("sent").id
}

/// The codes with which a client told of the ends of its connections, until it was back.
fn told(client: &Client, after: usize) -> Vec<u16> {
    let events = client.events().into_iter().skip(after);
    let until_back = events.take_while(|event| !matches!(event, Event::Open { .. }));
    until_back
        .filter_map(|event| match event {
            Event::Closed { code } => Some(code),
            _ => None,
        })
        .collect()
}

/// The codes that an end may be told with; `None` when it is not told.
type Codes = &'static [Option<u16>];

/// Every end of a connection: Carol writes, the message is lost with the connection, and comes once the client is back.
async fn comes_back_after(stage: &Stage, client: &Client, ends: Vec<(Effect, Codes)>) {
    for (effect, codes) in ends {
        let before = client.so_far();
        stage.sandbox().faults().add(on_next_message(BOB, 1, effect.clone())).expect("a fault");
        let id = writes(stage, "catch").await;
        returns(client, before).await;
        let told = told(client, before);
        assert!(codes.iter().any(|code| told == Vec::from_iter(*code)), "{effect:?}: {told:?}");
        assert_eq!(client.gets(&id).await.said(), "catch".into(), "{effect:?}");
        let answer = client.send(&format!("{CAROL}@s.whatsapp.net"), "caught").await;
        client.reaches(&answer, Reached::Delivered).await;
    }
}

async fn hung_up(stage: &Stage, [kind]: [Kind; 1]) {
    let client = bob(stage, kind).await;
    let ways = [Closing::Clean, Closing::Drop, Closing::MidFrame];
    let codes: Codes = &[Some(428)];
    let ends = ways.map(|how| (Effect::Close { how, deliver: false }, codes));
    comes_back_after(stage, &client, ends.to_vec()).await;
}

async fn stream_errors(stage: &Stage, [kind]: [Kind; 1]) {
    let client = bob(stage, kind).await;
    // whatsapp-rust does not tell of ends that it makes itself, and of others only that they came; the end of the stream
    // and that of the socket are tasks of their own there, either may be first. Baileys has 500 for what has no code
    let errors: [(StreamError, Codes, Codes); 5] = [
        (StreamError::Restart, &[None], &[Some(515)]),
        (StreamError::Unavailable, &[Some(428)], &[Some(503)]),
        (StreamError::Ack, &[Some(428)], &[Some(500)]),
        (StreamError::NotWellFormed, &[None], &[Some(500)]),
        (StreamError::StreamEnd, &[None, Some(428)], &[Some(428)]),
    ];
    let ends = errors.map(|(error, ours, baileys)| {
        let codes = if kind == Kind::Ours { ours } else { baileys };
        (Effect::StreamError { error, deliver: false }, codes)
    });
    comes_back_after(stage, &client, ends.to_vec()).await;
}

async fn final_stream_errors(stage: &Stage, [kind]: [Kind; 1]) {
    let client = bob(stage, kind).await;
    for (error, expected) in [(StreamError::Replaced, 440), (StreamError::DeviceRemoved, 401)] {
        let before = client.so_far();
        let effect = Effect::StreamError { error, deliver: false };
        stage.sandbox().faults().add(on_next_message(BOB, 1, effect)).expect("a fault");
        let id = writes(stage, "goodbye").await;
        assert_eq!(closes(&client, before).await, expected, "{error:?}");
        // the device is linked all the same: asked to, it comes back to what waited
        client.ask(Command::Close).await;
        client.ask(Command::Open).await;
        client.gets(&id).await;
    }
}

/// The next login of Bob's client.
fn on_next_login(reason: u16) -> Fault {
    let (code, expire_seconds) = if reason == 402 { (Some(101), Some(60)) } else { (None, None) };
    let effect = Effect::RefuseLogin { reason, code, expire_seconds, message: None };
    let on = Selector { number: Some(BOB.to_owned()), ..Selector::default() };
    Fault { on, when: Trigger { times: Some(1), ..Trigger::default() }, effect }
}

async fn refused_for_now(stage: &Stage, [kind]: [Kind; 1]) {
    let client = bob(stage, kind).await;
    for reason in [500, 503] {
        client.ask(Command::Close).await;
        stage.sandbox().faults().add(on_next_login(reason)).expect("a fault");
        let before = client.so_far();
        client.ask(Command::Open).await;
        returns(&client, before).await;
        let id = writes(stage, "welcome back").await;
        client.gets(&id).await;
    }
}

async fn refused(stage: &Stage, [kind]: [Kind; 1]) {
    let client = bob(stage, kind).await;
    for reason in [400, 401, 402, 403, 405, 406, 409, 413, 414, 415, 418] {
        client.ask(Command::Close).await;
        stage.sandbox().faults().add(on_next_login(reason)).expect("a fault");
        let before = client.so_far();
        client.ask(Command::Open).await;
        let closed = |event: &Event| matches!(event, Event::Closed { code } if *code == reason).then_some(());
        client.sees_after(before, &format!("its end with {reason}"), closed).await;
    }
    client.ask(Command::Close).await;
    let before = client.so_far();
    client.ask(Command::Open).await;
    returns(&client, before).await;
}
