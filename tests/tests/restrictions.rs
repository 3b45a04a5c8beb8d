//! Accounts that WhatsApp lets begin no new chats (463, 475): such messages wait until it says, all others go on.

use jiff::Timestamp;
use serde_json::{Value, json};
use wagate_tests::{Api, Phone, Stack, eventually};

const SHOP: &str = "6281200000001";
const FRIEND: &str = "6281234567890";
const STRANGER: &str = "6281234567891";

struct Scene {
    stack: Stack,
    shop: Phone,
    friend: Phone,
    stranger: Phone,
    session: String,
}

/// A shop with a friend who has written to it, and a stranger.
async fn scene() -> Scene {
    let stack = Stack::sqlite().await;
    let (shop, friend) = (stack.phone(SHOP, "Toko").await, stack.phone(FRIEND, "Ayu").await);
    let stranger = stack.phone(STRANGER, "Budi").await;
    let session = stack.linked(&shop).await;
    friend.write(SHOP, "hello shop").await;
    recorded(&stack.api(), &session, "hello shop").await;
    Scene { stack, shop, friend, stranger, session }
}

/// Waits until a text is on record.
async fn recorded(api: &Api, session: &str, text: &str) {
    eventually("the message on record", || async {
        let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
        page["messages"].as_array()?.iter().any(|m| m["text"]["body"] == text).then_some(())
    })
    .await;
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no moment"))
}

/// A stranger's message is parked until the end WhatsApp names, and a friend's is delivered meanwhile.
async fn replies_flow_while_new_chats_wait(kind: &str) {
    let Scene { mut stack, shop, friend, session, .. } = scene().await;
    let api = stack.api();
    let ends = shop.restrict(kind, &json!({"seconds": 3600})).await;
    let parked = api.text(&session, STRANGER, "hello stranger").await;
    let waiting = api.waits(&parked, "set aside", |waiting| waiting["place"] == "parked").await;
    assert_eq!(moment(&waiting["expected_at"]), moment(&json!(ends)), "{waiting}");
    assert_eq!(waiting["attempts"], 1);
    let restricted = api.session_in(&session, "restricted").await;
    assert_eq!(restricted["reason"]["code"], kind, "{restricted}");

    for text in ["hello friend", "how are you?"] {
        let reply = api.text(&session, FRIEND, text).await;
        api.message_is(&reply, "delivered").await;
        friend.shows_text(text).await;
    }
    // a second message to a stranger is not even tried
    let second = api.text(&session, STRANGER, "still there?").await;
    api.waits(&second, "set aside", |waiting| waiting["place"] == "parked").await;
    let health = api.get(&format!("/api/v1/sessions/{session}/health")).await.expect(200).json();
    assert_eq!(moment(&health["connection"]["restricted_until"]), moment(&json!(ends)), "{health}");

    // lifted early, of which nobody is told: the next owner looks anew
    shop.lift(kind).await;
    stack.restart().await;
    let (api, stranger) = (stack.api(), stack.phone(STRANGER, "Budi").await);
    let times = [delivered(&api, &parked).await, delivered(&api, &second).await];
    assert!(times[0] <= times[1], "in their order: {times:?}");
    stranger.shows_text("still there?").await;
    let shown = stranger.inbox().await;
    assert_eq!(shown.iter().filter(|message| message["text"] == "hello stranger").count(), 1, "{shown:?}");
    stack.stop().await;
}

/// Waits until a message has been delivered; when it was sent, which may be on record a moment later than the receipt.
async fn delivered(api: &Api, id: &str) -> Timestamp {
    api.message_is(id, "delivered").await;
    let sent = eventually("the time it was sent", || async {
        let message = api.get(&format!("/api/v1/messages/{id}")).await.expect(200).json();
        Some(message["times"]["sent"].clone()).filter(|sent| !sent.is_null())
    });
    moment(&sent.await)
}

/// What was parked leaves by itself when the restriction is over.
async fn new_chats_go_on_when_it_ends(kind: &str) {
    let Scene { mut stack, shop, stranger, session, .. } = scene().await;
    let api = stack.api();
    let ends = shop.restrict(kind, &json!({"seconds": 6})).await;
    let parked = api.text(&session, STRANGER, "hello stranger").await;
    let sent = delivered(&api, &parked).await;
    assert!(sent >= moment(&json!(ends)), "sent at {sent}, before {ends}");
    stranger.shows_text("hello stranger").await;
    api.session_in(&session, "connected").await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_parked_for_a_stranger_leaves_before_the_reply_once_the_stranger_has_written() {
    let Scene { mut stack, shop, stranger, session, .. } = scene().await;
    let api = stack.api();
    shop.restrict("reachout_timelock", &json!({"seconds": 3600})).await;
    let parked = api.text(&session, STRANGER, "hello stranger").await;
    api.waits(&parked, "set aside", |waiting| waiting["place"] == "parked").await;
    stranger.write(SHOP, "who is this?").await;
    recorded(&api, &session, "who is this?").await;
    let reply = api.text(&session, STRANGER, "your shop").await;
    let times = [delivered(&api, &parked).await, delivered(&api, &reply).await];
    assert!(times[0] <= times[1], "in their order: {times:?}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_reach_out_time_lock_replies_flow_and_new_chats_wait() {
    replies_flow_while_new_chats_wait("reachout_timelock").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_cap_on_new_chats_replies_flow_and_new_chats_wait() {
    replies_flow_while_new_chats_wait("new_chat_cap").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_chats_go_on_when_a_reach_out_time_lock_ends() {
    new_chats_go_on_when_it_ends("reachout_timelock").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_chats_go_on_when_a_cap_on_new_chats_ends() {
    new_chats_go_on_when_it_ends("new_chat_cap").await;
}
