//! Lost, late, doubled and shuffled stanzas.

use std::collections::HashSet;
use std::time::Duration;

use wacore::proto_helpers::{MessageBuilderExt, MessageExt};
use wacore::types::events::Event as Reported;
use wacore_binary::Jid;
use wagate_sandbox::faults::{Closing, Effect, Fault, Selector, Trigger};
use wagate_sandbox::trace::{Direction, Event, EventKind};

use crate::client::Client;
use crate::control;
use crate::lab::{device, of, once, tag};
use crate::{Lan, eventually};

const ALICE: &str = "4916200000001";
const BOB: &str = "4916200000002";
/// Longer than any test lasts: only simulated time gets there.
const LATE: u64 = 3_600_000;

fn outwards(on: Selector) -> Selector {
    Selector { direction: Some(Direction::Out), ..on }
}

/// Two clients that have exchanged a message, so that nothing but messages is to come.
async fn acquainted(lan: &Lan) -> (Client, Client) {
    let (alice, bob) = (Client::linked(&lan.sandbox, ALICE).await, Client::linked(&lan.sandbox, BOB).await);
    let id = alice.say(BOB, "hello").await;
    bob.text("hello").await;
    alice.receipt_from(1, &id, "Delivered").await;
    (alice, bob)
}

/// Sends a text under an id and does not wait for anything.
async fn send(client: &Client, to: &str, text: &str, id: &str) {
    let options = whatsapp_rust::SendOptions::default().with_message_id(id);
    let message = waproto::whatsapp::Message::text(text);
    client.wa().send_message_with_options(Jid::pn(to), message, options).await.expect("send");
}

fn acks(client: &Client, id: &str) -> Vec<Option<String>> {
    let ack = |event: &std::sync::Arc<Reported>| match &**event {
        Reported::ServerAck(ack) if ack.id == id => Some(ack.error.as_ref().map(ToString::to_string)),
        _ => None,
    };
    client.events().iter().filter_map(ack).collect()
}

async fn acked(client: &Client, id: &str) {
    eventually("ack", || async { (!acks(client, id).is_empty()).then_some(()) }).await;
}

/// WhatsApp's ids of the messages with this text that the client has shown.
fn ids(client: &Client, text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for event in client.events() {
        if let Reported::Messages(batch) = &*event {
            let shown = batch.messages.iter().filter(|m| m.message.text_content() == Some(text));
            ids.extend(shown.map(|m| m.info.id.clone()));
        }
    }
    ids
}

