//! Webhooks, as those see them who receive.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use wagate_tests::{Api, Endpoint, Manner, Phone, Stack, eventually, impatient};

const SHOP: &str = "6281200000001";
const AYU: &str = "6281234567890";
const BUDI: &str = "6281234567891";

/// A linked session and two people who may write to it.
struct Shop {
    stack: Stack,
    api: Api,
    session: String,
    ayu: Phone,
    budi: Phone,
}

impl Shop {
    async fn open(stack: Stack) -> Self {
        let shop = stack.phone(SHOP, "Toko Kopi").await;
        let (ayu, budi) = (stack.phone(AYU, "Ayu").await, stack.phone(BUDI, "Budi").await);
        let (api, session) = (stack.api(), stack.linked(&shop).await);
        Self { stack, api, session, ayu, budi }
    }

    async fn webhook(&self, endpoint: &Endpoint, events: &[&str]) -> Value {
        let body = json!({"url": endpoint.url(), "events": events});
        self.api.post("/api/v1/webhooks", &body).await.expect(201).json()
    }

    async fn delivery(&self, webhook: &Value, query: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/webhooks/{}/deliveries{query}", id(webhook));
        eventually(&format!("a delivery of {query}"), || async {
            let page = self.api.get(&path).await.expect(200).json();
            page["deliveries"].as_array()?.iter().find(|delivery| is_it(delivery)).cloned()
        })
        .await
    }
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

fn bodies(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["data"]["message"]["text"]["body"].as_str().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_signed_and_in_order() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let endpoint = Endpoint::start().await;
    let webhook = shop.webhook(&endpoint, &["message.*"]).await;
    for text in ["one", "two", "three"] {
        shop.ayu.write(SHOP, text).await;
    }
    let received = endpoint.takes("message.received", 3).await;
    assert_eq!(bodies(&received), ["one", "two", "three"]);
    let first = &received[0];
    assert!(id(first).starts_with("evt_"), "{first}");
    assert_eq!((&first["api_version"], &first["session"]), (&json!("v1"), &json!(shop.session)));
    let contact = &first["data"]["message"]["contact"];
    assert_eq!(contact["pn"], AYU, "{first}");
    assert!(contact["id"].is_string() && contact["lid"].is_string(), "{first}");

    // what leaves is told too, and how far it gets
    let sent = shop.api.text(&shop.session, AYU, "thanks").await;
    let told = endpoint.takes("message.sent", 1).await;
    assert_eq!(told[0]["data"]["message"]["id"], sent.as_str());
    let status = &endpoint.takes("message.status", 1).await[0];
    assert_eq!(
        (&status["data"]["status"], &status["data"]["message"]["id"]),
        (&json!("delivered"), &json!(sent))
    );

    let secret = webhook["secret"].as_str().expect("a secret");
    let verifier = standardwebhooks::Webhook::new(secret).expect("a secret of the specification");
    for call in endpoint.calls() {
        verifier.verify(&call.bytes, &call.headers).expect("a good signature");
        assert_eq!(call.headers["webhook-id"].to_str().unwrap(), id(&call.event()));
        assert_eq!(call.headers["content-type"], "application/json");
    }
    let shown = shop.api.get(&format!("/api/v1/webhooks/{}", id(&webhook))).await.expect(200).json();
    assert!(!shown.to_string().contains("whsec_"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_answered_with_2xx_is_tried_again_under_the_same_id() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let endpoint = Endpoint::behaving(Manner::Status(500)).await;
    let webhook = shop.webhook(&endpoint, &["message.received"]).await;
    shop.ayu.write(SHOP, "hello").await;
    endpoint.called(3).await;
    endpoint.behave(Manner::Status(204));
    endpoint.takes("message.received", 1).await;
    let ids: HashSet<String> = endpoint.calls().iter().map(|call| id(&call.event()).to_owned()).collect();
    assert_eq!(ids.len(), 1, "one event, one id");
    let delivery = shop.delivery(&webhook, "?state=delivered", |_| true).await;
    let attempts = delivery["attempts"].as_array().expect("attempts");
    assert_eq!(attempts.len(), endpoint.calls().len(), "{delivery}");
    assert_eq!((&attempts[0]["status"], &attempts[0]["response"]), (&json!(500), &json!("thanks")));
    assert_eq!(attempts.last().unwrap()["status"], 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_honoured() {
    let shop = Shop::open(
        Stack::telling(wagate_infra::config::WebhooksConfig {
            longest_retry: std::time::Duration::from_secs(3_600),
            ..impatient()
        })
        .await,
    )
    .await;
    let endpoint = Endpoint::behaving(Manner::Later(429, 1_800)).await;
    let webhook = shop.webhook(&endpoint, &["message.received"]).await;
    shop.ayu.write(SHOP, "hello").await;
    let delivery = shop.delivery(&webhook, "?state=waiting", |found| found["tries"] == 1).await;
    let moment = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let pause = moment(&delivery["next_at"]).duration_since(moment(&delivery["attempts"][0]["at"]));
    assert!(pause.as_secs() >= 1_799, "{delivery}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_endpoint_delays_nobody_else() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let (slow, quick) = (Endpoint::behaving(Manner::Hang).await, Endpoint::start().await);
    shop.webhook(&slow, &["message.received"]).await;
    shop.webhook(&quick, &["message.received"]).await;
    for n in 0..20 {
        shop.ayu.write(SHOP, &format!("{n}")).await;
    }
    let received = quick.takes("message.received", 20).await;
    let expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(bodies(&received), expected);
    assert_eq!(slow.taken("message.received").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_refused_holds_up_its_own_chat_only() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let endpoint = Endpoint::behaving(Manner::Refuse("poison".to_owned())).await;
    let webhook = shop.webhook(&endpoint, &["message.received"]).await;
    shop.ayu.write(SHOP, "poison").await;
    endpoint.called(1).await;
    shop.ayu.write(SHOP, "after it").await;
    shop.budi.write(SHOP, "elsewhere").await;
    assert_eq!(bodies(&endpoint.takes("message.received", 1).await), ["elsewhere"]);
    // the one behind it waits as a delivery of its own and was never tried
    shop.delivery(&webhook, "?state=waiting", |found| found["tries"] == 0).await;
    endpoint.behave(Manner::Status(200));
    let received = endpoint.takes("message.received", 3).await;
    assert_eq!(bodies(&received), ["elsewhere", "poison", "after it"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_switches_a_webhook_off_at_once_and_says_so() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let (gone, other) = (Endpoint::behaving(Manner::Status(410)).await, Endpoint::start().await);
    let webhook = shop.webhook(&gone, &["message.received"]).await;
    shop.webhook(&other, &["webhook.*"]).await;
    shop.ayu.write(SHOP, "hello").await;
    let told = &other.takes("webhook.disabled", 1).await[0];
    assert_eq!((&told["data"]["webhook"], &told["data"]["code"]), (&webhook["id"], &json!("gone")));
    let path = format!("/api/v1/webhooks/{}", id(&webhook));
    let shown = shop.api.get(&path).await.expect(200).json();
    assert_eq!((&shown["enabled"], &shown["disabled"]["code"]), (&json!(false), &json!("gone")));
    assert_eq!(gone.calls().len(), 1);

    // enabled again it goes on where it stopped; what was given up is retried by hand
    shop.ayu.write(SHOP, "meanwhile").await;
    gone.behave(Manner::Status(200));
    shop.api.patch(&path, &json!({"enabled": true})).await.expect(200);
    assert_eq!(bodies(&gone.takes("message.received", 1).await), ["meanwhile"]);
    let failed = shop.delivery(&webhook, "?state=failed", |_| true).await;
    let retry = format!("{path}/deliveries/{}/retry", id(&failed));
    shop.api.post(&retry, &json!({})).await.expect(202);
    assert_eq!(bodies(&gone.takes("message.received", 2).await), ["meanwhile", "hello"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_for_too_long_is_switched_off() {
    let config = wagate_infra::config::WebhooksConfig {
        disable_after: std::time::Duration::from_millis(300),
        ..impatient()
    };
    let shop = Shop::open(Stack::telling(config).await).await;
    let endpoint = Endpoint::behaving(Manner::Status(503)).await;
    let webhook = shop.webhook(&endpoint, &["message.received"]).await;
    shop.ayu.write(SHOP, "hello").await;
    let path = format!("/api/v1/webhooks/{}", id(&webhook));
    let shown = eventually("switched off", || async {
        Some(shop.api.get(&path).await.expect(200).json()).filter(|shown| shown["enabled"] == false)
    })
    .await;
    assert_eq!(shown["disabled"]["code"], "failing", "{shown}");
    assert!(shown["failing_since"].is_string(), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_it_goes_on_where_it_stopped() {
    let mut shop = Shop::open(Stack::sqlite().await).await;
    let endpoint = Endpoint::behaving(Manner::Status(500)).await;
    shop.webhook(&endpoint, &["message.received"]).await;
    for text in ["one", "two"] {
        shop.ayu.write(SHOP, text).await;
    }
    endpoint.called(1).await;
    shop.stack.restart().await;
    endpoint.behave(Manner::Status(200));
    assert_eq!(bodies(&endpoint.takes("message.received", 2).await), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_signs_beside_the_old_one() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let endpoint = Endpoint::start().await;
    let webhook = shop.webhook(&endpoint, &["message.received"]).await;
    let path = format!("/api/v1/webhooks/{}", id(&webhook));
    let rotated = shop
        .api
        .post(&format!("{path}/rotate-secret"), &json!({"overlap_seconds": 600}))
        .await
        .expect(200)
        .json();
    assert_eq!(rotated["old"]["secret"], webhook["secret"]);
    assert_ne!(rotated["secret"], webhook["secret"]);
    // the worker learns of it within a moment; from then on both verify
    let call = eventually("two signatures", || async {
        shop.ayu.write(SHOP, "hello").await;
        endpoint.calls().into_iter().find(|c| c.headers["webhook-signature"].to_str().unwrap().contains(' '))
    })
    .await;
    for secret in [&rotated["secret"], &webhook["secret"]] {
        let verifier = standardwebhooks::Webhook::new(secret.as_str().unwrap()).unwrap();
        verifier.verify(&call.bytes, &call.headers).expect("both secrets are live");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_replays_figures_and_clearing() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let endpoint = Endpoint::start().await;
    let webhook = shop.webhook(&endpoint, &["message.received"]).await;
    let path = format!("/api/v1/webhooks/{}", id(&webhook));

    let tried =
        shop.api.post(&format!("{path}/test"), &json!({"type": "call.received"})).await.expect(200).json();
    assert_eq!((&tried["status"], &tried["response"]), (&json!(200), &json!("thanks")));
    assert_eq!(endpoint.calls()[0].event()["type"], "call.received");
    let wrong = shop.api.post(&format!("{path}/test"), &json!({"type": "call.me"})).await.expect(422).json();
    assert_eq!(wrong["field"], "type");

    for text in ["one", "two", "three"] {
        shop.ayu.write(SHOP, text).await;
    }
    let first = endpoint.takes("message.received", 3).await;
    shop.delivery(&webhook, "?state=delivered&type=message.received", |_| true).await;

    let from = first[0]["time"].as_str().unwrap();
    let replay = json!({"from": from, "events": ["message.received"]});
    let replayed = shop.api.post(&format!("{path}/replay"), &replay).await.expect(202).json();
    assert_eq!(replayed["events"], 3, "{replayed}");
    let all = endpoint.takes("message.received", 6).await;
    let ids = |events: &[Value]| -> Vec<String> { events.iter().map(|event| id(event).to_owned()).collect() };
    assert_eq!(ids(&all[3..]), ids(&all[..3]), "the same events under the same ids, in order");

    let stats = eventually("six counted", || async {
        let stats = shop.api.get(&format!("{path}/stats")).await.expect(200).json();
        (stats["delivered"] == 6).then_some(stats)
    })
    .await;
    assert_eq!(
        (&stats["failed"], &stats["waiting"], &stats["success_rate"]),
        (&json!(0), &json!(0), &json!(1.0))
    );
    let cleared = shop.api.delete(&format!("{path}/deliveries?state=delivered")).await.expect(200).json();
    assert_eq!(cleared, json!({"cleared": 6, "more": false}));
    assert_eq!(endpoint.taken("message.received").len(), 6, "clearing the log tells nothing again");
    shop.api.delete(&path).await.expect(204);
    shop.api.get(&path).await.expect(404);
}

/// A webhook whose endpoint behaves badly, beside one that does not; what the log says of its first try.
async fn contained(manner: Manner) -> Value {
    let shop = Shop::open(Stack::sqlite().await).await;
    let (bad, good) = (Endpoint::behaving(manner.clone()).await, Endpoint::start().await);
    let webhook = shop.webhook(&bad, &["message.received"]).await;
    shop.webhook(&good, &["message.received"]).await;
    shop.ayu.write(SHOP, "hello").await;
    good.takes("message.received", 1).await;
    let delivery = shop.delivery(&webhook, "", |found| found["tries"].as_u64() > Some(0)).await;
    let excerpt = delivery["attempts"][0]["response"].as_str().unwrap_or_default().len();
    assert!(excerpt <= 1_024, "{manner:?} kept {excerpt} bytes");
    delivery
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_without_end_is_cut_and_was_an_answer_all_the_same() {
    let delivery = contained(Manner::Flood).await;
    assert_eq!((&delivery["state"], &delivery["attempts"][0]["status"]), (&json!("delivered"), &json!(200)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_loris_holds_nobody_longer_than_the_time_out() {
    for manner in [Manner::Drip, Manner::Loris] {
        let delivery = contained(manner).await;
        assert_eq!(delivery["state"], "waiting", "{delivery}");
        assert_eq!(delivery["attempts"][0]["error"], "cannot be reached: timed out", "{delivery}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_another_address_is_not_followed() {
    let shop = Shop::open(Stack::sqlite().await).await;
    let hidden = Endpoint::start().await;
    let endpoint = Endpoint::behaving(Manner::Redirect(hidden.url().to_owned())).await;
    let webhook = shop.webhook(&endpoint, &["message.received"]).await;
    shop.ayu.write(SHOP, "hello").await;
    let delivery = shop.delivery(&webhook, "", |found| found["tries"].as_u64() > Some(0)).await;
    assert_eq!((&delivery["state"], &delivery["attempts"][0]["status"]), (&json!("waiting"), &json!(302)));
    assert_eq!(hidden.calls().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_and_bad_settings_are_refused() {
    let stack = Stack::guarded().await;
    let api = stack.api();
    for (body, field) in [
        (json!({"url": "http://127.0.0.1:9/x"}), "url"),
        (json!({"url": "http://[::1]/x"}), "url"),
        (json!({"url": "http://169.254.169.254/latest"}), "url"),
        (json!({"url": "http://2130706433/x"}), "url"),
        (json!({"url": "ftp://example.com"}), "url"),
        (json!({"url": "not a url"}), "url"),
        (json!({"url": "https://example.com", "events": ["message.*", "massage.*"]}), "events[1]"),
        (json!({"url": "https://example.com", "headers": {"Host": "x"}}), "headers.Host"),
        (json!({"url": "https://example.com", "secret": "hunter2"}), "secret"),
        (json!({}), "url"),
    ] {
        let problem = api.post("/api/v1/webhooks", &body).await.expect(422).json();
        assert_eq!(problem["field"], field, "{body}: {problem}");
        assert!(problem["remedy"].as_str().is_some_and(|remedy| remedy.len() > 5), "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_elsewhere_by_the_time_it_is_connected_to_is_refused() {
    let stack = Stack::guarded().await;
    let api = stack.api();
    // a name may lead anywhere at any time: what counts is the address that is connected to
    let webhook =
        api.post("/api/v1/webhooks", &json!({"url": "http://localhost:9/x"})).await.expect(201).json();
    let tried =
        api.post(&format!("/api/v1/webhooks/{}/test", id(&webhook)), &json!({})).await.expect(200).json();
    assert_eq!((&tried["status"], &tried["error"]), (&Value::Null, &json!("leads to a private address")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_its_workspaces_alone() {
    let stack = Stack::sqlite().await;
    let api = stack.api();
    let endpoint = Endpoint::start().await;
    let webhook = api.post("/api/v1/webhooks", &json!({"url": endpoint.url()})).await.expect(201).json();
    let stranger = stack.stranger().await;
    let path = format!("/api/v1/webhooks/{}", id(&webhook));
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/secret")),
        (Method::POST, format!("{path}/rotate-secret")),
        (Method::POST, format!("{path}/test")),
        (Method::GET, format!("{path}/stats")),
        (Method::GET, format!("{path}/deliveries")),
        (Method::DELETE, format!("{path}/deliveries")),
    ] {
        let mut request = stranger.request(method.clone(), &path);
        if method != Method::GET && method != Method::DELETE {
            request = request.json(&json!({}));
        }
        assert_eq!(stranger.send(request).await.status, 404, "{method} {path}");
    }
    assert_eq!(stranger.get("/api/v1/webhooks").await.expect(200).json()["webhooks"], json!([]));
    api.get(&path).await.expect(200);
}
