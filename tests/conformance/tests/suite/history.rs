//! The past of a phone, as clients that are linked later get it.

use wagate_conformance::{Client, Command, Event, Kind, PastChat, Person, Said, Stage};
use wagate_sandbox::phones::{Body, Edit, Outgoing, Past, PastMessage, Status};

use crate::{ALICE, BOB, CAROL};

scenarios! {
    /// After linking, a client has the phone's chats with their messages: who wrote what when, as it was edited later.
    imported: each;
    /// What is older comes when the client asks, piece by piece, until there is no more.
    on_demand: each;
}

/// The number of the history that a client has asked for.
const ON_DEMAND: i32 = 6;
/// 2023-11-14: so long ago that phones send it only as the newest of a chat or when asked.
const LONG_AGO: i64 = 1_700_000_000;
/// Messages of a chat that a phone sends at first, to clients that do not say how many.
const FIRST: usize = 50;

/// A message of Alice's chat with somebody, written by one of them.
fn message(chat: &str, id: &str, mine: bool, time: i64, said: Outgoing) -> PastMessage {
    let from = (!mine).then(|| chat.to_owned());
    let said = Outgoing { to: chat.to_owned(), ..said };
    PastMessage { said, id: Some(id.to_owned()), from, time, status: Status::Read }
}

fn text(text: &str) -> Outgoing {
    Outgoing { text: Some(text.to_owned()), ..Outgoing::default() }
}

/// Id, whether it is Alice's, time and text of a message.
type Line = (String, bool, i64, Said);

fn line(id: &str, mine: bool, at: i64, text: &str) -> Line {
    (id.to_owned(), mine, at, text.into())
}

fn lines(chat: &PastChat) -> Vec<Line> {
    let line = |message: &wagate_conformance::PastMessage| {
        (message.id.clone(), message.from_me, message.at, message.said())
    };
    chat.messages.iter().map(line).collect()
}

/// Alice's client, linked after her phone was given a past.
async fn with_past(stage: &Stage, kind: Kind, messages: Vec<PastMessage>) -> (Client, [Person; 2]) {
    let alice = stage.person(ALICE, "Alice").await;
    let others = [stage.person(BOB, "Bob").await, stage.person(CAROL, "Carol").await];
    let past = Past { messages, ..Past::default() };
    stage.sandbox().phones().give_past(ALICE, past).await.expect("a past");
    (stage.linked(kind, &alice).await, others)
}

/// A chat, once it comes with messages.
async fn comes(client: &Client, after: usize, kind: Option<i32>, with: &Person) -> PastChat {
    client
        .sees_after(after, &format!("the chat with {}", with.name), |event| match event {
            Event::History { kind: told, chats, .. } if kind.is_none_or(|kind| kind == *told) => {
                chats.iter().find(|chat| with.is(&chat.id) && !chat.messages.is_empty()).cloned()
            }
            _ => None,
        })
        .await
}

async fn imported(stage: &Stage, [kind]: [Kind; 1]) {
    let at = |minutes: i64| LONG_AGO + minutes * 60;
    let edit = Body::Edit(Edit { message: "B1".to_owned(), text: "hello, Bob".to_owned() });
    let past = vec![
        message(BOB, "B1", true, at(0), text("helo")),
        message(BOB, "B2", true, at(1), Outgoing { body: Some(edit), ..Outgoing::default() }),
        message(BOB, "B3", false, at(2), text("hello, Alice")),
        message(BOB, "B4", false, at(3), text("are you there?")),
        message(CAROL, "C1", true, at(4), text("hello, Carol")),
    ];
    let (client, [bob, carol]) = with_past(stage, kind, past).await;
    let chat = comes(&client, 0, None, &bob).await;
    assert_eq!(
        lines(&chat),
        [
            line("B4", false, at(3), "are you there?"),
            line("B3", false, at(2), "hello, Alice"),
            line("B1", true, at(0), "hello, Bob"),
        ]
    );
    let chat = comes(&client, 0, None, &carol).await;
    assert_eq!(lines(&chat), [line("C1", true, at(4), "hello, Carol")]);
    for person in [&bob, &carol] {
        let named = |event: &Event| match event {
            Event::History { names, .. } => {
                names.get(&person.pn()).filter(|name| **name == person.name).map(drop)
            }
            _ => None,
        };
        client.sees(&format!("the name of {}", person.name), named).await;
    }
}

async fn on_demand(stage: &Stage, [kind]: [Kind; 1]) {
    let past = (0..FIRST + 20).map(|n| {
        let minutes = i64::try_from(n).expect("small");
        message(
            BOB,
            &format!("M{n}"),
            n.is_multiple_of(2),
            LONG_AGO - minutes * 60,
            text(&format!("message {n}")),
        )
    });
    let (client, [bob, _]) = with_past(stage, kind, past.collect()).await;
    let expected = |from: usize, to: usize| -> Vec<Line> {
        let of = |n: usize| {
            let at = LONG_AGO - i64::try_from(n).expect("small") * 60;
            line(&format!("M{n}"), n.is_multiple_of(2), at, &format!("message {n}"))
        };
        (from..to).map(of).collect()
    };
    let mut chat = comes(&client, 0, None, &bob).await;
    assert_eq!(lines(&chat), expected(0, FIRST));
    for (from, to) in [(FIRST, FIRST + 15), (FIRST + 15, FIRST + 20)] {
        let before = client.so_far();
        let oldest = chat.messages.last().expect("messages").clone();
        let (id, from_me, at) = (oldest.id, oldest.from_me, oldest.at);
        client.ask(Command::Older { chat: bob.pn(), id, from_me, at, count: 15 }).await;
        chat = comes(&client, before, Some(ON_DEMAND), &bob).await;
        assert_eq!(lines(&chat), expected(from, to));
    }
}
