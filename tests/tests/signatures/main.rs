//! The signatures of what our worker posts, judged by the receivers that docs/webhooks.md shows: with the libraries of the
//! Standard Webhooks specification for Node, Python and Rust, which we did not write, and by hand in PHP and Go.

mod receiver;

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use wagate_tests::{Api, Call, Endpoint, Stack, eventually};

use receiver::{Receiver, changed};

const SHOP: &str = "6281200000001";
const AYU: &str = "6281234567890";

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Letters of every length in UTF-8, and what JSON may write in several ways.
const TEXT: &str = "Grüße, 日本 😀 \"said\" \\ / \u{2028} \u{7f}";

/// An event as far as a receiver looks at it.
const BODY: &str = r#"{"id":"evt_1","type":"message.received"}"#;

/// The headers of an event that is posted so many minutes from now.
fn signed(key: &standardwebhooks::Webhook, minutes: i64) -> HeaderMap {
    let seconds = jiff::Timestamp::now().as_second() + minutes * 60;
    let signature = key.sign("evt_1", seconds, BODY.as_bytes()).expect("a signature");
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", HeaderValue::from_static("evt_1"));
    headers.insert("webhook-timestamp", seconds.into());
    headers.insert("webhook-signature", HeaderValue::from_str(&signature).expect("a value"));
    headers
}

fn signatures(call: &Call) -> usize {
    call.headers["webhook-signature"].to_str().expect("text").split(' ').count()
}

async fn webhook(api: &Api, url: &str, secret: &str) -> String {
    let body = json!({"url": url, "secret": secret});
    let made = api.post("/api/v1/webhooks", &body).await.expect(201).json();
    made["id"].as_str().expect("an id").to_owned()
}

/// Everything that was asked of a receiver of ours by now, once a message has been delivered to it.
async fn statuses(api: &Api, webhook: &str) -> Vec<Value> {
    let path = format!("/api/v1/webhooks/{webhook}/deliveries");
    let has_it = format!("{path}?type=message.received&state=delivered");
    eventually("a message delivered", || async {
        let page = api.get(&has_it).await.expect(200).json();
        page["deliveries"].as_array().filter(|all| !all.is_empty()).map(|_| ())
    })
    .await;
    let page = api.get(&path).await.expect(200).json();
    let deliveries = page["deliveries"].as_array().expect("deliveries").clone();
    let attempts = deliveries.iter().filter_map(|delivery| delivery["attempts"].as_array());
    attempts.flatten().map(|attempt| attempt["status"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_take_what_we_post_and_refuse_what_was_changed() {
    let stack = Stack::sqlite().await;
    let phone = stack.phone(SHOP, "Toko Kopi").await;
    let ayu = stack.phone(AYU, "Ayu").await;
    let (api, session) = (stack.api(), stack.linked(&phone).await);
    let (recorder, receivers) = (Endpoint::start().await, Receiver::all(SECRET).await);
    webhook(&api, recorder.url(), SECRET).await;
    let mut webhooks = Vec::new();
    for receiver in &receivers {
        webhooks.push(webhook(&api, &receiver.url, SECRET).await);
    }

    ayu.write(SHOP, TEXT).await;
    api.text(&session, AYU, TEXT).await;
    recorder.takes("message.received", 1).await;
    recorder.takes("message.status", 1).await;

    // straight from the worker; an answer may be late here, a bad one may not be
    for (receiver, webhook) in receivers.iter().zip(&webhooks) {
        let statuses = statuses(&api, webhook).await;
        let good = statuses.iter().all(|status| *status == 204 || status.is_null());
        assert!(good, "{}: {statuses:?}", receiver.language);
    }

    // what was posted, byte for byte, and the same with something changed
    let calls = recorder.calls();
    for receiver in &receivers {
        for call in &calls {
            assert!(
                receiver.takes(&call.headers, call.bytes.clone()).await,
                "{}: {call:?}",
                receiver.language
            );
            receiver.refuses_what_was_changed(call).await;
        }
        let message = calls.iter().find(|call| call.event()["type"] == "message.received").expect("it came");
        for at in 0..message.bytes.len() {
            let taken = receiver.takes(&message.headers, changed(message, at, 1)).await;
            assert!(!taken, "{}: byte {at}", receiver.language);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_request_is_refused_although_its_signature_is_right() {
    let key = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    for receiver in Receiver::all(SECRET).await {
        for (minutes, good) in [(0, true), (-2, true), (-10, false), (10, false)] {
            let headers = signed(&key, minutes);
            assert_eq!(receiver.takes(&headers, BODY).await, good, "{}: {minutes} min", receiver.language);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_without_a_secret_takes_nothing() {
    // everybody can sign with a key of no bytes
    let headers = signed(&standardwebhooks::Webhook::from_bytes(Vec::new()).expect("a key"), 0);
    for secret in ["", "whsec_"] {
        for receiver in [Receiver::php(secret).await, Receiver::go(secret).await] {
            assert!(!receiver.takes(&headers, BODY).await, "{} with {secret:?}", receiver.language);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_is_rotated_receivers_take_either() {
    let stack = Stack::sqlite().await;
    let phone = stack.phone(SHOP, "Toko Kopi").await;
    let ayu = stack.phone(AYU, "Ayu").await;
    let api = stack.api();
    stack.linked(&phone).await;
    let recorder = Endpoint::start().await;
    let id = webhook(&api, recorder.url(), SECRET).await;
    let rotate = format!("/api/v1/webhooks/{id}/rotate-secret");
    let (old, new) = (Receiver::all(SECRET).await, Receiver::all(NEXT_SECRET).await);

    // the worker learns of it within a moment
    let posted = async |count: usize, after: usize| {
        eventually(&format!("{count} signatures"), || async {
            ayu.write(SHOP, TEXT).await;
            recorder.calls().into_iter().skip(after).find(|call| signatures(call) == count)
        })
        .await
    };
    let before = posted(1, 0).await;
    api.post(&rotate, &json!({"secret": NEXT_SECRET, "overlap_seconds": 600})).await.expect(200);
    let between = posted(2, 0).await;
    let so_far = recorder.calls().len();
    api.post(&rotate, &json!({"secret": NEXT_SECRET, "overlap_seconds": 0})).await.expect(200);
    let after = posted(1, so_far).await;

    for (receivers, takes) in [(&old, [true, true, false]), (&new, [false, true, true])] {
        for receiver in receivers {
            for (call, good) in [&before, &between, &after].into_iter().zip(takes) {
                let taken = receiver.takes(&call.headers, call.bytes.clone()).await;
                assert_eq!(taken, good, "{}: {call:?}", receiver.language);
            }
            receiver.refuses_what_was_changed(&between).await;
        }
    }
}

#[test]
fn the_page_shows_the_receivers_that_run_here() {
    let page = include_str!("../../../docs/webhooks.md");
    for (language, file, source) in [
        ("js", "verify.mjs", include_str!("../../receivers/verify.mjs")),
        ("python", "verify.py", include_str!("../../receivers/verify.py")),
        ("rust", "verify.rs", include_str!("../../receivers/verify.rs")),
        ("php", "verify.php", include_str!("../../receivers/verify.php")),
        ("go", "verify.go", include_str!("../../receivers/verify.go")),
    ] {
        let shown = page.contains(&format!("```{language}\n{source}```\n"));
        assert!(
            shown,
            "docs/webhooks.md shows another {file}: copy tests/receivers/{file} into its {language} block"
        );
    }
}
