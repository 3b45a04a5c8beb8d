//! Calls that phones make and take, by the control API.

use std::time::Duration;

use serde_json::{Value, json};
use wacore::types::call::{CallAction, IncomingCall};
use wacore::types::events::Event;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use crate::client::Client;
use crate::control::{self, ok};
use crate::raw::{Raw, has};
use crate::{Lan, eventually};

const PHONE: &str = "4915870000001";
const OTHER: &str = "4915870000002";
const BOB: &str = "4915870000003";

async fn phone(lan: &Lan, number: &str, on_call: &str) {
    let phone = json!({ "number": number, "script": { "calls": on_call } });
    ok(&lan.sandbox, "POST", "/phones", phone).await;
}

async fn call(lan: &Lan, to: &str, video: bool) -> Value {
    let call = json!({ "to": to, "video": video });
    ok(&lan.sandbox, "POST", &format!("/phones/{PHONE}/calls"), call).await
}

/// Waits until a phone shows a call in a state, and returns it.
async fn shown(lan: &Lan, number: &str, call: &Value, state: &str) -> Value {
    let path = format!("/phones/{number}/calls/{}", call["id"].as_str().expect("id"));
    eventually(state, || async {
        let (status, call) = control::call(&lan.sandbox, "GET", &path, Value::Null).await;
        (status == 200 && call["state"] == state).then_some(call)
    })
    .await
}

