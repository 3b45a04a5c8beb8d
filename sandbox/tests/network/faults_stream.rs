//! Ends of streams: what each of them makes of a client, and what the trace says.

use wacore::proto_helpers::MessageBuilderExt;
use wacore::types::events::ConnectFailureReason;
use wacore::types::events::Event;
use wagate_sandbox::faults::{Closing, Effect, Fault, Selector, StreamError, Trigger};
use wagate_sandbox::trace::{Direction, EventKind};

use crate::Lan;
use crate::client::Client;
use crate::lab::{device, of, once, tag};

const ALICE: &str = "4916100000001";
const BOB: &str = "4916100000002";

/// What a client does about an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Reconnects,
    LoggedOut,
    Replaced,
    Banned,
    Outdated,
    Fails,
}

/// What a client has reported so far, besides connections that came and went.
fn verdict(client: &Client) -> Option<Then> {
    client.events().iter().find_map(|event| match &**event {
        Event::LoggedOut(_) => Some(Then::LoggedOut),
        Event::StreamReplaced(_) => Some(Then::Replaced),
        Event::TemporaryBan(_) => Some(Then::Banned),
        Event::ClientOutdated(_) => Some(Then::Outdated),
        Event::ConnectFailure(_) => Some(Then::Fails),
        _ => None,
    })
}

/// A failure that the client tries again after may be reported; nothing final is.
fn survived(client: &Client) {
    let found = verdict(client);
    assert!(matches!(found, None | Some(Then::Fails)), "{found:?}");
}

/// A question whose stanza sets off what waits for it; its own outcome is of no interest.
async fn ask(client: &Client) {
    drop(client.wa().contacts().is_on_whatsapp(&[wacore_binary::Jid::pn(BOB)]).await);
}

/// Ends a client's stream by a fault on its next question.
async fn end_by(effect: Effect, closed: &str, then: Then) {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    lan.nth(ALICE, EventKind::Login, 1).await;
    let on = Selector { xmlns: Some("usync".into()), ..tag("iq", of(ALICE)) };
    let fault = lan.fault(once(on, effect.clone()));
    let asking = ask(&client);
    let watching = async {
        let hit = lan.applied(fault, 1).await;
        assert_eq!(hit[0].stanza.as_ref().map(|s| s.tag.as_str()), Some("iq"), "{effect:?}");
        assert_eq!(lan.nth(ALICE, EventKind::Closed, 1).await.detail.as_deref(), Some(closed));
        if then == Then::Reconnects {
            lan.nth(ALICE, EventKind::Login, 2).await;
            survived(&client);
        } else {
            client.wait("verdict", |_| verdict(&client).filter(|found| *found == then)).await;
        }
    };
    // A client whose stream has ended for good may leave a question open for long.
    tokio::select! {
        () = watching => {}
        () = async { asking.await; std::future::pending().await } => {}
    }
}

