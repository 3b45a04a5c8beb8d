//! The control API over real phones on a small network.

mod faults;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::SandboxConfig;
use crate::clock::Clock;
use crate::core::Core;
use crate::media::Media;
use crate::phones::World;
use crate::state::State;
use crate::wire::ServerIdentity;

const ADA: &str = "491700000001";
const BEN: &str = "491700000002";

struct Api {
    router: Router,
    _world: World,
    _dir: tempfile::TempDir,
}

/// The server's side, without listeners.
async fn core(home: &Path) -> Arc<Core> {
    let state = State::open(home, 100).await.expect("state");
    let identity = ServerIdentity::generate(1_700_000_000).expect("identity");
    let (address, clock) = (([127, 0, 0, 1], 1).into(), Clock::default());
    let media = Media::open(home, &state, address, 1, clock.clone()).await.expect("media");
    Core::new(SandboxConfig::new(home), clock, state, identity, media)
}

impl Api {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("dir");
        let world = World::open(dir.path()).await;
        let core = core(dir.path()).await;
        core.attach(world.phones.clone());
        let router = super::router(world.phones.clone(), world.lan.clone(), core);
        Self { router, _world: world, _dir: dir }
    }

    async fn raw(&self, request: Request<Body>) -> (StatusCode, String, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.expect("answers");
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("body");
        (status, kind, body.to_vec())
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string()))
                .expect("request"),
            None => request.body(Body::empty()).expect("request"),
        };
        let (status, kind, body) = self.raw(request).await;
        let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if status.is_client_error() {
            assert_eq!(kind, "application/problem+json");
            assert!(value["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{value}");
        }
        (status, value)
    }

    async fn phone(&self, number: &str) {
        let (status, _) = self.call("POST", "/v1/phones", Some(json!({ "number": number }))).await;
        assert_eq!(status, StatusCode::CREATED);
    }
}

