//! Linking accounts that are guarded by a passkey.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wacore::types::events::Event;
use wagate_sandbox::ports::Phones;
use whatsapp_rust::passkey::{
    Assertion, AssertionRequest, CallbackAuthenticator, PasskeyError, build_webauthn_assertion_json,
};

use crate::client::Client;
use crate::control::{call, ok};
use crate::{Lan, eventually};

const ALICE: &str = "4916500000001";
const BOB: &str = "4916500000002";

/// An authenticator that signs whatever it is asked to; `honest` for the challenge it was given.
fn sign(request: &AssertionRequest, honest: bool) -> Result<Assertion, PasskeyError> {
    let credential_id = request.allow_credentials.first().cloned().ok_or(PasskeyError::NoCredential)?;
    let challenge = if honest { request.challenge.clone() } else { vec![0; 32] };
    let data = json!({ "type": "webauthn.get", "challenge": URL_SAFE_NO_PAD.encode(challenge) }).to_string();
    let assertion_json =
        build_webauthn_assertion_json(&credential_id, data.as_bytes(), &[5; 37], &[7; 70], None);
    Ok(Assertion { assertion_json, credential_id })
}

/// A client that shows a QR code, has an authenticator, and an account that asks for it.
async fn guarded(lan: &Lan, honest: bool) -> (Client, String) {
    lan.sandbox.phones().ensure(ALICE, None).await.expect("alice");
    ok(&lan.sandbox, "PATCH", &format!("/phones/{ALICE}"), json!({ "passkey": true })).await;
    let client = Client::start(&lan.sandbox).await;
    let authenticator =
        CallbackAuthenticator::new(move |request| Box::pin(async move { sign(&request, honest) }));
    client.wa().set_passkey_authenticator(Arc::new(authenticator)).await;
    let qr = client.qr().await;
    (client, qr)
}

async fn shown_code(client: &Client) -> String {
    client
        .wait("code", |event| match event {
            Event::PairPasskeyConfirmation(confirmation) => Some(confirmation.code.clone()),
            _ => None,
        })
        .await
}

/// Scans in the background: the answer comes when everything is done.
fn scan(lan: &Lan, qr: &str) -> tokio::task::JoinHandle<(u16, Value)> {
    let url = format!("{}/v1/phones/{ALICE}/scan", lan.sandbox.control_url());
    let request = reqwest::Client::new().post(url).json(&json!({ "qr": qr }));
    tokio::spawn(async move {
        let answer = request.send().await.expect("answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    })
}

/// Reads a code to the phone, as soon as it shows one.
async fn read_to_phone(lan: &Lan, code: &str) -> u16 {
    let path = format!("/phones/{ALICE}/passkey-code");
    eventually("code on the phone", || async {
        let (status, _) = call(&lan.sandbox, "POST", &path, json!({ "code": code })).await;
        (status != 404).then_some(status)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_and_the_same_code_on_both_sides_link() {
    let lan = Lan::start().await;
    let (alice, qr) = guarded(&lan, true).await;
    let scanned = scan(&lan, &qr);
    let code = shown_code(&alice).await;
    assert_eq!(read_to_phone(&lan, &code).await, 204);
    alice.wa().send_passkey_confirmation().await.expect("confirm");
    let (status, linked) = scanned.await.expect("scan");
    assert_eq!((status, &linked["id"]), (201, &json!(1)), "{linked}");
    alice.connected().await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    bob.say(ALICE, "hello").await;
    alice.text("hello").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_code_ends_the_link() {
    let lan = Lan::start().await;
    let (alice, qr) = guarded(&lan, true).await;
    let scanned = scan(&lan, &qr);
    shown_code(&alice).await;
    assert_eq!(read_to_phone(&lan, "AAAA-AAAA").await, 409);
    alice.wa().send_passkey_confirmation().await.expect("confirm");
    let (status, problem) = scanned.await.expect("scan");
    assert_eq!(status, 409, "{problem}");
    assert!(lan.sandbox.network().companions(ALICE).await.expect("companions").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_for_another_challenge_is_refused() {
    let lan = Lan::start().await;
    let (_alice, qr) = guarded(&lan, false).await;
    let (status, problem) = scan(&lan, &qr).await.expect("scan");
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().is_some_and(|why| why.contains("challenge")), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_alone_does_not_link_a_guarded_account() {
    let lan = Lan::start().await;
    lan.sandbox.phones().ensure(ALICE, None).await.expect("alice");
    ok(&lan.sandbox, "PATCH", &format!("/phones/{ALICE}"), json!({ "passkey": true })).await;
    let client = Client::with_code_for(&lan.sandbox, ALICE).await;
    let code = client
        .wait("pairing code", |event| match event {
            Event::PairingCode(code) => Some(code.code.clone()),
            _ => None,
        })
        .await;
    let typed = json!({ "code": code });
    let (status, _) = call(&lan.sandbox, "POST", &format!("/phones/{ALICE}/pairing-code"), typed).await;
    assert_eq!(status, 409);
}
