//! Files by every way: base64, URL, form, raw body, direct upload.

use std::time::Duration;

use axum::{Router, routing::get};
use reqwest::{Method, multipart};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use wagate_domain::{
    media::{Media, MediaState},
    ports::MediaIndex,
    sessions::SessionKey,
};
use wagate_infra::config::OutboundConfig;

use crate::{
    person::text,
    reading::says,
    stack::{Answer, Stack, send},
};

const TO: &str = "6281234567890";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0000IHDR and more of a picture";
const PNG_BASE64: &str = "iVBORw0KGgowMDAwSUhEUiBhbmQgbW9yZSBvZiBhIHBpY3R1cmU=";

/// A server with a few files.
async fn files() -> (String, JoinHandle<()>) {
    let picture = || async { ([("content-type", "image/jpeg")], PNG) };
    let page = || async { ([("content-type", "text/html")], "<p>hello</p>") };
    let large = || async { ([("content-type", "image/png")], vec![0_u8; 9 * 1024 * 1024]) };
    let router =
        Router::new().route("/picture", get(picture)).route("/page", get(page)).route("/large", get(large));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    (base, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

fn form(fields: &[(&'static str, &str)], name: &str, mime: &str, bytes: &[u8]) -> multipart::Form {
    let part = multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned()).mime_str(mime).unwrap();
    let form = fields
        .iter()
        .fold(multipart::Form::new(), |form, (name, value)| form.text(*name, (*value).to_owned()));
    form.part("file", part)
}

/// The file of a message, by way of its record and its link.
async fn file_of(stack: &Stack, accepted: &Value, kind: &str) -> (Value, Vec<u8>) {
    let message =
        stack.get(&format!("/api/v1/messages/{}", accepted["id"].as_str().unwrap())).await.expect(200);
    let id = message[kind]["id"].as_str().unwrap_or_else(|| panic!("{message}"));
    let media = stack.get(&format!("/api/v1/media/{id}")).await.expect(200);
    assert_eq!(media["state"], "ready");
    // reqwest follows the redirect to storage, without the key
    let content = stack.get(&format!("/api/v1/media/{id}/content")).await;
    assert_eq!(content.status, 200);
    (message[kind].clone(), content.bytes)
}

#[tokio::test]
async fn a_picture_goes_out_by_base64_url_and_form() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let (base, _server) = files().await;
    for image in [
        json!({"base64": PNG_BASE64, "caption": "look"}),
        json!({"base64": format!("data:image/png;base64,{PNG_BASE64}"), "caption": "look"}),
        // the server calls it a JPEG: what the file is counts
        json!({"url": format!("{base}/picture"), "caption": "look"}),
    ] {
        let accepted =
            stack.post(&path, &json!({"to": TO, "type": "image", "image": image})).await.expect(202);
        let (shown, bytes) = file_of(&stack, &accepted, "image").await;
        assert_eq!(
            (shown["mimetype"].as_str(), shown["caption"].as_str()),
            (Some("image/png"), Some("look"))
        );
        assert_eq!(bytes, PNG);
    }
    let fields = [("to", TO), ("type", "image"), ("caption", "look")];
    let request = stack.request(Method::POST, &path).multipart(form(&fields, "a.png", "image/png", PNG));
    let accepted = send(request).await.expect(202);
    let (shown, bytes) = file_of(&stack, &accepted, "image").await;
    assert_eq!((shown["file_name"].as_str(), shown["caption"].as_str()), (Some("a.png"), Some("look")));
    assert_eq!(bytes, PNG);
}

#[tokio::test]
async fn a_wrong_file_names_its_field_and_leaves_nothing() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let (base, _server) = files().await;
    for (image, code, field) in [
        (json!({}), "validation_failed", "image"),
        (json!({"id": "med_x"}), "validation_failed", "image.id"),
        (json!({"base64": "%%"}), "validation_failed", "image.base64"),
        (json!({"base64": PNG_BASE64, "mimetype": "image/jpeg"}), "validation_failed", "image.mimetype"),
        (json!({"base64": "aGVsbG8="}), "validation_failed", "image.mimetype"),
        (json!({"url": "ftp://example.com/x"}), "validation_failed", "image.url"),
        (json!({"url": format!("{base}/page")}), "validation_failed", "image.url"),
        (json!({"url": format!("{base}/large")}), "validation_failed", "image.url"),
        (json!({"url": format!("{base}/nothing")}), "media_fetch_failed", "image.url"),
        (json!({"base64": PNG_BASE64, "caption": "x".repeat(1025)}), "validation_failed", "image.caption"),
    ] {
        let answer = stack.post(&path, &json!({"to": TO, "type": "image", "image": image})).await;
        assert_eq!(answer.problem(422, code)["field"], field, "{image}");
    }
    for (fields, name, mime, bytes, status, field) in [
        (vec![("to", TO), ("type", "image")], "a.png", "image/png", b"text".as_slice(), 422, "file"),
        (vec![("to", "x"), ("type", "image")], "a.png", "image/png", PNG, 422, "to"),
        (vec![("to", TO)], "a.png", "image/png", PNG, 422, "type"),
        (vec![("to", TO), ("type", "text")], "a.png", "image/png", PNG, 422, "type"),
        (vec![("to", TO), ("type", "image"), ("colour", "red")], "a.png", "image/png", PNG, 422, "colour"),
        (vec![("to", TO), ("type", "image"), ("caption", " ")], "a.png", "image/png", PNG, 422, "caption"),
        (
            vec![("to", TO), ("type", "audio"), ("caption", "x")],
            "a.mp3",
            "audio/mpeg",
            b"ID3\x04",
            422,
            "caption",
        ),
    ] {
        let sent = send(stack.request(Method::POST, &path).multipart(form(&fields, name, mime, bytes))).await;
        assert_eq!(sent.problem(status, "validation_failed")["field"], field, "{fields:?}");
    }
    let large = vec![0_u8; 9 * 1024 * 1024];
    let fields = [("to", TO), ("type", "document")];
    let request =
        stack.request(Method::POST, &path).multipart(form(&fields, "a.bin", "application/x-a", &large));
    send(request).await.problem(413, "payload_too_large");
    stack.store().await;
    assert_eq!(stack.get("/api/v1/messages").await.expect(200)["messages"], json!([]));
}

#[tokio::test]
async fn a_url_into_our_own_network_is_refused() {
    let stack = Stack::start_with(OutboundConfig::default()).await;
    let (session, _) = stack.linked_session().await;
    let (base, _server) = files().await;
    for url in [format!("{base}/picture"), "http://169.254.169.254/".to_owned(), "http://[::1]/x".to_owned()]
    {
        let body = json!({"to": TO, "type": "image", "image": {"url": url}});
        let refused = stack.post(&format!("/api/v1/sessions/{session}/messages"), &body).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], "image.url", "{url}");
    }
}

