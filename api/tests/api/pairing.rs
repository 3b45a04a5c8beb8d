//! QR codes and pairing codes.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use wagate_domain::{
    ports::SessionCalls,
    sessions::{Command, CommandReply, Pairing},
};

use crate::stack::{Stack, send};

const CODE: &str = "2@ref,noise,identity,secret";

fn qr(stack: &Stack, seconds: u64) -> Pairing {
    Pairing::Qr { code: CODE.to_owned(), expires_at: stack.env.now().plus(Duration::from_secs(seconds)) }
}

#[tokio::test]
async fn the_code_on_offer_comes_in_the_wanted_form() {
    let stack = Stack::start().await;
    let (id, key) = stack.session().await;
    stack.calls.offer(key, Some(&qr(&stack, 600))).await.unwrap();
    let path = format!("/api/v1/sessions/{id}/qr");
    let accepting = |accept: &'static str| send(stack.request(Method::GET, &path).header("accept", accept));

    let plain = stack.get(&path).await;
    let shown = plain.expect(200);
    assert_eq!((&shown["kind"], &shown["code"]), (&json!("qr"), &json!(CODE)));
    assert_eq!(plain.header("x-expires-at"), shown["expires_at"].as_str());
    assert!((1..=600).contains(&shown["refresh_after"].as_u64().unwrap()), "{shown}");
    assert_eq!(plain.header("cache-control"), Some("no-store"));
    assert!(plain.header("refresh").is_some());

    let png = accepting("image/png").await;
    assert_eq!((png.status.as_u16(), png.header("content-type")), (200, Some("image/png")));
    assert!(png.bytes.starts_with(b"\x89PNG"));
    let svg = accepting("image/png;q=0.1, image/svg+xml").await;
    assert_eq!(svg.header("content-type"), Some("image/svg+xml"));
    assert!(String::from_utf8_lossy(&svg.bytes).contains("<svg"));
    accepting("text/csv").await.problem(406, "not_acceptable");
}

#[tokio::test]
async fn an_answer_waits_for_the_first_code() {
    let stack = Stack::start().await;
    let (id, key) = stack.session().await;
    let path = format!("/api/v1/sessions/{id}/qr");
    // by the owner's reply
    let reply = CommandReply::Pairing(qr(&stack, 600));
    let (answer, command) = tokio::join!(stack.get(&path), stack.answer(key, reply));
    assert_eq!(command, Command::OfferQr);
    assert_eq!(answer.expect(200)["code"], CODE);
    // by what the owner puts up meanwhile
    let offered = qr(&stack, 600);
    let owner = async {
        stack.answer(key, CommandReply::Done).await;
        stack.calls.offer(key, Some(&offered)).await.unwrap();
    };
    let (answer, ()) = tokio::join!(stack.get(&path), owner);
    assert_eq!(answer.expect(200)["code"], CODE);
    assert!(stack.calls.is_wanted(key).await.unwrap(), "the owner learns that somebody is looking");
}

#[tokio::test]
async fn what_cannot_be_linked_says_why() {
    let stack = Stack::start().await;
    let (linked, _) = stack.linked_session().await;
    stack.get(&format!("/api/v1/sessions/{linked}/qr")).await.problem(409, "session_already_linked");
    let (id, key) = stack.session().await;
    let path = format!("/api/v1/sessions/{id}/qr");
    let no = CommandReply::Refused { code: "banned".to_owned(), message: "Banned.".to_owned() };
    let (answer, _) = tokio::join!(stack.get(&path), stack.answer(key, no));
    answer.problem(409, "session_refused");
    stack.post(&format!("/api/v1/sessions/{id}/stop"), &json!({})).await.expect(202);
    stack.get(&path).await.problem(409, "session_not_started");
    let code =
        stack.post(&format!("/api/v1/sessions/{id}/pairing-code"), &json!({"phone": "+6281234567890"})).await;
    code.problem(409, "session_not_started");
}

#[tokio::test]
async fn nobody_offers_a_code() {
    let stack = Stack::start().await;
    let (id, _) = stack.session().await;
    let answer = stack.get(&format!("/api/v1/sessions/{id}/qr")).await;
    answer.problem(503, "pairing_not_ready");
    assert_eq!(answer.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn a_pairing_code_is_asked_of_the_owner() {
    let stack = Stack::start().await;
    let (id, key) = stack.session().await;
    let path = format!("/api/v1/sessions/{id}/pairing-code");
    let expires_at = stack.env.now().plus(Duration::from_secs(160));
    let reply = CommandReply::Pairing(Pairing::Code { code: "ABCDEFGH".to_owned(), expires_at });
    let phone = json!({"phone": "+62 812-3456-7890"});
    let (answer, command) = tokio::join!(stack.post(&path, &phone), stack.answer(key, reply));
    assert_eq!(command, Command::OfferCode { phone: "6281234567890".to_owned() });
    assert_eq!(answer.expect(200), json!({"code": "ABCD-EFGH", "expires_at": expires_at.to_string()}));
    for body in [json!({"phone": "12"}), json!({})] {
        let refused = stack.post(&path, &body).await;
        assert_eq!(refused.problem(422, "validation_failed")["field"], "phone");
    }
}