fn shown(client: &Client, text: &str) -> usize {
    client.texts().iter().filter(|shown| *shown == text).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_lost_on_its_way_in_is_sent_again_under_its_id() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault = lan.fault(once(tag("message", device(ALICE, 1)), Effect::Drop));
    send(&alice, BOB, "once", "3EB0000000000000AA01").await;
    let hit = lan.applied(fault, 1).await.remove(0);
    assert_eq!(hit.direction, Some(Direction::In));
    assert_eq!(hit.stanza.as_ref().and_then(|s| s.id.as_deref()), Some("3EB0000000000000AA01"));
    send(&alice, BOB, "once", "3EB0000000000000AA01").await;
    acked(&alice, "3EB0000000000000AA01").await;
    bob.text("once").await;
    assert_eq!((shown(&bob, "once"), acks(&alice, "3EB0000000000000AA01").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ack_leads_to_a_second_copy_that_nobody_sees() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault = lan.fault(once(device(ALICE, 1), Effect::LoseAck));
    send(&alice, BOB, "once", "3EB0000000000000AA02").await;
    lan.applied(fault, 1).await;
    bob.text("once").await;
    assert_eq!(acks(&alice, "3EB0000000000000AA02"), [] as [Option<String>; 0]);
    send(&alice, BOB, "once", "3EB0000000000000AA02").await;
    acked(&alice, "3EB0000000000000AA02").await;
    alice.say(BOB, "last").await;
    bob.text("last").await;
    assert_eq!(shown(&bob, "once"), 1);
    let copies = lan.stanzas(|event, stanza| {
        event.direction == Some(Direction::In)
            && stanza.id.as_deref() == Some("3EB0000000000000AA02")
            && stanza.tag == "message"
    });
    assert_eq!(copies.len(), 2, "{copies:#?}");
    let totals = control::ok(&lan.sandbox, "GET", "/inbox/totals", serde_json::Value::Null).await;
    assert_eq!(totals["repeated"], 1, "counted once, whoever had a copy: {totals}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_ack_comes_when_its_time_has_come_and_is_overtaken() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault = lan.fault(once(device(ALICE, 1), Effect::DelayAck { ms: LATE }));
    send(&alice, BOB, "once", "3EB0000000000000AA03").await;
    lan.applied(fault, 1).await;
    bob.text("once").await;
    // A client that has lost its patience sends the same id again.
    send(&alice, BOB, "once", "3EB0000000000000AA03").await;
    acked(&alice, "3EB0000000000000AA03").await;
    alice.say(BOB, "overtakes").await;
    assert_eq!(acks(&alice, "3EB0000000000000AA03").len(), 1);
    lan.sandbox.advance(Duration::from_millis(LATE)).await.expect("advance");
    eventually("late ack", || async { (acks(&alice, "3EB0000000000000AA03").len() == 2).then_some(()) })
        .await;
    bob.text("overtakes").await;
    assert_eq!(shown(&bob, "once"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_lost_on_its_way_out_comes_with_the_next_login() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault = lan.fault(once(outwards(tag("message", device(BOB, 1))), Effect::Drop));
    alice.say(BOB, "lost").await;
    lan.applied(fault, 1).await;
    alice.say(BOB, "after").await;
    bob.text("after").await;
    assert_eq!(shown(&bob, "lost"), 0);
    lan.end(BOB, &Effect::Close { how: Closing::Drop, deliver: false }).await;
    bob.text("lost").await;
    assert_eq!((shown(&bob, "lost"), shown(&bob, "after")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_late_stanza_waits_behind_it_or_overtakes_it() {
    for (keep_order, expected) in [(true, ["late", "next"]), (false, ["next", "late"])] {
        let lan = Lan::start().await;
        let (alice, bob) = acquainted(&lan).await;
        let effect = Effect::Delay { ms: LATE, keep_order };
        let fault = lan.fault(once(outwards(tag("message", device(BOB, 1))), effect));
        alice.say(BOB, "late").await;
        lan.applied(fault, 1).await;
        alice.say(BOB, "next").await;
        lan.traced("next", |e| {
            e.direction == Some(Direction::Out)
                && e.device == Some(1)
                && e.number == BOB.parse().ok()
                && e.seq > 0
                && e.stanza.as_ref().is_some_and(|s| s.tag == "message")
        })
        .await;
        if !keep_order {
            bob.text("next").await;
        }
        assert_eq!(shown(&bob, "late"), 0);
        lan.sandbox.advance(Duration::from_millis(LATE)).await.expect("advance");
        bob.text("late").await;
        bob.text("next").await;
        assert_eq!(bob.texts()[1..], expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_message_of_a_client_is_accepted_late() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let effect = Effect::Delay { ms: LATE, keep_order: true };
    let fault = lan.fault(once(tag("message", device(ALICE, 1)), effect));
    send(&alice, BOB, "late", "3EB0000000000000AA04").await;
    lan.applied(fault, 1).await;
    assert!(acks(&alice, "3EB0000000000000AA04").is_empty());
    lan.sandbox.advance(Duration::from_millis(LATE)).await.expect("advance");
    acked(&alice, "3EB0000000000000AA04").await;
    bob.text("late").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_twice_is_shown_once() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let out = lan.fault(once(outwards(tag("message", device(BOB, 1))), Effect::Duplicate));
    let id = alice.say(BOB, "twice out").await;
    lan.applied(out, 1).await;
    alice.receipt_from(1, &id, "Delivered").await;
    let inwards = lan.fault(once(tag("message", device(ALICE, 1)), Effect::Duplicate));
    send(&alice, BOB, "twice in", "3EB0000000000000AA05").await;
    lan.applied(inwards, 1).await;
    eventually("two acks", || async { (acks(&alice, "3EB0000000000000AA05").len() == 2).then_some(()) })
        .await;
    alice.say(BOB, "last").await;
    bob.text("last").await;
    assert_eq!((shown(&bob, "twice out"), shown(&bob, "twice in")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn shuffled_messages_all_arrive() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault = lan.fault(once(outwards(tag("message", device(BOB, 1))), Effect::Reorder { hold: 3 }));
    for text in ["one", "two", "three", "four"] {
        alice.say(BOB, text).await;
    }
    lan.applied(fault, 1).await;
    for text in ["one", "two", "three", "four"] {
        bob.text(text).await;
    }
    let order = bob.texts();
    assert_ne!(order[1..4], ["one", "two", "three"], "{order:?}");
    assert_eq!(order[4], "four");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ciphertext_is_asked_for_again_and_shown() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault = lan.fault(once(outwards(tag("message", device(BOB, 1))), Effect::DamageEnc));
    let id = alice.say(BOB, "damaged").await;
    lan.applied(fault, 1).await;
    bob.text("damaged").await;
    let retries = lan.stanzas(|event, stanza| {
        event.number == BOB.parse().ok()
            && event.direction == Some(Direction::In)
            && stanza.tag == "receipt"
            && stanza.r#type.as_deref() == Some("retry")
    });
    assert_eq!(retries.len(), 1, "{retries:#?}");
    assert_eq!(retries[0].id.as_deref(), Some(id.as_str()));
    // the phone's answer may come before the sender's
    let sent = eventually("the message and its resend in the trace", || async {
        let sent = lan.stanzas(|event, stanza| {
            event.number == ALICE.parse().ok()
                && event.direction == Some(Direction::In)
                && stanza.tag == "message"
                && stanza.id.as_deref() == Some(id.as_str())
        });
        (sent.len() >= 2).then_some(sent)
    })
    .await;
    assert_eq!(sent.len(), 2, "the resend has the same id: {sent:#?}");
    alice.receipt_from(1, &id, "Delivered").await;
    // the client asks its own phone, too, and may show what either answers: it is one message all the same
    let ids: HashSet<String> = ids(&bob, "damaged").into_iter().collect();
    assert_eq!(ids, HashSet::from([id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_cannot_be_decrypted_is_lost_until_the_next_login() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault = lan.fault(once(outwards(tag("message", device(BOB, 1))), Effect::BreakMac));
    alice.say(BOB, "broken").await;
    lan.applied(fault, 1).await;
    // This client skips the frame and goes on with the next counter.
    alice.say(BOB, "after").await;
    bob.text("after").await;
    assert_eq!(shown(&bob, "broken"), 0);
    lan.end(BOB, &Effect::Close { how: Closing::Drop, deliver: false }).await;
    bob.text("broken").await;
    assert_eq!(bob.texts(), ["hello", "after", "broken"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_understood_however_they_are_cut() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let on = || Selector { direction: Some(Direction::Out), ..device(BOB, 1) };
    for effect in [Effect::Split { bytes: 1 }, Effect::Split { bytes: 7 }, Effect::Coalesce] {
        let fault = lan.fault(Fault { on: on(), when: Trigger::default(), effect: effect.clone() });
        for n in 0..3 {
            alice.say(BOB, &format!("{effect:?} {n}")).await;
        }
        bob.text(&format!("{effect:?} 2")).await;
        lan.applied(fault, 3).await;
        assert!(lan.sandbox.faults().remove(fault));
    }
    assert_eq!(bob.texts().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_connection_is_noticed_by_the_client() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let fault =
        lan.fault(once(outwards(tag("message", device(BOB, 1))), Effect::HalfOpen { deliver: false }));
    let id = alice.say(BOB, "into the void").await;
    lan.applied(fault, 1).await;
    let (_, list) = lan.call("GET", "/v1/connections", None).await;
    let dead: Vec<_> =
        list["items"].as_array().expect("items").iter().filter(|c| c["half_open"] == true).collect();
    assert_eq!(dead.len(), 1, "{list}");
    let connection = dead[0]["id"].as_u64();
    // Something unanswered is what lets a client notice, at one of its looks every half minute.
    bob.wa().chatstate().send_composing(&Jid::pn(ALICE)).await.expect("composing");
    let back =
        |e: &Event| e.kind == EventKind::Login && e.number == BOB.parse().ok() && e.connection > connection;
    lan.traced_within("login", Duration::from_secs(150), back).await;
    let closed = |e: &Event| e.kind == EventKind::Closed && e.connection == connection;
    let closed = lan.traced("the end of the dead connection", closed).await;
    let hit = lan.applied(fault, 1).await.remove(0);
    let read = |e: &Event| (hit.seq..closed.seq).contains(&e.seq) && e.connection == connection;
    let passed = lan.stanzas(|event, _| read(event));
    assert!(passed.is_empty(), "{passed:#?}");
    bob.text("into the void").await;
    alice.receipt_from(1, &id, "Delivered").await;
    assert_eq!(shown(&bob, "into the void"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn selectors_and_triggers_pick_what_they_name() {
    let lan = Lan::start().await;
    let (alice, bob) = acquainted(&lan).await;
    let on = Selector { direction: Some(Direction::In), ..tag("message", of(ALICE)) };
    let when = Trigger { every: Some(2), times: Some(2), ..Trigger::default() };
    let fault = lan.fault(Fault { on, when, effect: Effect::Nack { code: 500 } });
    let mut refused = Vec::new();
    for n in 0..6 {
        let id = format!("3EB0000000000000AB{n:02}");
        send(&alice, BOB, &format!("text {n}"), &id).await;
        acked(&alice, &id).await;
        refused.push(acks(&alice, &id)[0].is_some());
    }
    assert_eq!(refused, [false, true, false, true, false, false]);
    lan.applied(fault, 2).await;
    bob.text("text 5").await;
    assert_eq!(bob.texts(), ["hello", "text 0", "text 2", "text 4", "text 5"]);
    let view = lan.sandbox.faults().list().remove(0);
    assert_eq!((view.applied, view.seen), (2, 4), "a spent fault does not count on");
}
