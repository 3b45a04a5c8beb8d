//! Live streams and those who read them badly.

use std::time::Duration;

use futures::StreamExt;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use wagate_domain::{
    EventId,
    events::{EventKind, Told, ToldData, sample},
    ports::ToldEvents,
};

use crate::stack::Stack;

/// More than sockets hold on their way: 24 MiB.
const EVENTS: usize = 400;
const BYTES: usize = 60_000;

/// Many large events; the id of the first.
async fn tell_much(stack: &Stack) -> EventId {
    let many: Vec<Told> = (0..=EVENTS)
        .map(|_| {
            let id = stack.env.new_id();
            let told = sample(EventKind::WebhookDisabled, id, stack.workspace.id, None, stack.env.now());
            let ToldData::WebhookDisabled { webhook, url, code, .. } = told.data else { panic!("a sample") };
            let data = ToldData::WebhookDisabled { webhook, url, code, message: "x".repeat(BYTES) };
            Told { data, ..told }
        })
        .collect();
    stack.sql.tell(&many).await.unwrap();
    many[0].id
}

/// Reads nothing for a while, then everything; how much came, and the reason of an end.
async fn read_after(stack: &Stack, first: EventId, stall: Duration) -> (usize, Option<String>) {
    let url = stack.url(&format!("/api/v1/live?after={first}")).replace("http://", "ws://");
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", stack.key).parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    tokio::time::sleep(stall).await;
    let (mut events, mut reason) = (0, None);
    while events < EVENTS {
        match socket.next().await {
            Some(Ok(Message::Text(_))) => events += 1,
            Some(Ok(Message::Close(frame))) => reason = frame.map(|frame| frame.reason.to_string()),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    (events, reason)
}

#[tokio::test]
async fn a_slow_reader_is_cut_off_and_a_quick_one_gets_everything() {
    let stack = Stack::start().await;
    let first = tell_much(&stack).await;
    assert_eq!(read_after(&stack, first, Duration::ZERO).await, (EVENTS, None));
    // the server loses patience after 0.3 s, on a machine that does nothing else
    for stall in (0..6).map(|n| Duration::from_millis(500 << n)) {
        let (events, reason) = read_after(&stack, first, stall).await;
        if events < EVENTS {
            assert!(reason.is_none_or(|reason| reason == "slow_reader"));
            return;
        }
    }
    panic!("whoever takes nothing for 16 s is still served");
}