fn stream_error(error: StreamError) -> Effect {
    Effect::StreamError { error, deliver: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_followed_at_once() {
    end_by(stream_error(StreamError::Restart), "stream:error 515", Then::Reconnects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_is_logged_out() {
    let closed = "stream:error 401 conflict device_removed";
    end_by(stream_error(StreamError::DeviceRemoved), closed, Then::LoggedOut).await;
    end_by(stream_error(StreamError::Removed), "stream:error 516", Then::LoggedOut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_stream_stays_away() {
    end_by(stream_error(StreamError::Replaced), "stream:error conflict replaced", Then::Replaced).await;
    end_by(stream_error(StreamError::Conflict), "stream:error 409", Then::Replaced).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_server_is_tried_again() {
    end_by(stream_error(StreamError::Unavailable), "stream:error 503", Then::Reconnects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_waited_for() {
    end_by(stream_error(StreamError::RateLimited), "stream:error 429", Then::Reconnects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ack_as_an_error_is_survived() {
    end_by(stream_error(StreamError::Ack), "stream:error ack", Then::Reconnects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_xml_is_survived() {
    end_by(stream_error(StreamError::NotWellFormed), "stream:error xml-not-well-formed", Then::Reconnects)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_stream_is_survived() {
    end_by(stream_error(StreamError::StreamEnd), "xmlstreamend", Then::Reconnects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_socket_is_replaced() {
    let close = |how| Effect::Close { how, deliver: false };
    end_by(close(Closing::Drop), "dropped by the network", Then::Reconnects).await;
    end_by(close(Closing::Clean), "closed by the network", Then::Reconnects).await;
    end_by(close(Closing::MidFrame), "dropped by the network amid a frame", Then::Reconnects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_may_come_any_time() {
    let failure = |reason| Effect::Failure { reason, deliver: false };
    end_by(failure(401), "failure 401", Then::LoggedOut).await;
    end_by(failure(503), "failure 503", Then::Reconnects).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_listed_and_ended_by_hand() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    lan.end(ALICE, &stream_error(StreamError::Restart)).await;
    lan.nth(ALICE, EventKind::Login, 2).await;
    let id = lan.connection(ALICE).await;
    let path = format!("/v1/connections/{id}");
    assert_eq!(lan.call("DELETE", &path, None).await.0, 204);
    lan.nth(ALICE, EventKind::Login, 3).await;
    assert_eq!(lan.call("GET", &path, None).await.0, 404, "it is gone");
    let (status, problem) = lan
        .call("POST", &format!("/v1/connections/{}/end", lan.connection(ALICE).await), {
            Some(serde_json::json!({ "effect": { "kind": "duplicate" } }))
        })
        .await;
    assert_eq!((status, &problem["field"]), (422, &"effect.kind".into()));
    survived(&client);
}

/// Refuses the next login of a linked client.
async fn refuse_with(effect: Effect, then: Then) -> (Lan, Client) {
    let lan = Lan::start().await;
    let store = Client::linked(&lan.sandbox, ALICE).await.leave().await;
    let fault = lan.fault(once(of(ALICE), effect.clone()));
    let client = Client::with_store(&lan.sandbox, store, None).await;
    lan.applied(fault, 1).await;
    lan.nth(ALICE, EventKind::Refused, 1).await;
    if then == Then::Reconnects {
        client.connected().await;
        survived(&client);
    } else {
        client.wait("verdict", |_| verdict(&client).filter(|found| *found == then)).await;
    }
    (lan, client)
}

fn refusal(reason: u16) -> Effect {
    Effect::RefuseLogin { reason, code: None, expire_seconds: None, message: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_logins_log_out() {
    for reason in [401, 403, 406] {
        refuse_with(refusal(reason), Then::LoggedOut).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_logins_fail_for_good() {
    for reason in [400, 402, 409, 413, 414, 415, 416, 417, 418, 501] {
        refuse_with(refusal(reason), Then::Fails).await;
    }
    refuse_with(refusal(405), Then::Outdated).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_logins_are_tried_again_when_the_server_is_to_blame() {
    for reason in [500, 503] {
        refuse_with(refusal(reason), Then::Reconnects).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_ban_names_reason_and_time() {
    let ban = Effect::RefuseLogin {
        reason: 402,
        code: Some(101),
        expire_seconds: Some(60),
        message: Some("take a break".into()),
    };
    let (_lan, client) = refuse_with(ban, Then::Banned).await;
    let ban = client
        .wait("ban", |event| match event {
            Event::TemporaryBan(ban) => Some((ban.expire.num_seconds(), ban.message.clone())),
            _ => None,
        })
        .await;
    assert_eq!(ban, (60, Some("take a break".to_owned())));
    let connect_failure = |event: &std::sync::Arc<Event>| matches!(&**event, Event::ConnectFailure(f) if f.reason != ConnectFailureReason::TempBanned);
    assert!(!client.events().iter().any(connect_failure));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_time_at_login_is_survived() {
    let lan = Lan::start().await;
    let store = Client::linked(&lan.sandbox, ALICE).await.leave().await;
    let fault = lan.fault(once(device(ALICE, 1), Effect::SkewClock { seconds: -7200 }));
    lan.sandbox.trace().record_nodes(true);
    let alice = Client::with_store(&lan.sandbox, store, None).await;
    alice.connected().await;
    lan.applied(fault, 1).await;
    let success =
        lan.stanzas(|_, stanza| stanza.tag == "success").pop().expect("success").node.expect("node");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("time").as_secs();
    let shown: u64 = success.split("t=\"").nth(1).and_then(|t| t.split('"').next()?.parse().ok()).expect("t");
    assert!((7190..7260).contains(&(now - shown)), "{success}");
    let id = alice.say(BOB, "what time is it").await;
    alice.receipt(&id, "Delivered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_amid_the_offline_batch_loses_nothing() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let first = alice.say(BOB, "first").await;
    bob.text("first").await;
    alice.receipt_from(1, &first, "Delivered").await;
    let store = bob.leave().await;
    for n in 0..6 {
        alice.say(BOB, &format!("away {n}")).await;
    }
    let cut = Fault {
        when: Trigger { nth: Some(4), ..Default::default() },
        ..once(
            Selector { direction: Some(Direction::Out), ..tag("message", device(BOB, 1)) },
            Effect::Close { how: Closing::Drop, deliver: false },
        )
    };
    let fault = lan.fault(cut);
    let bob = Client::with_store(&lan.sandbox, store, None).await;
    lan.applied(fault, 1).await;
    bob.text("away 5").await;
    let expected: Vec<String> = (0..6).map(|n| format!("away {n}")).collect();
    assert_eq!(bob.texts(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_closes_instead_of_an_ack_leads_to_no_second_display() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "before").await;
    let ack = Selector { class: Some("message".into()), ..tag("ack", device(ALICE, 1)) };
    let on = Selector { direction: Some(Direction::Out), ..ack };
    let fault = lan.fault(once(on, Effect::Close { how: Closing::Drop, deliver: false }));
    let send = async || {
        let options = whatsapp_rust::SendOptions::default().with_message_id("3EB0000000000000AC01");
        let message = waproto::whatsapp::Message::text("once");
        alice.wa().send_message_with_options(wacore_binary::Jid::pn(BOB), message, options).await
    };
    send().await.expect("send");
    lan.applied(fault, 1).await;
    bob.text("once").await;
    lan.nth(ALICE, EventKind::Login, 2).await;
    // What has no ack is sent again under its id once the client is back.
    crate::eventually("second copy", || async {
        drop(send().await);
        let acked = |event: &std::sync::Arc<Event>| {
            matches!(&**event, Event::ServerAck(ack) if ack.id == "3EB0000000000000AC01")
        };
        alice.events().iter().any(acked).then_some(())
    })
    .await;
    alice.say(BOB, "after").await;
    bob.text("after").await;
    assert_eq!(bob.texts(), ["before", "once", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_closes_between_ack_and_delivery_delays_the_message() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "before").await;
    bob.text("before").await;
    let on = Selector { direction: Some(Direction::Out), ..tag("message", device(BOB, 1)) };
    let fault = lan.fault(once(on, Effect::Close { how: Closing::Drop, deliver: false }));
    let id = alice.say(BOB, "late").await;
    lan.applied(fault, 1).await;
    lan.nth(BOB, EventKind::Login, 2).await;
    bob.text("late").await;
    alice.receipt_from(1, &id, "Delivered").await;
    assert_eq!(bob.texts(), ["before", "late"]);
}
