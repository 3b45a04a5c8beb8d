//! Upload and download, by a client and by hand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use wacore::download::MediaType;
use whatsapp_rust::upload::UploadOptions;

use crate::Lan;
use crate::client::Client;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_uploads_and_another_downloads() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, "4915300000001").await;
    let bob = Client::linked(&lan.sandbox, "4915300000002").await;
    // The larger one takes the path with a resume question.
    for size in [1024, 6 * 1024 * 1024] {
        let plain: Vec<u8> = (0..size).map(|n: usize| (n % 251) as u8).collect();
        let sent = alice
            .wa()
            .upload(plain.clone(), MediaType::Document, UploadOptions::default())
            .await
            .expect("upload");
        assert!(
            sent.url.starts_with(&format!("https://{}/", lan.sandbox.media_https_host())),
            "{}",
            sent.url
        );
        let message = waproto::whatsapp::message::DocumentMessage {
            url: Some(sent.url.clone()),
            direct_path: Some(sent.direct_path.clone()),
            media_key: Some(sent.media_key.to_vec()),
            file_enc_sha256: Some(sent.file_enc_sha256.to_vec()),
            file_sha256: Some(sent.file_sha256.to_vec()),
            file_length: Some(sent.file_length),
            ..Default::default()
        };
        let got = bob.wa().download(&message).await.expect("download");
        assert!(got == plain, "{size} bytes came back different");
        let stored = lan.sandbox.network().download_media(&sent.direct_path).await.expect("stored");
        assert_eq!(Sha256::digest(&stored)[..], sent.file_enc_sha256[..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_need_a_token_and_the_right_hash() {
    let lan = Lan::start().await;
    let http = reqwest::Client::new();
    let base = format!("http://{}", lan.sandbox.media_http_addr());
    let token = URL_SAFE_NO_PAD.encode(Sha256::digest(b"body"));
    let url = |auth: &str| format!("{base}/mms/image/{token}?auth={auth}&token={token}");
    let refused = http.post(url("AAAA")).body("body").send().await.expect("post");
    assert_eq!(refused.status(), 401);

    let client = Client::linked(&lan.sandbox, "4915300000003").await;
    let auth = client.wa().refresh_media_conn(true).await.expect("media_conn").auth;
    let wrong = http.post(url(&auth)).body("other").send().await.expect("post");
    assert_eq!(wrong.status(), 400);
    let right = http.post(url(&auth)).body("body").send().await.expect("post");
    assert_eq!(right.status(), 200);
    let found: serde_json::Value = right.json().await.expect("json");
    let path = found["direct_path"].as_str().expect("direct_path");
    assert!(!path.contains('?'));

    let whole = http.get(format!("{base}{path}")).send().await.expect("get");
    assert_eq!(whole.bytes().await.expect("bytes"), "body");
    let part =
        http.get(format!("{base}{path}?auth={auth}")).header("Range", "bytes=1-2").send().await.expect("get");
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 1-2/4");
    assert_eq!(part.bytes().await.expect("bytes"), "od");
    let unknown = URL_SAFE_NO_PAD.encode(Sha256::digest(b"unknown"));
    let missing = http.get(format!("{base}/v/image/{unknown}")).send().await.expect("get");
    assert_eq!(missing.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tls_listener_is_trusted_with_the_sandbox_ca() {
    let lan = Lan::start().await;
    let (_, path) = lan.sandbox.network().upload_media("image", "hello".into()).await.expect("store");
    let url = format!("https://{}{path}", lan.sandbox.media_https_host());
    let pem = std::fs::read(lan.sandbox.ca_pem_path()).expect("ca.pem");
    let trusting = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).expect("certificate")])
        .build()
        .expect("client");
    let body = trusting.get(&url).send().await.expect("get").bytes().await.expect("bytes");
    assert_eq!(body, "hello");
    assert!(reqwest::Client::new().get(&url).send().await.is_err(), "an unknown CA must not be trusted");
}
