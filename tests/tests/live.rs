//! Events for those who ask, and as they happen.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use wagate_tests::{PATIENCE, Phone, Stack, eventually};

const SHOP: &str = "6281200000001";
const AYU: &str = "6281234567890";
const BUDI: &str = "6281234567891";

async fn open(stack: &Stack) -> (String, Phone, Phone) {
    let shop = stack.phone(SHOP, "Toko Kopi").await;
    let (ayu, budi) = (stack.phone(AYU, "Ayu").await, stack.phone(BUDI, "Budi").await);
    (stack.linked(&shop).await, ayu, budi)
}

fn body(event: &Value) -> &str {
    event["data"]["message"]["text"]["body"].as_str().unwrap_or_default()
}

fn bodies(events: &[Value]) -> Vec<&str> {
    events.iter().map(body).collect()
}

async fn page(stack: &Stack, query: &str) -> (Vec<Value>, Value) {
    let page = stack.api().get(&format!("/api/v1/events?{query}")).await.expect(200).json();
    (page["events"].as_array().expect("events").clone(), page["next_cursor"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_from_a_cursor_on() {
    let stack = Stack::sqlite().await;
    let (session, ayu, budi) = open(&stack).await;
    for n in 0..5 {
        ayu.write(SHOP, &format!("a{n}")).await;
    }
    budi.write(SHOP, "b0").await;
    let all = eventually("six messages told", || async {
        let (events, _) = page(&stack, "type=message.received&limit=500").await;
        (events.len() == 6).then_some(events)
    })
    .await;
    // in order within each chat
    let of_ayu: Vec<&str> = bodies(&all).into_iter().filter(|body| body.starts_with('a')).collect();
    assert_eq!(of_ayu, ["a0", "a1", "a2", "a3", "a4"]);

    // page by page it is the same
    let (mut walked, mut after) = (Vec::new(), Value::Null);
    loop {
        let cursor = after.as_str().map(|after| format!("&after={after}")).unwrap_or_default();
        let (events, next) = page(&stack, &format!("type=message.received&limit=2{cursor}")).await;
        if events.is_empty() {
            assert_eq!(next, after, "an empty page keeps the cursor");
            break;
        }
        walked.extend(events);
        after = next;
    }
    assert_eq!(walked, all);

    // by chat, by family, by session
    let (of_budi, _) = page(&stack, &format!("type=message.*&chat=%2B{BUDI}")).await;
    assert_eq!(bodies(&of_budi), ["b0"]);
    let (of_session, _) = page(&stack, &format!("session={session}&type=session.connected")).await;
    assert_eq!(of_session.len(), 1, "{of_session:?}");
    let id = all[0]["id"].as_str().unwrap();
    let one = stack.api().get(&format!("/api/v1/events/{id}")).await.expect(200).json();
    assert_eq!(one, all[0]);

    let stranger = stack.stranger().await;
    assert_eq!(stranger.get("/api/v1/events").await.expect(200).json()["events"], json!([]));
    stranger.get(&format!("/api/v1/events/{id}")).await.expect(404);
    let expired = stranger.get(&format!("/api/v1/events?after={id}")).await.expect(410).json();
    assert_eq!(expired["code"], "cursor_expired");
    for (query, field) in [
        ("type=message", "type"),
        ("limit=0", "limit"),
        ("wait=26", "wait"),
        ("after=x", "after"),
        ("session=x", "session"),
        ("chat=x", "chat"),
    ] {
        let problem = stack.api().get(&format!("/api/v1/events?{query}")).await.expect(422).json();
        assert_eq!(problem["field"], field, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_answers_when_something_happens() {
    let stack = Stack::sqlite().await;
    let (_, ayu, _) = open(&stack).await;
    ayu.write(SHOP, "before").await;
    let last = eventually("told", || async {
        let (events, next) = page(&stack, "type=message.received").await;
        (!events.is_empty()).then_some(next)
    })
    .await;
    let query = format!("type=message.received&wait=25&after={}", last.as_str().unwrap());
    let waiting = page(&stack, &query);
    let writing = async {
        // what is not wanted does not wake it
        let api = stack.api();
        api.create_session().await;
        ayu.write(SHOP, "news").await;
    };
    let ((events, _), ()) = tokio::join!(waiting, writing);
    assert_eq!(bodies(&events), ["news"]);
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Connects as a browser does: the key is a subprotocol.
async fn connect(stack: &Stack, query: &str) -> Socket {
    let url = format!("{}/api/v1/live?{query}", stack.up().api_url().replace("http://", "ws://"));
    let mut request = url.into_client_request().expect("a request");
    let protocols = format!("wagate.v1, bearer.{}", stack.up().first_key());
    request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
    let (socket, response) = connect_async(request).await.expect("connected");
    assert_eq!(response.headers()["sec-websocket-protocol"], "wagate.v1");
    socket
}

async fn hear(socket: &mut Socket) -> Value {
    let hear = async {
        loop {
            match socket.next().await.expect("open").expect("a message") {
                Message::Text(text) => return serde_json::from_str(&text).expect("an event"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, hear).await.expect("an event in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_tells_what_happens_and_goes_on_after_a_break() {
    let stack = Stack::sqlite().await;
    let (_, ayu, budi) = open(&stack).await;
    let mut socket = connect(&stack, "type=message.received").await;
    for text in ["one", "two"] {
        ayu.write(SHOP, text).await;
    }
    let (first, second) = (hear(&mut socket).await, hear(&mut socket).await);
    assert_eq!((body(&first), body(&second)), ("one", "two"));
    socket.close(None).await.ok();

    for text in ["three", "four"] {
        ayu.write(SHOP, text).await;
    }
    budi.write(SHOP, "elsewhere").await;
    let id = first["id"].as_str().unwrap();
    let mut socket = connect(&stack, &format!("type=message.received&chat={AYU}&after={id}")).await;
    for text in ["two", "three", "four"] {
        assert_eq!(body(&hear(&mut socket).await), text);
    }
    ayu.write(SHOP, "five").await;
    assert_eq!(body(&hear(&mut socket).await), "five");
    socket.send(Message::Close(None)).await.ok();

    // who may not come in is told so before it is a WebSocket
    let api = stack.api();
    api.with_key("wg_nobody").get("/api/v1/live").await.expect(401);
    assert_eq!(api.get("/api/v1/live").await.expect(426).json()["code"], "upgrade_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_shows_live() {
    let stack = Stack::sqlite().await;
    let (session, ayu, _) = open(&stack).await;
    let api = stack.api();
    // WhatsApp tells of typing only those who are online themselves
    api.post(&format!("/api/v1/sessions/{session}/presence"), &json!({"presence": "available"}))
        .await
        .expect(204);
    let mut socket = connect(&stack, "type=presence.update").await;
    ayu.types(SHOP).await;
    let typing = loop {
        let event = hear(&mut socket).await;
        if event["data"]["presence"] == "typing" {
            break event;
        }
    };
    assert_eq!(typing["data"]["contact"]["pn"], AYU, "{typing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_resume_by_the_last_id() {
    let stack = Stack::sqlite().await;
    let (_, ayu, _) = open(&stack).await;
    let api = stack.api();
    let read = |last: Option<String>| {
        let mut request = api.request(reqwest::Method::GET, "/api/v1/live/stream?type=message.received");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        request
    };
    let mut stream = read(None).send().await.expect("a stream");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    ayu.write(SHOP, "one").await;
    let (id, first) = next(&mut stream).await;
    assert_eq!((body(&first), &first["id"]), ("one", &json!(id)));
    drop(stream);
    ayu.write(SHOP, "two").await;
    let mut stream = read(Some(id)).send().await.expect("a stream");
    assert_eq!(body(&next(&mut stream).await.1), "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_do_not_keep_the_gateway_from_stopping() {
    let mut stack = Stack::sqlite().await;
    let mut socket = connect(&stack, "").await;
    let api = stack.api();
    let stream = api.request(reqwest::Method::GET, "/api/v1/live/stream").send().await.expect("a stream");
    let read = tokio::spawn(stream.text());
    tokio::time::timeout(PATIENCE, stack.stop()).await.expect("it stops");
    let told = read.await.unwrap().expect("a whole stream");
    assert!(told.ends_with("event: end\ndata: going_away\n\n"), "{told}");
    let mut reason = None;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Close(frame) = message {
            reason = frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()));
        }
    }
    assert_eq!(reason, Some((1013, "going_away".to_owned())));
}

/// The next event of a stream: its id and its data.
async fn next(stream: &mut reqwest::Response) -> (String, Value) {
    let mut text = String::new();
    let read = async {
        loop {
            if let Some((event, _)) = text.split_once("\n\n")
                && event.contains("data:")
            {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).expect(name).trim().to_owned()
                };
                return (field("id:"), serde_json::from_str(&field("data:")).expect("JSON"));
            }
            text.push_str(
                std::str::from_utf8(&stream.chunk().await.expect("a chunk").expect("more")).unwrap(),
            );
        }
    };
    tokio::time::timeout(PATIENCE.max(Duration::from_secs(1)), read).await.expect("an event in time")
}