#[tokio::test]
async fn a_staged_file_is_sent_by_its_id() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let raw =
        stack.request(Method::POST, "/api/v1/media?file_name=menu.png").header("content-type", "image/png");
    let raw = send(raw.body(PNG)).await.expect(201);
    assert_eq!((raw["file_name"].as_str(), raw["size"].as_u64()), (Some("menu.png"), Some(PNG.len() as u64)));
    let fields = [("file_name", "other.png")];
    let formed =
        stack.request(Method::POST, "/api/v1/media").multipart(form(&fields, "a.png", "image/png", PNG));
    let formed = send(formed).await.expect(201);
    assert_eq!(formed["file_name"], "other.png");
    for media in [raw, formed] {
        let link = reqwest::get(media["url"].as_str().unwrap()).await.unwrap();
        assert_eq!(link.headers()["content-type"], "image/png");
        assert_eq!(&link.bytes().await.unwrap()[..], PNG);
        let body = json!({"to": TO, "type": "image", "image": {"id": media["id"]}});
        stack.post(&format!("/api/v1/sessions/{session}/messages"), &body).await.expect(202);
        let body = json!({"to": TO, "type": "video", "video": {"id": media["id"]}});
        let refused = stack.post(&format!("/api/v1/sessions/{session}/messages"), &body).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], "video.id");
    }
    let wrong = stack.request(Method::POST, "/api/v1/media").header("content-type", "image/png");
    assert_eq!(send(wrong.body("words")).await.problem(422, "validation_failed")["field"], "Content-Type");
    let large = stack.request(Method::POST, "/api/v1/media").body(vec![0_u8; 9 * 1024 * 1024]);
    let large: Answer = send(large).await;
    large.problem(413, "payload_too_large");
}

#[tokio::test]
async fn a_direct_upload_is_sent_once_it_has_arrived() {
    let stack = Stack::start().await;
    let (session, _) = stack.linked_session().await;
    let path = format!("/api/v1/sessions/{session}/messages");
    let begun = stack.post("/api/v1/media/uploads", &json!({"mimetype": "image/png"})).await.expect(201);
    assert_eq!((&begun["state"], &begun["upload"]["method"]), (&json!("pending"), &json!("PUT")));
    let media = format!("/api/v1/media/{}", begun["id"].as_str().unwrap());
    let body = json!({"to": TO, "type": "image", "image": {"id": begun["id"]}});
    let early = stack.post(&path, &body).await;
    assert_eq!(early.problem(422, "validation_failed")["field"], "image.id");
    let content = stack.get(&format!("{media}/content")).await;
    content.problem(409, "media_not_ready");
    assert!(content.header("retry-after").is_some());

    let mut upload = reqwest::Client::new().put(begun["upload"]["url"].as_str().unwrap()).body(PNG);
    for (name, value) in begun["upload"]["headers"].as_object().unwrap() {
        upload = upload.header(name, value.as_str().unwrap());
    }
    assert!(upload.send().await.unwrap().status().is_success());
    let (shown, bytes) = file_of(&stack, &stack.post(&path, &body).await.expect(202), "image").await;
    assert_eq!((shown["size"].as_u64(), &bytes[..]), (Some(PNG.len() as u64), PNG));
    assert_eq!(stack.get(&media).await.expect(200)["state"], "ready");
}