#[tokio::test]
async fn phones_are_made_shown_changed_and_listed() {
    let api = Api::new().await;
    let new = json!({ "number": "+491700000001", "push_name": "Ada", "read": { "after_ms": 5 } });
    let (status, made) = api.call("POST", "/v1/phones", Some(new)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(made["number"], "+491700000001");
    assert_eq!(made["push_name"], "Ada");
    assert_eq!(made["read"], json!({ "after_ms": 5 }));
    api.phone(BEN).await;

    for path in ["/v1/phones/491700000001", "/v1/phones/+491700000001", "/v1/phones/%2B491700000001"] {
        assert_eq!(api.call("GET", path, None).await, (StatusCode::OK, made.clone()));
    }
    let change = json!({ "read": "never", "on_whatsapp": false });
    let (_, changed) = api.call("PATCH", "/v1/phones/491700000001", Some(change)).await;
    assert_eq!((&changed["read"], &changed["on_whatsapp"]), (&json!("never"), &json!(false)));

    let (_, page) = api.call("GET", "/v1/phones?limit=1", None).await;
    assert_eq!(page["items"][0]["number"], "+491700000001");
    let cursor = page["next_cursor"].as_str().expect("more");
    let (_, page) = api.call("GET", &format!("/v1/phones?limit=1&cursor={cursor}"), None).await;
    assert_eq!(page["items"][0]["number"], format!("+{BEN}"));
    assert_eq!(page["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_conversation_over_http() {
    let api = Api::new().await;
    api.phone(ADA).await;
    api.phone(BEN).await;
    let text = json!({ "to": format!("+{BEN}"), "type": "text", "text": { "body": "hello" } });
    let (status, sent) = api.call("POST", &format!("/v1/phones/{ADA}/messages"), Some(text)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!((&sent["status"], &sent["direction"]), (&json!("delivered"), &json!("out")));
    let id = sent["id"].as_str().expect("id");

    let (_, inbox) = api.call("GET", &format!("/v1/phones/{BEN}/inbox"), None).await;
    let got = &inbox["items"][0];
    assert_eq!((&got["id"], &got["text"], &got["type"]), (&json!(id), &json!("hello"), &json!("text")));
    assert_eq!((&got["duplicates"], &got["undecryptable"]), (&json!(0), &json!(false)));
    assert_eq!((&got["from"]["pn"], &got["to"]["pn"]), (&json!(ADA), &json!(BEN)));
    assert_eq!(got["time"], "2023-11-14T22:13:20Z");

    let answer = json!({ "to": ADA, "type": "text", "text": { "body": "hi" }, "reply_to": id });
    api.call("POST", &format!("/v1/phones/{BEN}/messages"), Some(answer)).await;
    let (_, chat) = api.call("GET", &format!("/v1/phones/{BEN}/chats/+{ADA}/messages"), None).await;
    let directions: Vec<_> =
        chat["items"].as_array().expect("items").iter().map(|m| m["direction"].clone()).collect();
    assert_eq!(directions, [json!("in"), json!("out")]);
    assert_eq!(chat["items"][1]["quoted_id"], id);

    let (_, chats) = api.call("GET", &format!("/v1/phones/{BEN}/chats"), None).await;
    assert_eq!((&chats["items"][0]["chat"], &chats["items"][0]["unread"]), (&json!(ADA), &json!(1)));
    let (_, read) = api.call("POST", &format!("/v1/phones/{BEN}/chats/{ADA}/read"), None).await;
    assert_eq!(read["read"], json!([id]));
    let (_, sent) = api.call("GET", &format!("/v1/phones/{ADA}/messages/{id}"), None).await;
    assert_eq!(sent["status"], "read");

    let typing = format!("/v1/phones/{BEN}/chats/{ADA}/typing");
    assert_eq!(api.call("POST", &typing, None).await.0, StatusCode::NO_CONTENT);
    let paused = Some(json!({ "state": "paused" }));
    assert_eq!(api.call("POST", &typing, paused).await.0, StatusCode::NO_CONTENT);
    let online = Some(json!({ "state": "available" }));
    assert_eq!(
        api.call("POST", &format!("/v1/phones/{BEN}/presence"), online).await.0,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn files_go_in_as_base64_multipart_or_url_and_come_out_plain() {
    let api = Api::new().await;
    api.phone(ADA).await;
    let path = format!("/v1/phones/{ADA}/messages");
    let file = b"\x89PNG not really".to_vec();
    let media = json!({ "kind": "image", "mimetype": "image/png", "base64": BASE64_STANDARD.encode(&file), "caption": "see" });
    let (status, by_base64) =
        api.call("POST", &path, Some(json!({ "to": BEN, "type": "media", "media": media }))).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!((&by_base64["type"], &by_base64["text"]), (&json!("image"), &json!("see")));

    let mut form = Vec::new();
    for (name, value) in [("to", BEN), ("kind", "document")] {
        form.extend(
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    form.extend(b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n");
    form.extend(&file);
    form.extend(b"\r\n--B--\r\n");
    let request = Request::post(&path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
        .body(Body::from(form))
        .expect("request");
    let (status, _, body) = api.raw(request).await;
    assert_eq!(status, StatusCode::CREATED);
    let by_form: Value = serde_json::from_slice(&body).expect("json");
    assert_eq!(by_form["media"]["file_name"], "a.pdf");
    assert_eq!(by_form["media"]["mimetype"], "application/pdf");

    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let port = server.local_addr().expect("address").port();
    let served = file.clone();
    let served = Router::new().route("/f", axum::routing::get(move || async move { served }));
    let serving = tokio::spawn(async move { axum::serve(server, served).await });
    let media =
        json!({ "kind": "voice", "mimetype": "audio/ogg", "url": format!("http://127.0.0.1:{port}/f") });
    let (status, by_url) =
        api.call("POST", &path, Some(json!({ "to": BEN, "type": "media", "media": media }))).await;
    assert_eq!((status, &by_url["type"]), (StatusCode::CREATED, &json!("voice")));
    serving.abort();

    for (sent, mimetype) in [(by_base64, "image/png"), (by_form, "application/pdf"), (by_url, "audio/ogg")] {
        let id = sent["id"].as_str().expect("id");
        let request = Request::get(format!("/v1/phones/{BEN}/messages/{id}/media"))
            .body(Body::empty())
            .expect("request");
        assert_eq!(api.raw(request).await, (StatusCode::OK, mimetype.to_owned(), file.clone()));
    }
}

#[tokio::test]
async fn devices_are_linked_and_unlinked_through_the_network() {
    let api = Api::new().await;
    let (key, secret) = (BASE64_STANDARD.encode([7; 32]), BASE64_STANDARD.encode([9; 32]));
    let scan = |reference: &str| {
        Some(
            json!({ "qr": format!("https://wa.me/settings/linked_devices#{reference},{key},{key},{secret},1") }),
        )
    };
    let (status, linked) = api.call("POST", &format!("/v1/phones/{ADA}/scan"), scan("2@known")).await;
    assert_eq!((status, &linked["id"]), (StatusCode::CREATED, &json!(1)));
    assert_eq!(linked["jid"], format!("{ADA}:1@s.whatsapp.net"));
    assert_eq!(
        api.call("POST", &format!("/v1/phones/{ADA}/scan"), scan("2@gone")).await.0,
        StatusCode::NOT_FOUND
    );
    let code = Some(json!({ "code": "ABCD-1234" }));
    assert_eq!(
        api.call("POST", &format!("/v1/phones/{ADA}/pairing-code"), code).await.0,
        StatusCode::CONFLICT
    );
    let (status, devices) = api.call("GET", &format!("/v1/phones/{ADA}/devices"), None).await;
    assert_eq!((status, devices), (StatusCode::OK, json!({ "items": [] })));
    assert_eq!(
        api.call("DELETE", &format!("/v1/phones/{ADA}/devices/4"), None).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn mistakes_are_named_with_their_field() {
    let api = Api::new().await;
    api.phone(ADA).await;
    let messages = format!("/v1/phones/{ADA}/messages");
    let text = |to: &str| json!({ "to": to, "type": "text", "text": { "body": "x" } });
    let media = |media: Value| json!({ "to": BEN, "type": "media", "media": media });
    let image = json!({ "kind": "image", "mimetype": "image/png" });
    let with = |key: &str, value: &str| {
        let mut image = image.clone();
        image[key] = json!(value);
        image
    };
    let cases = [
        ("POST", "/v1/phones".to_owned(), Some(json!({ "number": "12" })), "number"),
        ("GET", "/v1/phones/abc".to_owned(), None, "number"),
        ("GET", "/v1/phones?limit=0".to_owned(), None, "limit"),
        ("GET", format!("/v1/phones/{ADA}/inbox?cursor=x"), None, "cursor"),
        ("POST", messages.clone(), Some(text("nobody")), "to"),
        ("POST", messages.clone(), Some(json!({ "to": BEN, "type": "text" })), "text"),
        ("POST", messages.clone(), Some(json!({ "to": BEN, "type": "media" })), "media"),
        ("POST", messages.clone(), Some(media(image.clone())), "media"),
        ("POST", messages.clone(), Some(media(with("base64", "*"))), "media.base64"),
        ("POST", messages.clone(), Some(media(with("url", "https://example.org/x"))), "media.url"),
        ("POST", messages, Some(media(with("url", "http://10.0.0.1/x"))), "media.url"),
        ("POST", format!("/v1/phones/{ADA}/scan"), Some(json!({ "qr": "hello" })), "qr"),
        ("DELETE", format!("/v1/phones/{ADA}/devices/0"), None, "id"),
        ("POST", "/v1/time/advance".to_owned(), Some(json!({ "seconds": 0 })), "seconds"),
    ];
    for (method, path, body, field) in cases {
        let (status, problem) = api.call(method, &path, body).await;
        assert_eq!(
            (status, problem["field"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{path}: {problem}"
        );
    }
    assert_eq!(api.call("GET", &format!("/v1/phones/{BEN}"), None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(api.call("GET", "/v2", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(api.call("PUT", "/v1/phones", None).await.0, StatusCode::METHOD_NOT_ALLOWED);
    let unknown = Some(json!({ "number": BEN, "colour": "red" }));
    let (status, problem) = api.call("POST", "/v1/phones", unknown).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("colour")), "{problem}");
}

#[tokio::test]
async fn other_sites_are_refused() {
    let api = Api::new().await;
    for (name, value) in [(header::HOST, "rebound.example.org"), (header::ORIGIN, "https://example.org")] {
        let request = Request::get("/v1/phones").header(name, value).body(Body::empty()).expect("request");
        assert_eq!(api.raw(request).await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn every_documented_route_is_served() {
    let api = Api::new().await;
    let (status, document) = api.call("GET", "/openapi.json", None).await;
    assert_eq!(status, StatusCode::OK);
    let paths = document["paths"].as_object().expect("paths");
    let served = include_str!("mod.rs").split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
    for path in served.filter(|path| *path != "/openapi.json") {
        assert!(paths.contains_key(&format!("/v1{path}")), "{path} is not documented");
    }
    for (path, methods) in paths {
        let path = path
            .replace("{number}", ADA)
            .replace("{peer}", BEN)
            .replace("{id}", "1")
            .replace("{category}", "last")
            .replace("{group}", "120363000000000001")
            .replace("{child}", "120363000000000002")
            .replace("{collection}", "regular");
        for method in methods.as_object().expect("methods").keys() {
            let body = (method == "post" || method == "patch").then(|| json!({}));
            let (status, problem) = api.call(&method.to_uppercase(), &path, body).await;
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_ne!(problem["code"], "no_such_route", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_kind_of_message_is_sent_and_shown_in_one_form() {
    let api = Api::new().await;
    api.phone(ADA).await;
    let path = format!("/v1/phones/{ADA}/messages");
    let poll =
        json!({ "poll": { "name": "Lunch?", "options": ["Pho", "Ramen"], "selectable": 1, "version": 3 } });
    let (status, sent) = api.call("POST", &path, Some(json!({ "to": BEN, "content": poll }))).await;
    assert_eq!((status, &sent["type"], &sent["content"]), (StatusCode::CREATED, &json!("poll"), &poll));
    let id = sent["id"].as_str().expect("id");
    let vote = json!({ "poll_vote": { "message": id, "options": ["Pho"] } });
    let vote = json!({ "to": ADA, "type": "content", "content": vote });
    let (status, vote) = api.call("POST", &format!("/v1/phones/{BEN}/messages"), Some(vote)).await;
    assert_eq!((status, &vote["quoted_id"]), (StatusCode::CREATED, &json!(id)));
    let (_, shown) = api.call("GET", &format!("{path}/{id}"), None).await;
    assert_eq!(shown["votes"][0], json!({ "option": "Pho", "voters": [BEN] }));
    assert_eq!((&shown["position"], &shown["view_once"]), (&json!(1), &json!(false)));

    let link = json!({ "url": "https://a.example", "title": "A", "description": null });
    let text =
        json!({ "to": BEN, "text": { "body": "https://a.example", "link_preview": link }, "expiration": 60 });
    let (_, sent) = api.call("POST", &path, Some(text)).await;
    assert_eq!((&sent["link_preview"], &sent["expiration"]), (&link, &json!(60)));
    let voice =
        json!({ "kind": "voice", "mimetype": "audio/ogg", "base64": "aGk=", "view_once": "v2_extension" });
    let (_, sent) = api.call("POST", &path, Some(json!({ "to": BEN, "media": voice }))).await;
    let id = sent["id"].as_str().expect("id");
    let played = format!("/v1/phones/{BEN}/messages/{id}/play");
    assert_eq!(api.call("POST", &played, None).await.0, StatusCode::NO_CONTENT);
    let (_, receipts) = api.call("GET", &format!("{path}/{id}/receipts"), None).await;
    let told = receipts["items"].as_array().expect("items").iter().map(|item| item["status"].clone());
    assert_eq!(told.collect::<Vec<_>>(), ["delivered", "read", "played"]);

    for (body, field) in [
        (json!({ "to": BEN }), "text"),
        (json!({ "to": BEN, "forward": id, "raw": "AA==" }), "forward"),
        (json!({ "to": BEN, "type": "raw", "forward": id }), "raw"),
        (json!({ "to": BEN, "raw": "*" }), "raw"),
    ] {
        let (status, problem) = api.call("POST", &path, Some(body)).await;
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
    }
    let (status, problem) =
        api.call("POST", &path, Some(json!({ "to": BEN, "content": { "dance": {} } }))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("dance")), "{problem}");
}

#[tokio::test]
async fn all_phones_at_once() {
    let api = Api::new().await;
    let (_, defaults) = api.call("PATCH", "/v1/defaults", Some(json!({ "sink": true, "sample": 1 }))).await;
    assert_eq!(
        (&defaults["sink"], &defaults["sample"], &defaults["read"]),
        (&json!(true), &json!(1), &json!("never"))
    );
    assert_eq!(api.call("GET", "/v1/defaults", None).await.1, defaults);
    let phones = json!({ "phones": [{ "number": ADA, "sink": false }, { "number": format!("+{BEN}") }] });
    let (status, made) = api.call("POST", "/v1/phones:batch", Some(phones.clone())).await;
    assert_eq!((status, made), (StatusCode::CREATED, json!({ "made": 2, "existed": 0 })));
    assert_eq!(
        api.call("POST", "/v1/phones:batch", Some(phones)).await.1,
        json!({ "made": 0, "existed": 2 })
    );
    let bad = json!({ "phones": [{ "number": ADA }, { "number": "x" }] });
    assert_eq!(api.call("POST", "/v1/phones:batch", Some(bad)).await.1["field"], "phones[1].number");
    let (_, ben) = api.call("GET", &format!("/v1/phones/{BEN}"), None).await;
    assert_eq!((&ben["sink"], &ben["default_behaviour"]), (&json!(true), &json!(true)));

    let text = json!({ "to": BEN, "text": { "body": "hello" } });
    let (_, sent) = api.call("POST", &format!("/v1/phones/{ADA}/messages"), Some(text)).await;
    let (_, inbox) = api.call("GET", "/v1/inbox?limit=5&only=all", None).await;
    assert_eq!((&inbox["items"][0]["id"], &inbox["items"][0]["phone"]), (&sent["id"], &json!(BEN)));
    assert_eq!(inbox["next_after"], Value::Null);
    let (_, totals) = api.call("GET", "/v1/inbox/totals", None).await;
    assert_eq!((&totals["messages"], &totals["duplicates"]), (&json!(1), &json!(0)));
    let (_, sink) = api.call("GET", "/v1/sink", None).await;
    assert_eq!(sink, json!({ "received": 1, "opened": 1, "failed": 0, "duplicates": 0 }));
    assert_eq!(api.call("DELETE", "/v1/sink", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(api.call("GET", "/v1/sink", None).await.1["received"], 0);
    for (method, path, body, field) in [
        ("GET", "/v1/inbox?limit=0", None, "limit"),
        ("GET", "/v1/inbox?since=1", None, "query"),
        ("PATCH", "/v1/defaults", Some(json!({ "on_whatsapp": false })), "on_whatsapp"),
    ] {
        assert_eq!(api.call(method, path, body).await.1["field"], field);
    }
}

#[tokio::test]
async fn time_passes_when_told() {
    let api = Api::new().await;
    let (_, before) = api.call("GET", "/v1/time", None).await;
    assert_eq!(before["ahead_seconds"], 0);
    let (status, after) = api.call("POST", "/v1/time/advance", Some(json!({ "seconds": 3600 }))).await;
    assert_eq!((status, &after["ahead_seconds"]), (StatusCode::OK, &json!(3600)));
    let unix = |time: &Value| time["unix"].as_u64().expect("unix");
    assert!(unix(&after) >= unix(&before) + 3600);
}
