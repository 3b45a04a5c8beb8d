//! Accounts that may not write to strangers, begin more chats, or log in.

use std::time::Duration;

use serde_json::{Value, json};
use wacore::types::events::{Event, TempBanReason};
use wacore_binary::Jid;
use wagate_sandbox::phones::Outgoing;
use wagate_sandbox::trace::EventKind;
use whatsapp_rust::features::MexRequest;

use crate::client::Client;
use crate::{Lan, eventually};

const ALICE: &str = "4916700000001";
const BOB: &str = "4916700000002";
const STRANGER: &str = "4916700000003";

async fn restrict(lan: &Lan, number: &str, kind: &str, body: Value) {
    let path = format!("/v1/phones/{number}/restrictions/{kind}");
    let (status, answer) = lan.call("PUT", &path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
}

/// Sends a text and returns the code with which it was refused.
async fn try_say(client: &Client, to: &str, text: &str) -> Option<u16> {
    let id = client.wa().send_text(Jid::pn(to), text).await.expect("send").message_id;
    client
        .wait("ack", |event| match event {
            Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
            _ => None,
        })
        .await
        .map(|code| code.parse().expect("code"))
}

async fn capping(client: &Client) -> Value {
    let request = MexRequest::new("capping", "24503548349331633", json!({ "input": { "type": "X" } }));
    let wa = client.wa();
    let data = wa.mex().query(request).await.expect("capping").data.expect("data");
    data["xwa2_message_capping_info"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timelocked_account_answers_but_does_not_write_to_strangers() {
    let lan = Lan::start().await;
    let phones = lan.sandbox.phones();
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    wagate_sandbox::ports::Phones::ensure(&*phones, BOB, None).await.expect("bob");
    let before = alice.wa().mex().fetch_reachout_timelock().await.expect("timelock");
    assert_eq!(before.is_active, Some(false));
    let body = json!({ "seconds": 3600, "enforcement_type": "BIZ_QUALITY" });
    restrict(&lan, ALICE, "reachout_timelock", body).await;
    assert_eq!(try_say(&alice, STRANGER, "hello stranger").await, Some(463));
    let text =
        |to: &str, text: &str| Outgoing { to: to.into(), text: Some(text.into()), ..Default::default() };
    phones.send(BOB, text(ALICE, "hello alice")).await.expect("send");
    alice.text("hello alice").await;
    assert_eq!(try_say(&alice, BOB, "hello bob").await, None, "an answer flows");
    // The whole account is restricted, its phone as well.
    let refused = phones.send(ALICE, text(STRANGER, "hello again")).await.expect("send");
    assert_eq!(refused.error, Some(463));

    let told = alice.wa().mex().fetch_reachout_timelock().await.expect("timelock");
    assert_eq!((told.is_active, told.enforcement_type.as_deref()), (Some(true), Some("BIZ_QUALITY")));
    let ends: u64 = told.time_enforcement_ends.expect("end").parse().expect("seconds");
    let now = lan.sandbox.advance(Duration::ZERO).await.expect("time");
    assert!((now + 3500..=now + 3600).contains(&ends), "{ends}");

    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("advance");
    let over = alice.wa().mex().fetch_reachout_timelock().await.expect("timelock");
    assert_eq!(over.is_active, Some(false));
    assert_eq!(try_say(&alice, STRANGER, "hello at last").await, None);
    lan.nth(ALICE, EventKind::Restriction, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capped_account_begins_so_many_chats_and_no_more() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    assert_eq!(try_say(&alice, BOB, "an old friend").await, None);
    assert_eq!(capping(&alice).await["capping_status"], "NONE");
    restrict(&lan, ALICE, "new_chat_cap", json!({ "seconds": 86_400, "quota": 2 })).await;
    assert_eq!(try_say(&alice, "4916700000011", "one").await, None);
    assert_eq!(try_say(&alice, "4916700000011", "one again").await, None);
    assert_eq!(try_say(&alice, "4916700000012", "two").await, None);
    assert_eq!(try_say(&alice, "4916700000013", "three").await, Some(475));
    assert_eq!(try_say(&alice, BOB, "still here").await, None);
    let info = capping(&alice).await;
    assert_eq!(
        (&info["capping_status"], &info["total_quota"], &info["used_quota"]),
        (&json!("CAPPED"), &json!("2"), &json!("2"))
    );
    let (start, end) = (info["cycle_start_timestamp"].as_u64(), info["cycle_end_timestamp"].as_u64());
    assert_eq!(start.map(|start| start + 86_400), end);

    let lan = lan.restart().await;
    eventually("reconnection", || async { (lan.sandbox.online() == 1).then_some(()) }).await;
    assert_eq!(try_say(&alice, "4916700000013", "three again").await, Some(475), "it survives a restart");
    let path = format!("/v1/phones/{ALICE}/restrictions/new_chat_cap");
    assert_eq!(lan.call("DELETE", &path, None).await.0, 204);
    assert_eq!(try_say(&alice, "4916700000013", "three at last").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn companions_are_told_of_a_restriction() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    lan.sandbox.trace().record_nodes(true);
    restrict(&lan, ALICE, "reachout_timelock", json!({ "seconds": 60 })).await;
    let told = |event: &wagate_sandbox::trace::Event| {
        event.stanza.as_ref().is_some_and(|s| s.tag == "notification" && s.r#type.as_deref() == Some("mex"))
    };
    let told = lan.traced("notification", told).await;
    let (id, node) = told.stanza.as_ref().map(|s| (s.id.clone(), s.node.clone())).expect("stanza");
    assert!(node.is_some_and(|node| node.contains("NotificationUserReachoutTimelockUpdate")));
    lan.traced("its ack", |event| {
        let stanza = event.stanza.as_ref();
        stanza.is_some_and(|s| s.tag == "ack" && s.class.as_deref() == Some("notification") && s.id == id)
    })
    .await;
    drop(alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_account_is_thrown_out_and_comes_back_when_the_ban_is_over() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    restrict(&lan, ALICE, "ban", json!({ "seconds": 7200, "code": 102 })).await;
    let ban = |event: &Event| match event {
        Event::TemporaryBan(ban) => Some((ban.code.clone(), ban.expire.num_seconds())),
        _ => None,
    };
    let (code, expire) = alice.wait("ban", ban).await;
    assert_eq!(code, TempBanReason::from(102));
    assert!((7190..=7200).contains(&expire), "{expire}");
    let store = alice.leave().await;
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("advance");
    let alice = Client::with_store(&lan.sandbox, store, None).await;
    let (_, expire) = alice.wait("ban", ban).await;
    assert!((3580..=3600).contains(&expire), "what is left of it: {expire}");
    let refused = lan.nth(ALICE, EventKind::Refused, 1).await;
    assert_eq!(refused.detail.as_deref(), Some("banned"));
    let store = alice.leave().await;
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("advance");
    let alice = Client::with_store(&lan.sandbox, store, None).await;
    alice.connected().await;
    assert_eq!(try_say(&alice, BOB, "back again").await, None);
}
