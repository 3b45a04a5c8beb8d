//! Files out by every way the API takes them, and in from a phone; bytes compared at the far end.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, multipart};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wagate_tests::{Answer, Api, Files, Phone, Stack, eventually};

const SHOP: &str = "6281200000001";
const CUSTOMER: &str = "6281234567890";

fn sum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A file that begins like one of its type, so that looking at the content agrees with the name.
fn file(magic: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend(Files::bytes(size - magic.len()));
    bytes
}

const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00";
const MP4: &[u8] = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00";
const OGG: &[u8] = b"OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead";
const MP3: &[u8] = b"ID3\x04\x00\x00\x00\x00\x00\x00";

/// Waits until the customer's phone shows the message and compares the decrypted bytes.
async fn arrives(phone: &Phone, kind: &str, caption: Option<&str>, bytes: &[u8]) -> Value {
    let shown =
        phone.shows(kind, |m| m["type"] == kind && caption.is_none_or(|caption| m["text"] == caption)).await;
    let got = phone.media(shown["id"].as_str().expect("an id")).await.expect(200);
    assert_eq!(sum(&got.bytes), sum(bytes), "{kind}: the phone decrypted other bytes: {shown}");
    shown
}

async fn multipart_send(
    api: &Api,
    session: &str,
    fields: &[(&'static str, &str)],
    name: &str,
    mime: &str,
    bytes: Vec<u8>,
) -> Answer {
    let part = multipart::Part::bytes(bytes).file_name(name.to_owned()).mime_str(mime).expect("a MIME type");
    let form =
        fields.iter().fold(multipart::Form::new(), |form, (key, value)| form.text(*key, (*value).to_owned()));
    let path = format!("/api/v1/sessions/{session}/messages");
    api.send(api.request(Method::POST, &path).multipart(form.part("file", part))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_goes_out_by_every_way() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);

    // image, base64
    let image = file(JPEG, 40_000);
    let body = json!({"to": CUSTOMER, "type": "image",
        "image": {"base64": STANDARD.encode(&image), "mimetype": "image/jpeg", "caption": "look"}});
    api.message(&session, &body).await;
    arrives(&customer, "image", Some("look"), &image).await;

    // document, by URL
    let files = Files::start().await;
    let body = json!({"to": CUSTOMER, "type": "document",
        "document": {"url": files.url("application/pdf", 300_000), "file_name": "price list.pdf"}});
    api.message(&session, &body).await;
    let shown = arrives(&customer, "document", None, &Files::bytes(300_000)).await;
    assert_eq!(shown["media"]["file_name"], "price list.pdf", "{shown}");
    assert_eq!(shown["media"]["mimetype"], "application/pdf", "{shown}");

    // voice note and audio, multipart
    let voice = file(OGG, 9_000);
    multipart_send(
        &api,
        &session,
        &[("to", CUSTOMER), ("type", "voice")],
        "note.ogg",
        "audio/ogg",
        voice.clone(),
    )
    .await
    .expect(202);
    arrives(&customer, "voice", None, &voice).await;
    let audio = file(MP3, 70_000);
    multipart_send(
        &api,
        &session,
        &[("to", CUSTOMER), ("type", "audio")],
        "song.mp3",
        "audio/mpeg",
        audio.clone(),
    )
    .await
    .expect(202);
    arrives(&customer, "audio", None, &audio).await;

    // video, uploaded by the caller to a presigned link
    let video = file(MP4, 7 * 1024 * 1024);
    let upload =
        api.post("/api/v1/media/uploads", &json!({"mimetype": "video/mp4"})).await.expect(201).json();
    put_upload(&upload, video.clone()).await;
    let body = json!({"to": CUSTOMER, "type": "video", "video": {"id": upload["id"], "caption": "clip"}});
    let id = api.message(&session, &body).await;
    arrives(&customer, "video", Some("clip"), &video).await;
    api.message_is(&id, "delivered").await;
    stack.stop().await;
}

async fn put_upload(upload: &Value, bytes: Vec<u8>) {
    let url = upload["upload"]["url"].as_str().expect("a link");
    let mut request = reqwest::Client::new().put(url).body(bytes);
    for (name, value) in upload["upload"]["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().expect("a header"));
    }
    let put = request.send().await.expect("S3 answers");
    assert!(put.status().is_success(), "{}", put.text().await.unwrap_or_default());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_phone_sends_lands_in_s3() {
    let mut stack = Stack::sqlite().await;
    let (shop, customer) = (stack.phone(SHOP, "Toko").await, stack.phone(CUSTOMER, "Ayu").await);
    let (api, session) = (stack.api(), stack.linked(&shop).await);
    for (kind, mime, bytes) in [
        ("image", "image/jpeg", file(JPEG, 25_000)),
        ("voice", "audio/ogg", file(OGG, 8_000)),
        ("document", "application/zip", Files::bytes(3_000_000)),
    ] {
        let media = json!({"kind": kind, "base64": STANDARD.encode(&bytes), "mimetype": mime,
            "file_name": "from the phone"});
        let sent = json!({"to": SHOP, "type": "media", "media": media});
        customer.write_message(&sent).await;
        let message = eventually(&format!("the {kind} on record"), || async {
            let page = api.get(&format!("/api/v1/messages?session={session}")).await.expect(200).json();
            page["messages"].as_array()?.iter().find(|m| m["type"] == kind && m["direction"] == "in").cloned()
        })
        .await;
        let media = message[kind]["id"].as_str().unwrap_or_else(|| panic!("no media id: {message}"));
        let stored = eventually(&format!("the {kind} in S3"), || async {
            let media = api.get(&format!("/api/v1/media/{media}")).await.expect(200).json();
            assert_ne!(media["state"], "failed", "{media}");
            (media["state"] == "ready").then_some(media)
        })
        .await;
        assert_eq!(stored["sha256"], sum(&bytes), "{stored}");
        assert_eq!(stored["mimetype"], mime, "{stored}");
        // the link needs no key and is served as what it is
        let link = stored["url"].as_str().expect("a link");
        let got = reqwest::get(link).await.expect("S3 answers");
        assert_eq!(got.headers()["content-type"], mime);
        assert_eq!(sum(&got.bytes().await.expect("bytes")), sum(&bytes));
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_has_not_arrived_is_refused() {
    let mut stack = Stack::sqlite().await;
    let api = stack.api();
    let session = api.create_session().await;
    let upload =
        api.post("/api/v1/media/uploads", &json!({"mimetype": "image/png"})).await.expect(201).json();
    let body = json!({"to": CUSTOMER, "type": "image", "image": {"id": upload["id"]}});
    let refused = api.post(&format!("/api/v1/sessions/{session}/messages"), &body).await.expect(422).json();
    assert_eq!(refused["errors"][0]["field"], "image.id", "{refused}");
    stack.stop().await;
}
