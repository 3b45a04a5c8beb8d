//! Files that expire on the server, and phones that upload them again for their companions.

use serde_json::{Value, json};
use wacore::download::MediaType;
use wacore_binary::Jid;
use wagate_sandbox::phones::{ClientErrorKind, MediaKind, MediaUpload, Outgoing};
use wagate_sandbox::ports::Phones;
use waproto::whatsapp::Message;
use waproto::whatsapp::message::ImageMessage;
use whatsapp_rust::upload::UploadOptions;
use whatsapp_rust::{MediaRetryResult, MediaReuploadRequest};

use crate::baileys::Baileys;
use crate::client::Client;
use crate::control::{call, ok};
use crate::{Lan, eventually};

const ALICE: &str = "4915900000001";
const BOB: &str = "4915900000002";
const PICTURE: &[u8] = b"a picture that is worth a thousand words";

/// Makes Bob's phone send Alice a picture; its id.
async fn picture(lan: &Lan) -> String {
    let phones = lan.sandbox.phones();
    phones.ensure(BOB, None).await.expect("bob");
    let body = PICTURE.into();
    let mimetype = "image/jpeg".to_owned();
    let media = Some(MediaUpload { kind: MediaKind::Image, mimetype, file_name: None, body });
    let outgoing = Outgoing { to: ALICE.to_owned(), media, ..Outgoing::default() };
    phones.send(BOB, outgoing).await.expect("sent").id
}

/// The picture that a client received.
async fn received(client: &Client, id: &str) -> ImageMessage {
    let got = client.message(id).await;
    got.message.image_message.as_option().expect("a picture").clone()
}

async fn expire(lan: &Lan, id: &str) {
    let message = json!({ "phone": ALICE, "message": id });
    ok(&lan.sandbox, "POST", "/media/expire", message).await;
}

/// Asks the phone of a client for the file of a message again.
async fn ask(client: &Client, id: &str, key: &[u8], from_me: bool) -> MediaRetryResult {
    let request = MediaReuploadRequest {
        msg_id: id,
        chat_jid: &Jid::pn(BOB),
        media_key: key,
        is_from_me: from_me,
        participant: None,
    };
    client.wa().media_reupload().request(&request).await.expect("an answer")
}

fn found(result: MediaRetryResult) -> String {
    let MediaRetryResult::Success { direct_path } = result else { panic!("{result:?}") };
    direct_path
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_file_is_back_under_another_address() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let id = picture(&lan).await;
    let mut image = received(&client, &id).await;
    assert_eq!(client.wa().download(&image).await.expect("download"), PICTURE);
    for _ in 0..2 {
        expire(&lan, &id).await;
        let address = image.direct_path.clone().expect("address");
        let url = format!("http://{}{address}", lan.sandbox.media_http_addr());
        assert_eq!(reqwest::get(url).await.expect("get").status(), 410);
        client.wa().download(&image).await.expect_err("the file has expired");
        let (_, kept) = lan.sandbox.phones().media(ALICE, &id).await.expect("the phone's copy");
        assert_eq!(kept, PICTURE);

        let key = image.media_key.clone().expect("key");
        let direct_path = found(ask(&client, &id, &key, false).await);
        assert_ne!(direct_path, address);
        assert_eq!(found(ask(&client, &id, &key, false).await), direct_path, "it is there already");
        image.direct_path = Some(direct_path);
        image.url = None;
        assert_eq!(client.wa().download(&image).await.expect("download"), PICTURE);
    }
    assert!(lan.sandbox.phones().client_errors(ALICE, 0, 10).await.expect("list").items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_uploads_again_what_its_companion_has_sent() {
    let lan = Lan::start().await;
    lan.sandbox.phones().ensure(BOB, None).await.expect("bob");
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let wa = client.wa();
    let sent = wa.upload(PICTURE.to_vec(), MediaType::Image, UploadOptions::default()).await.expect("upload");
    let mut image = ImageMessage {
        url: Some(sent.url),
        direct_path: Some(sent.direct_path),
        media_key: Some(sent.media_key.to_vec()),
        file_enc_sha256: Some(sent.file_enc_sha256.to_vec()),
        file_sha256: Some(sent.file_sha256.to_vec()),
        file_length: Some(sent.file_length),
        ..Default::default()
    };
    let message = Message { image_message: image.clone().into(), ..Default::default() };
    let id = client.wa().send_message(Jid::pn(BOB), message).await.expect("sent").message_id;
    let phones = lan.sandbox.phones();
    eventually("the phone's copy", || async { phones.message(ALICE, &id).await.ok() }).await;
    expire(&lan, &id).await;
    image.direct_path = Some(found(ask(&client, &id, &sent.media_key, true).await));
    image.url = None;
    assert_eq!(client.wa().download(&image).await.expect("download"), PICTURE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_refuses_what_it_has_not_and_what_it_cannot_open() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let id = picture(&lan).await;
    let key = received(&client, &id).await.media_key.expect("key");
    expire(&lan, &id).await;
    let wrong = ask(&client, &id, &[7; 32], false).await;
    assert!(matches!(wrong, MediaRetryResult::DecryptionError), "{wrong:?}");
    let errors = lan.sandbox.phones().client_errors(ALICE, 0, 10).await.expect("list").items;
    assert_eq!(errors.iter().map(|error| error.kind).collect::<Vec<_>>(), [ClientErrorKind::MediaRetry]);
    let unknown = ask(&client, "3EB0UNKNOWN", &key, false).await;
    assert!(matches!(unknown, MediaRetryResult::NotFound), "{unknown:?}");

    let file = format!("/phones/{ALICE}/messages/{id}/media");
    ok(&lan.sandbox, "DELETE", &file, Value::Null).await;
    assert_eq!(call(&lan.sandbox, "GET", &file, Value::Null).await.0, 404);
    let lost = ask(&client, &id, &key, false).await;
    assert!(matches!(lost, MediaRetryResult::NotFound), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_files_that_exist_expire() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let id = picture(&lan).await;
    let outgoing = Outgoing { to: ALICE.to_owned(), text: Some("no file".to_owned()), ..Outgoing::default() };
    let text = phones.send(BOB, outgoing).await.expect("sent").id;
    for (body, status) in [
        (json!({ "direct_path": "/v/image/unknown" }), 404),
        (json!({ "phone": BOB, "message": "unknown" }), 404),
        (json!({ "phone": BOB, "message": text }), 404),
        (json!({ "phone": BOB }), 422),
        (json!({ "phone": BOB, "message": id }), 204),
    ] {
        assert_eq!(call(&lan.sandbox, "POST", "/media/expire", body.clone()).await.0, status, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn baileys_6_asks_for_an_expired_picture_and_opens_it() {
    let lan = Lan::start().await;
    let bot = Baileys::linked(&lan.sandbox, ALICE).await;
    let folder = bot.quit().await;
    let id = picture(&lan).await;
    eventually("the phone's copy", || async { lan.sandbox.phones().message(ALICE, &id).await.ok() }).await;
    expire(&lan, &id).await;
    let mut bot = Baileys::start(&lan.sandbox, folder).await;
    let got = bot.wait("the picture", |line| line["image"].is_object()).await;
    assert_eq!(got["image"]["size"], PICTURE.len(), "{got}");
    bot.quit().await;
}
