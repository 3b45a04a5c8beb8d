//! Becoming a device of an account, and ceasing to be one.

use wagate_conformance::{Client, Command, Event, Kind, Stage};

use crate::{ALICE, eventually};

scenarios! {
    /// A QR code that the client shows is scanned by a phone: it logs in as device 1 and knows who it is.
    by_qr: each;
    /// A code that the client shows is typed on a phone.
    by_code: each;
    /// The phone unlinks the client: it is told, and refused when it comes again.
    unlinked_by_the_phone: each;
    /// The client logs out: the phone no longer has it.
    logged_out: each;
    /// A second connection with the same credentials takes over from the first.
    replaced: each;
}

async fn by_qr(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let client = stage.linked(kind, &alice).await;
    knows_itself(&client).await;
    let companions = stage.sandbox().network().companions(ALICE).await.expect("companions");
    assert_eq!(companions.iter().map(|companion| companion.device).collect::<Vec<_>>(), [1]);
    let name = client.sees("its name", |event| match event {
        Event::Named { name } => Some(name.clone()),
        _ => None,
    });
    assert_eq!(name.await, "Alice");
}

async fn by_code(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let client = stage.client(kind, &alice);
    client.ask(Command::Open).await;
    // a code can be asked for once the connection is up
    client.sees("a QR code", |event| matches!(event, Event::Qr { .. }).then_some(())).await;
    let code = client.ask(Command::PairingCode { number: ALICE.to_owned() }).await;
    let code = code["code"].as_str().expect("a code");
    // a client may show its code before the server has heard of it
    let network = stage.sandbox().network();
    eventually("linking", || async { network.link_by_code(ALICE, code).await.ok() }).await;
    client.open().await;
    knows_itself(&client).await;
}

async fn knows_itself(client: &Client) {
    let (pn, lid) = client
        .sees("its login", |event| match event {
            Event::Open { pn, lid } => Some((pn.clone(), lid.clone())),
            _ => None,
        })
        .await;
    assert_eq!((pn, lid), (client.person.pn(), client.person.lid()));
}

async fn unlinked_by_the_phone(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let client = stage.linked(kind, &alice).await;
    stage.sandbox().network().unlink(ALICE, 1).await.expect("unlinked");
    is_closed(&client, 0, 401).await;
    client.ask(Command::Close).await;
    let before = client.so_far();
    client.ask(Command::Open).await;
    is_closed(&client, before, 401).await;
}

async fn logged_out(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let client = stage.linked(kind, &alice).await;
    client.ask(Command::Logout).await;
    is_closed(&client, 0, 401).await;
    eventually("unlinking", || async {
        let left = stage.sandbox().network().companions(ALICE).await.expect("companions");
        left.is_empty().then_some(())
    })
    .await;
}

async fn replaced(stage: &Stage, [kind]: [Kind; 1]) {
    let alice = stage.person(ALICE, "Alice").await;
    let client = stage.linked(kind, &alice).await;
    let before = client.so_far();
    client.ask(Command::Open).await;
    is_closed(&client, before, 440).await;
    client
        .sees_after(before, "the second login", |event| matches!(event, Event::Open { .. }).then_some(()))
        .await;
    eventually("one connection", || async { (stage.sandbox().online() == 1).then_some(()) }).await;
}

async fn is_closed(client: &Client, after: usize, with: u16) {
    let closed = |event: &Event| matches!(event, Event::Closed { code } if *code == with).then_some(());
    client.sees_after(after, &format!("its end with {with}"), closed).await;
}