async fn incoming(client: &Client) -> IncomingCall {
    client
        .wait("call", |event| match event {
            Event::IncomingCall(call) => Some(call.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_declines_and_its_phone_stops_ringing() {
    let lan = Lan::start().await;
    phone(&lan, PHONE, "ring").await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let made = call(&lan, BOB, true).await;
    assert_eq!((&made["state"], &made["direction"]), (&json!("ringing"), &json!("out")));
    let ringing = incoming(&bob).await;
    let CallAction::Offer { call_id, is_video, group_jid, .. } = &ringing.action else {
        panic!("no offer: {ringing:?}");
    };
    assert_eq!((json!(call_id), *is_video, group_jid.is_none()), (made["id"].clone(), true, true));
    shown(&lan, BOB, &made, "ringing").await;
    bob.wa().voip().reject(&ringing).await.expect("reject");
    shown(&lan, PHONE, &made, "rejected").await;
    let own = shown(&lan, BOB, &made, "ended").await;
    assert_eq!(own["reason"], "rejected_elsewhere");
    let path = format!("/phones/{PHONE}/calls/{}", made["id"].as_str().expect("id"));
    let (status, _) = control::call(&lan.sandbox, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 409, "it is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_cancelled_or_given_up_after_a_minute() {
    let lan = Lan::start().await;
    phone(&lan, PHONE, "ring").await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let first = call(&lan, BOB, false).await;
    incoming(&bob).await;
    let path = format!("/phones/{PHONE}/calls/{}", first["id"].as_str().expect("id"));
    let cancelled = ok(&lan.sandbox, "DELETE", &path, Value::Null).await;
    assert_eq!((&cancelled["state"], &cancelled["reason"]), (&json!("ended"), &json!("cancelled")));
    ended(&bob, &first, None).await;
    shown(&lan, BOB, &first, "ended").await;

    let second = call(&lan, BOB, false).await;
    shown(&lan, BOB, &second, "ringing").await;
    lan.sandbox.advance(Duration::from_secs(60)).await.expect("a minute later");
    let missed = shown(&lan, PHONE, &second, "ended").await;
    assert_eq!(missed["reason"], "timeout");
    ended(&bob, &second, Some("timeout")).await;
    let list = ok(&lan.sandbox, "GET", &format!("/phones/{PHONE}/calls"), Value::Null).await;
    let ids: Vec<_> = list["items"].as_array().expect("items").iter().map(|call| &call["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]]);
}

/// Waits for the end of a call.
async fn ended(client: &Client, call: &Value, expected: Option<&str>) {
    client
        .wait("end", |event| match event {
            Event::IncomingCall(IncomingCall {
                action: CallAction::Terminate { call_id, reason, .. },
                ..
            }) => (json!(call_id) == call["id"] && reason.as_deref() == expected).then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_answer_as_their_script_says() {
    let lan = Lan::start().await;
    phone(&lan, PHONE, "ring").await;
    phone(&lan, OTHER, "reject").await;
    let declined = call(&lan, OTHER, false).await;
    shown(&lan, PHONE, &declined, "rejected").await;
    shown(&lan, OTHER, &declined, "rejected").await;
    let script = json!({ "script": { "calls": "accept" } });
    ok(&lan.sandbox, "PATCH", &format!("/phones/{OTHER}"), script).await;
    let taken = call(&lan, OTHER, false).await;
    let there = shown(&lan, PHONE, &taken, "accepted").await;
    assert!(there["answered"].is_string() && there["ended"].is_null());
    let path = format!("/phones/{OTHER}/calls/{}", taken["id"].as_str().expect("id"));
    ok(&lan.sandbox, "DELETE", &path, Value::Null).await;
    let over = shown(&lan, PHONE, &taken, "ended").await;
    assert_eq!(over["reason"], "hung_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_answers_on_the_phone() {
    let lan = Lan::start().await;
    phone(&lan, PHONE, "ring").await;
    phone(&lan, OTHER, "ring").await;
    let made = call(&lan, OTHER, false).await;
    let path = format!("/phones/{OTHER}/calls/{}/answer", made["id"].as_str().expect("id"));
    shown(&lan, OTHER, &made, "ringing").await;
    ok(&lan.sandbox, "POST", &path, Value::Null).await;
    shown(&lan, PHONE, &made, "accepted").await;
    let (status, _) = control::call(&lan.sandbox, "POST", &path, Value::Null).await;
    assert_eq!(status, 409, "it rings no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_devices_learn_who_answered() {
    let lan = Lan::start().await;
    phone(&lan, PHONE, "ring").await;
    let keys = [Raw::link(&lan.sandbox, BOB).await, Raw::link(&lan.sandbox, BOB).await];
    let mut devices = Vec::new();
    for keys in &keys {
        let mut raw = Raw::login(&lan.sandbox, keys, false).await;
        raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
        devices.push(raw);
    }
    let made = call(&lan, BOB, false).await;
    for device in &mut devices {
        device.expect("offer", |node| node.get_optional_child("offer").is_some()).await;
    }
    let [one, two] = &mut devices[..] else { panic!("two devices") };
    two.send(answer(&made, "accept")).await;
    let end = one.expect("end", |node| node.get_optional_child("terminate").is_some()).await;
    assert!(has(end.get_optional_child("terminate").expect("end"), "reason", "accepted_elsewhere"));
    shown(&lan, PHONE, &made, "accepted").await;
    let own = shown(&lan, BOB, &made, "ended").await;
    assert_eq!(own["reason"], "accepted_elsewhere");
}

fn answer(call: &Value, tag: &'static str) -> Node {
    let action = NodeBuilder::new(tag)
        .attr("call-id", call["id"].as_str().expect("id"))
        .attr("call-creator", Jid::pn(PHONE))
        .build();
    NodeBuilder::new("call").attr("to", Jid::pn(PHONE)).attr("id", "A1").children([action]).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_does_not_outlive_the_network() {
    let lan = Lan::start().await;
    phone(&lan, PHONE, "ring").await;
    phone(&lan, OTHER, "ring").await;
    let made = call(&lan, OTHER, false).await;
    shown(&lan, OTHER, &made, "ringing").await;
    let lan = lan.restart().await;
    for number in [PHONE, OTHER] {
        let call = shown(&lan, number, &made, "ended").await;
        assert_eq!(call["reason"], "interrupted");
    }
}
