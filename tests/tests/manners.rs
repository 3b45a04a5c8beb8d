//! What the API does with bad input, repeated requests, other tenants, and a Redis that is away.

use reqwest::Method;
use serde_json::{Value, json};
use wagate_tests::{Answer, Api, Files, Stack, eventually};

const SHOP: &str = "6281200000001";
const CUSTOMER: &str = "6281234567890";

fn problem(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    let problem = answer.json();
    for member in ["type", "title", "status", "detail", "code"] {
        assert!(!problem[member].is_null(), "no {member} in {problem}");
    }
    assert_eq!(problem["status"], answer.status, "{problem}");
    problem
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named_with_its_remedy() {
    let mut stack = Stack::sqlite().await;
    let api = stack.api();
    let session = api.create_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let files = Files::start().await;
    let long = "x".repeat(65_537);
    for (body, status, field) in [
        (json!({"to": "hello", "type": "text", "text": {"body": "x"}}), 422, "to"),
        (json!({"to": CUSTOMER, "type": "text", "text": {"body": "  "}}), 422, "text.body"),
        (json!({"to": CUSTOMER, "type": "text", "text": {"body": long}}), 422, "text.body"),
        (json!({"to": CUSTOMER, "type": "text", "text": {"body": "x"}, "colour": "red"}), 422, "colour"),
        (json!({"to": CUSTOMER, "type": "text"}), 422, "text"),
        (json!({"to": CUSTOMER, "type": "song"}), 422, "type"),
        (
            json!({"to": CUSTOMER, "type": "text", "text": {"body": "x"}, "reply_to": "msg_nope"}),
            422,
            "reply_to",
        ),
        (
            json!({"to": CUSTOMER, "type": "text", "text": {"body": "x"}, "mentions": ["nobody"]}),
            422,
            "mentions[0]",
        ),
        (
            json!({"to": CUSTOMER, "type": "image", "image": {"base64": "%%%", "mimetype": "image/png"}}),
            422,
            "image.base64",
        ),
        (
            json!({"to": CUSTOMER, "type": "image", "image": {"url": files.url("application/pdf", 100)}}),
            422,
            "image.url",
        ),
        (
            json!({"to": CUSTOMER, "type": "image", "image": {"url": files.url("image/png", 17_000_000)}}),
            422,
            "image.url",
        ),
        (json!({"to": CUSTOMER, "type": "image", "image": {"url": "ftp://example.com/x"}}), 422, "image.url"),
        (json!({"to": CUSTOMER, "type": "image", "image": {"id": "med_nope"}}), 422, "image.id"),
    ] {
        let answer = api.post(&path, &body).await;
        let shown = body.to_string().chars().take(120).collect::<String>();
        assert_eq!(answer.status, status, "{shown}: {}", String::from_utf8_lossy(&answer.bytes));
        let problem = problem(&answer);
        assert_eq!(problem["errors"][0]["field"], field, "{shown}: {problem}");
        assert!(
            problem["errors"][0]["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()),
            "{problem}"
        );
    }
    for (content_type, body, status) in [
        ("application/json", "{\"to\":".to_owned(), 400),
        ("text/plain", "hello".to_owned(), 415),
        ("application/json", format!("{{\"to\":\"{}\"}}", "9".repeat(40_000_000)), 413),
    ] {
        let request = api.request(Method::POST, &path).header("content-type", content_type).body(body);
        let answer = api.send(request).await;
        assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.bytes));
        problem(&answer);
    }
    for (method, path, status) in [
        (Method::GET, "/api/v1/sessions/ses_nope", 404),
        (Method::GET, "/api/v1/messages/msg_01K00000000000000000000000", 404),
        (Method::GET, "/api/v1/messages?limit=0", 422),
        (Method::GET, "/api/v1/messages?chat=someone", 422),
        (Method::GET, "/api/v1/messages?cursor=x", 422),
        (Method::GET, "/api/v1/nothing", 404),
        (Method::PUT, "/api/v1/sessions", 405),
    ] {
        let answer = api.send(api.request(method, path)).await;
        assert_eq!(answer.status, status, "{path}: {}", String::from_utf8_lossy(&answer.bytes));
        problem(&answer);
    }
    let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
    assert_eq!(page["messages"], json!([]), "nothing is half-done");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_to_a_private_address_is_refused() {
    let mut stack = Stack::guarded().await;
    let (api, files) = (stack.api(), Files::start().await);
    let session = api.create_session().await;
    for url in [
        files.url("image/png", 100),
        "http://[::1]/x".to_owned(),
        "http://169.254.169.254/latest".to_owned(),
        "http://localhost/x".to_owned(),
    ] {
        let body = json!({"to": CUSTOMER, "type": "image", "image": {"url": url}});
        let refused = api.post(&format!("/api/v1/sessions/{session}/messages"), &body).await.expect(422);
        assert_eq!(problem(&refused)["errors"][0]["field"], "image.url");
    }
    stack.stop().await;
}

/// What takes no key: health, and how people come in.
const OPEN: [&str; 14] = [
    "/healthz",
    "/readyz",
    "/.well-known/jwks.json",
    "/api/v1/account/register",
    "/api/v1/account/verify",
    "/api/v1/account/invitations/accept",
    "/api/v1/account/sign-in",
    "/api/v1/account/second-factor",
    "/api/v1/account/refresh",
    "/api/v1/account/password/forgotten",
    "/api/v1/account/password/reset",
    "/api/v1/account/providers",
    "/api/v1/account/providers/{id}/sign-in",
    "/api/v1/account/providers/{id}/sign-in/finish",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_path_but_health_and_documents_wants_a_key() {
    let mut stack = Stack::sqlite().await;
    let nobody = stack.api().with_key("");
    let openapi = nobody.get("/api/openapi.json").await.expect(200).json();
    let mut tried = 0;
    for (path, item) in openapi["paths"].as_object().expect("paths") {
        for method in item
            .as_object()
            .expect("an item")
            .keys()
            .filter(|m| ["get", "post", "put", "patch", "delete"].contains(&m.as_str()))
        {
            let concrete = path.replace("{id}", "x").replace("{chat}", "x");
            let method: Method = method.to_uppercase().parse().expect("a method");
            for api in [nobody.clone(), nobody.with_key("wg_00000000000000000000000000000000")] {
                let answer = api.send(api.request(method.clone(), &concrete)).await;
                let wants_a_key = answer.status == 401 && answer.json()["code"] == "unauthenticated";
                let open = OPEN.contains(&path.as_str());
                assert_eq!(wants_a_key, !open, "{method} {path} answered {}", answer.status);
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "only {tried} operations in the document");
    for path in ["/healthz", "/readyz"] {
        nobody.get(path).await.expect(200);
    }
    let metrics = stack.api().get("/metrics").await.expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"), "{metrics:?}");
    let docs = nobody.get("/api/docs/").await.expect(200);
    let page = String::from_utf8_lossy(&docs.bytes).into_owned();
    assert!(
        page.contains("swagger") && !page.contains("//cdn") && !page.contains("https://"),
        "assets are ours: {page}"
    );
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_does_nothing_twice() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    let path = format!("/api/v1/sessions/{session}/messages");
    let send = |text: &'static str| {
        let request = api.request(Method::POST, &path).header("Idempotency-Key", "order 17");
        let api = api.clone();
        async move {
            api.send(request.json(&json!({"to": CUSTOMER, "type": "text", "text": {"body": text}}))).await
        }
    };
    let first = send("once").await.expect(202);
    let again = send("once").await.expect(202);
    assert_eq!(first.bytes, again.bytes, "the same answer");
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    let other = send("twice").await.expect(422);
    assert_eq!(problem(&other)["code"], "idempotency_key_reused");
    // many at once: one message, whoever wins
    let all = futures::future::join_all((0..8).map(|_| {
        let request = api.request(Method::POST, &path).header("Idempotency-Key", "order 18");
        api.send(request.json(&json!({"to": CUSTOMER, "type": "text", "text": {"body": "race"}})))
    }))
    .await;
    assert!(all.iter().all(|answer| matches!(answer.status, 202 | 409)), "{all:?}");
    customer.shows_text("race").await;
    let id = api.text(&session, CUSTOMER, "last").await;
    customer.shows_text("last").await;
    api.message_is(&id, "delivered").await;
    let texts: Vec<Value> = customer.inbox().await.iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, [json!("once"), json!("race"), json!("last")]);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_finds_nothing() {
    let mut stack = Stack::sqlite().await;
    let (shop, _customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    let message = api.text(&session, CUSTOMER, "mine").await;
    let media = api.post("/api/v1/media/uploads", &json!({"mimetype": "image/png"})).await.expect(201).json();
    let stranger: Api = api.with_key(stack.up().create_workspace("stranger").await.expect("a workspace"));
    for path in [
        format!("/api/v1/sessions/{session}"),
        format!("/api/v1/sessions/{session}/qr"),
        format!("/api/v1/messages/{message}"),
        format!("/api/v1/media/{}", media["id"].as_str().expect("an id")),
    ] {
        let answer = stranger.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        problem(&answer);
    }
    let body = json!({"to": CUSTOMER, "type": "text", "text": {"body": "theirs"}});
    stranger.post(&format!("/api/v1/sessions/{session}/messages"), &body).await.expect(404);
    stranger.delete(&format!("/api/v1/sessions/{session}")).await.expect(404);
    let list = stranger.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
    assert_eq!(list["messages"], json!([]));
    api.get(&format!("/api/v1/sessions/{session}")).await.expect(200);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_away_refuses_and_loses_nothing() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    let before = api.text(&session, CUSTOMER, "before").await;

    let pause = stack.pause_redis();
    let body = json!({"to": CUSTOMER, "type": "text", "text": {"body": "meanwhile"}});
    let refused = api.post(&format!("/api/v1/sessions/{session}/messages"), &body).await.expect(503);
    assert!(refused.header("retry-after").parse::<u32>().is_ok(), "{refused:?}");
    problem(&refused);
    api.get("/readyz").await.expect(503);
    customer.write(SHOP, "are you there?").await;
    drop(pause);

    eventually("ready again", || async { (api.get("/readyz").await.status == 200).then_some(()) }).await;
    customer.shows_text("before").await;
    api.message_is(&before, "delivered").await;
    let after = api.text(&session, CUSTOMER, "after").await;
    api.message_is(&after, "delivered").await;
    eventually("the phone's message on record", || async {
        let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
        page["messages"].as_array()?.iter().any(|m| m["text"]["body"] == "are you there?").then_some(())
    })
    .await;
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_tell_sessions_figures_and_a_redis_that_is_away() {
    let mut stack = Stack::sqlite().await;
    let shop = stack.phone(SHOP, "Toko").await;
    let (api, operations) = (stack.api(), stack.operations());
    let idle = operations.get("/health/ready").await.expect(200).json();
    assert_eq!(idle["sessions"], json!({"held": 0, "connected": 0}), "{idle}");
    let session = stack.linked(&shop).await;
    let counts = async |held, connected| {
        eventually("the counts", || async {
            let ready = operations.get("/health/ready").await.expect(200).json();
            (ready["sessions"] == json!({"held": held, "connected": connected})).then_some(())
        })
        .await;
    };
    counts(1, 1).await;
    let other = api.create_session().await;
    api.qr(&other).await;
    counts(2, 1).await;
    let metrics = String::from_utf8(operations.get("/metrics").await.expect(200).bytes).expect("text");
    assert!(metrics.contains("wagate_sessions{state=\"connected\"}"), "{metrics}");

    let pause = stack.pause_redis();
    let away = operations.get("/health/ready").await.expect(503).json();
    let redis = away["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "redis");
    assert_eq!(redis, Some(&json!({"name": "redis", "ok": false})), "{away}");
    operations.get("/health/live").await.expect(200);
    drop(pause);
    eventually("ready again", || async {
        (operations.get("/health/ready").await.status == 200).then_some(())
    })
    .await;
    api.session_in(&session, "connected").await;
    operations.get("/anything").await.expect(404);
    stack.stop().await;
}
