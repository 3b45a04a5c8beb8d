//! What may go otherwise while a companion waits to be linked.

use serde_json::{Value, json};
use wacore::types::events::Event;

use crate::Lan;
use crate::client::{Client, link};
use crate::control::{call, ok};

const ALICE: &str = "4916600000001";

fn code(event: &Event) -> Option<String> {
    match event {
        Event::PairingCode(code) => Some(code.code.clone()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_code_is_refused_when_it_shall_be() {
    let lan = Lan::start().await;
    for (refusal, text, seconds) in [
        (400, "bad-request", None),
        (403, "forbidden", None),
        (429, "rate-overlimit", Some(60)),
        (452, "feature-not-available", None),
        (500, "internal-server-error", None),
    ] {
        let fault = json!({
            "on": { "xmlns": "md", "child": "link_code_companion_reg" },
            "effect": { "kind": "iq_error", "code": refusal, "text": text, "wait_seconds": seconds },
        });
        ok(&lan.sandbox, "POST", "/faults", fault).await;
        let client = Client::with_code_for(&lan.sandbox, ALICE).await;
        let (rejection, backoff) = client
            .wait("refusal", |event| match event {
                Event::PairingCodeError(error) => Some((error.rejection, error.backoff)),
                _ => None,
            })
            .await;
        assert!(rejection.is_some(), "{refusal} is a refusal that the client knows");
        assert_eq!(backoff.map(|backoff| backoff.as_secs()), seconds);
        ok(&lan.sandbox, "DELETE", "/faults", Value::Null).await;
        client.leave().await;
    }
    let client = Client::with_code_for(&lan.sandbox, ALICE).await;
    client.wait("pairing code", code).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_is_told_to_ask_for_another_code() {
    let lan = Lan::start().await;
    let path = format!("/phones/{ALICE}/pairing-code/refresh");
    let client = Client::with_code_for(&lan.sandbox, ALICE).await;
    client.wait("pairing code", code).await;
    ok(&lan.sandbox, "POST", &path, Value::Null).await;
    client.wait("refresh", |event| matches!(event, Event::PairingCodeRefresh(_)).then_some(())).await;
    let (status, _) =
        call(&lan.sandbox, "POST", "/phones/4916600000009/pairing-code/refresh", Value::Null).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_chooses_another_secret_when_told_to() {
    let lan = Lan::start().await;
    let client = Client::start(&lan.sandbox).await;
    let first = client.qr().await;
    ok(&lan.sandbox, "POST", "/pairings/refresh", json!({ "qr": first })).await;
    let second = client
        .wait("another QR code", |event| match event {
            Event::PairingQrCode(qr) if qr.code != first => Some(qr.code.clone()),
            _ => None,
        })
        .await;
    let secret = |qr: &str| qr.split(',').nth(3).map(str::to_owned);
    assert_ne!(secret(&first), secret(&second));
    link(&lan.sandbox, ALICE, &second).await;
    client.connected().await;
}
