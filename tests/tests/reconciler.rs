//! A Redis that forgets everything: what SQL knows as waiting is queued again, and shown once.

use serde_json::{Value, json};
use wagate_tests::{Api, Phone, Stack, eventually};

const SHOP: &str = "6281200000001";
const OTHER_SHOP: &str = "6281200000002";
const CUSTOMER: &str = "6281234567890";
const ANOTHER: &str = "6281234567891";

/// Waits until SQL has this many messages of a session.
async fn recorded(api: &Api, session: &str, wanted: usize) {
    eventually("everything on record", || async {
        let page = api.get(&format!("/api/v1/messages?session={session}&limit=200")).await.expect(200).json();
        (page["messages"].as_array()?.len() == wanted).then_some(())
    })
    .await;
}

/// The texts a phone shows, in their order.
async fn texts(phone: &Phone) -> Vec<Value> {
    phone.inbox().await.iter().map(|message| message["text"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_when_redis_forgets_everything_is_shown_exactly_once() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (other, another) = (stack.phone(OTHER_SHOP, "Warung").await, stack.phone(ANOTHER, "Budi").await);
    let (api, stopped, running) = (stack.api(), stack.linked(&shop).await, stack.linked(&other).await);
    api.post(&format!("/api/v1/sessions/{stopped}/stop"), &json!({})).await.expect(202);
    api.session_in(&stopped, "stopped").await;
    let mut waiting = Vec::new();
    for n in 0..20 {
        waiting.push(api.text(&stopped, CUSTOMER, &n.to_string()).await);
    }
    let in_an_hour = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).to_string();
    let later = json!({"to": CUSTOMER, "type": "text", "text": {"body": "later"}, "send_at": in_an_hour});
    let scheduled = api.message(&stopped, &later).await;
    // a session that sends slowly while it happens: some are sent, one is under way, some wait
    api.pace(&running, &json!({"per_minute": 60})).await;
    let mut flowing = Vec::new();
    for n in 0..10 {
        flowing.push(api.text(&running, ANOTHER, &n.to_string()).await);
    }
    recorded(&api, &stopped, 21).await;
    recorded(&api, &running, 10).await;
    api.message_is(&flowing[0], "delivered").await;

    stack.wipe_redis();
    api.post(&format!("/api/v1/sessions/{stopped}/start"), &json!({})).await.expect(202);
    for id in waiting.iter().chain(&flowing) {
        api.message_is(id, "delivered").await;
    }
    let expected = |count: i32| (0..count).map(|n| json!(n.to_string())).collect::<Vec<_>>();
    assert_eq!(texts(&customer).await, expected(20));
    assert_eq!(texts(&another).await, expected(10));
    // what waits for its moment waits on
    let place = api.waits(&scheduled, "for its moment", |waiting| !waiting.is_null()).await;
    assert_eq!(place["place"], "scheduled");
    stack.stop().await;
}