/// A picture that came in through a session.
async fn received(stack: &Stack, session: SessionKey) -> String {
    let env = &stack.env;
    let message = says(stack, session, TO, "look", env.now()).await;
    let media = Media {
        id: env.new_id(),
        workspace: session.workspace,
        session: Some(session.id),
        message: Some(message.id),
        staged_with: None,
        state: MediaState::Ready,
        mime: "image/png".to_owned(),
        size: 3,
        sha256: None,
        file_name: None,
        locator: None,
        created_at: env.now(),
    };
    MediaIndex::insert(&stack.sql, &media).await.unwrap();
    media.id.to_string()
}

/// The id of a picture staged with a key.
async fn staged(stack: &Stack, key: &str) -> String {
    let request = stack.bare(Method::POST, "/api/v1/media").bearer_auth(key);
    text(&send(request.header("content-type", "image/png").body(PNG)).await.expect(201), "id")
}

#[tokio::test]
async fn a_key_limited_to_sessions_sends_files_of_theirs_and_its_own_and_no_others() {
    let stack = Stack::start().await;
    let ((session, mine), (_, other)) = (stack.linked_session().await, stack.linked_session().await);
    let limited = || stack.key_with(|key| key.sessions = Some(vec![mine.id]));
    let (key, neighbour) = (limited().await, limited().await);
    let (own, came_in) = (staged(&stack, &key).await, received(&stack, mine).await);
    let others = [
        received(&stack, other).await,
        staged(&stack, &stack.key).await,
        staged(&stack, &neighbour).await,
        "med_01JZZZ6E5R4Q3P2N1M0K9J8H7G".to_owned(),
    ];
    let ask = |method, path: &str| stack.bare(method, &format!("/api/v1/{path}")).bearer_auth(&key);
    let messages = format!("sessions/{session}/messages");
    let wish = |media: &str| json!({"to": TO, "type": "image", "image": {"id": media}});
    for media in [&own, &came_in] {
        send(ask(Method::GET, &format!("media/{media}"))).await.expect(200);
        send(ask(Method::POST, &messages).json(&wish(media))).await.expect(202);
    }
    let send_at = stack.env.now().plus(Duration::from_hours(1)).to_string();
    let later = json!({"to": TO, "type": "image", "image": {"id": own}, "send_at": send_at});
    let waits = text(&send(ask(Method::POST, &messages).json(&later)).await.expect(202), "id");
    let is_unknown = |problem: &Value| {
        assert_eq!(problem["field"], "image.id", "{problem}");
        assert!(problem.to_string().contains("is not a media object of this workspace"), "{problem}");
    };
    for media in &others {
        for path in [format!("media/{media}"), format!("media/{media}/content")] {
            send(ask(Method::GET, &path)).await.problem(404, "media_not_found");
        }
        let sent = send(ask(Method::POST, &messages).json(&wish(media))).await;
        is_unknown(&sent.problem(422, "validation_failed"));
        let batch = json!({"messages": [wish(media)]});
        let batch = send(ask(Method::POST, &format!("{messages}/batch")).json(&batch)).await.expect(202);
        is_unknown(&batch["results"][0]["error"]);
        let edited = json!({"image": {"id": media}});
        let edited = send(ask(Method::PATCH, &format!("messages/{waits}")).json(&edited)).await;
        is_unknown(&edited.problem(422, "validation_failed"));
    }
    let edited = json!({"image": {"id": came_in}});
    send(ask(Method::PATCH, &format!("messages/{waits}")).json(&edited)).await.expect(200);

    // a file that another staged and that a message of its session carries is read by way of that message
    let sent = stack.post(&format!("/api/v1/{messages}"), &wish(&others[1])).await.expect(202);
    let path = format!("messages/{}/media", sent["id"].as_str().unwrap());
    assert_eq!(send(ask(Method::GET, &path)).await.expect(200)["id"], json!(others[1]));
}

#[tokio::test]
async fn what_a_limited_key_repeats_is_what_it_asked_for_itself() {
    let stack = Stack::start().await;
    let (_, session) = stack.session().await;
    let limited = stack.key_with(|key| key.sessions = Some(vec![session.id])).await;
    let begin = |key: &str| {
        let request = stack.bare(Method::POST, "/api/v1/media/uploads").header("Idempotency-Key", "same");
        send(request.bearer_auth(key).json(&json!({"mimetype": "image/png"})))
    };
    begin(&stack.key).await.expect(201);
    begin(&limited).await.problem(422, "idempotency_key_reused");
    assert_eq!(begin(&stack.key).await.header("idempotent-replayed"), Some("true"));
}
