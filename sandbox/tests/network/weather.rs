//! Random faults that come again, scripts, and what the trace keeps of it all.

use std::time::Duration;

use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wagate_sandbox::faults::{Chances, Effect, Fault, FaultState, Preset, Selector, Trigger, Weather};
use wagate_sandbox::trace::{Direction, EventFilter, EventKind};
use wagate_sandbox::{Sandbox, SandboxConfig};

use crate::client::Client;
use crate::lab::{device, of, once, tag};
use crate::raw::Raw;
use crate::{Lan, eventually};

const ALICE: &str = "4916800000001";
const BOB: &str = "4916800000002";

/// Faults of the same traffic in the same weather: kind of effect and stanza, in order per direction.
async fn faults_in(weather: Weather) -> Vec<(String, Option<Direction>, String)> {
    let lan = Lan::start().await;
    let keys = Raw::link(&lan.sandbox, ALICE).await;
    let mut raw = Raw::login(&lan.sandbox, &keys, false).await;
    raw.expect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    // What the login has set off must not mix with the traffic that is compared.
    raw.ask("w:p", "get", NodeBuilder::new("ping").build()).await;
    lan.sandbox.faults().set_weather(weather).expect("weather");
    for n in 0..300 {
        let id = format!("n{n}");
        let iq = NodeBuilder::new("iq").attr("xmlns", "w:p").attr("type", "get").attr("id", id.as_str());
        raw.send(iq.attr("to", "s.whatsapp.net").build()).await;
    }
    // Each request that is not lost is answered, or refused; the last is not touched any more.
    lan.traced("the last request", |event| {
        event.stanza.as_ref().is_some_and(|s| s.id.as_deref() == Some("n299"))
    })
    .await;
    lan.sandbox.faults().set_weather(Preset::Calm.weather(0)).expect("calm");
    let mut faults: Vec<_> = lan
        .faults_traced(Some(0))
        .iter()
        .filter(|event| event.direction == Some(Direction::In))
        .map(|event| {
            let effect = event.fault.as_ref().map(|fault| fault.effect.clone()).unwrap_or_default();
            let id = event.stanza.as_ref().and_then(|stanza| stanza.id.clone()).unwrap_or_default();
            (effect, event.direction, id)
        })
        .collect();
    faults.dedup();
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_brings_the_same_faults() {
    let chances = Chances { duplicate: 0.1, iq_error: 0.1, drop: 0.1, ..Chances::default() };
    let weather = |seed| Weather { chances, ..Preset::Calm.weather(seed) };
    let (first, again, other) =
        tokio::join!(faults_in(weather(7)), faults_in(weather(7)), faults_in(weather(8)));
    assert!(first.len() > 50, "{} of 300", first.len());
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_survive_a_drizzle_each_shown_once() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "before the rain").await;
    bob.text("before the rain").await;
    let mut drizzle = Preset::Drizzle.weather(42);
    // Acks are waited for below; what a lost one leads to has its own test.
    drizzle.chances.lose_ack = 0.0;
    drizzle.delay_ms = 50;
    lan.sandbox.faults().set_weather(drizzle).expect("weather");
    for n in 0..40 {
        alice.say(BOB, &format!("drop {n}")).await;
    }
    for n in 0..40 {
        bob.text(&format!("drop {n}")).await;
    }
    lan.sandbox.faults().set_weather(Preset::Calm.weather(0)).expect("calm");
    alice.say(BOB, "after the rain").await;
    bob.text("after the rain").await;
    let mut shown = bob.texts();
    let count = shown.len();
    shown.sort_unstable();
    shown.dedup();
    assert_eq!((count, shown.len()), (42, 42), "each once");
    assert!(lan.faults_traced(Some(0)).len() > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_delays_messages_and_loses_none() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "before the storm").await;
    bob.text("before the storm").await;
    let mut storm = Preset::Storm.weather(3);
    storm.delay_ms = 50;
    // A half-open connection costs a client half a minute; that has its own test. Where one device
    // asks for many resends, this client leaves it out of new messages now and then.
    (storm.chances.half_open, storm.chances.damage_enc) = (0.0, 0.0);
    storm.numbers = vec![BOB.to_owned()];
    lan.sandbox.faults().set_weather(storm).expect("weather");
    for n in 0..30 {
        alice.say(BOB, &format!("gust {n}")).await;
    }
    eventually("some faults", || async { (lan.faults_traced(Some(0)).len() > 10).then_some(()) }).await;
    lan.sandbox.faults().set_weather(Preset::Calm.weather(0)).expect("calm");
    // What was lost on the wire is still in the queue.
    if lan.sandbox.online() == 2 {
        lan.end(BOB, &Effect::Close { how: Default::default(), deliver: false }).await;
    }
    for n in 0..30 {
        bob.text(&format!("gust {n}")).await;
    }
    let mut shown = bob.texts();
    let count = shown.len();
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(count, shown.len(), "nothing twice");
    drop(alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_takes_one_step_after_the_other() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let faults = lan.sandbox.faults();
    let from_alice = || Selector { direction: Some(Direction::In), ..tag("message", device(ALICE, 1)) };
    let nack = |code, when| Fault { on: from_alice(), when, effect: Effect::Nack { code } };
    let script = faults
        .add_script(vec![
            // The second message and the one behind it are refused,
            nack(500, Trigger { after: Some(1), times: Some(2), ..Trigger::default() }),
            // then every message for an hour,
            nack(503, Trigger { for_seconds: Some(3600), ..Trigger::default() }),
            // then, ten minutes later, one more.
            nack(479, Trigger { begin_after_seconds: Some(600), ..Trigger::default() }),
        ])
        .expect("script");
    let states = || faults.script(script).iter().map(|step| step.state).collect::<Vec<_>>();
    use FaultState::{Active, Spent, Waiting};
    assert_eq!(states(), [Active, Waiting, Waiting]);
    let say = async |text: &str| {
        let id = alice.wa().send_text(Jid::pn(BOB), text).await.expect("send").message_id;
        alice
            .wait("ack", |event| match event {
                wacore::types::events::Event::ServerAck(ack) if ack.id == id => {
                    Some(ack.error.as_ref().map(ToString::to_string))
                }
                _ => None,
            })
            .await
    };
    let some = |code: &str| Some(code.to_owned());
    assert_eq!(say("one").await, None);
    assert_eq!(say("two").await, some("500"));
    assert_eq!(states(), [Active, Waiting, Waiting]);
    assert_eq!(say("three").await, some("500"));
    assert_eq!(states(), [Spent, Active, Waiting]);
    assert_eq!(say("four").await, some("503"));
    lan.sandbox.advance(Duration::from_secs(3600)).await.expect("advance");
    assert_eq!(states(), [Spent, Spent, Waiting]);
    assert_eq!(say("five").await, None);
    lan.sandbox.advance(Duration::from_secs(600)).await.expect("advance");
    assert_eq!(states(), [Spent, Spent, Active]);
    assert_eq!(say("six").await, some("479"));
    assert_eq!(say("seven").await, None);
    assert_eq!(states(), [Spent, Spent, Spent]);
    let applied: Vec<u64> = faults.script(script).iter().map(|step| step.applied).collect();
    assert_eq!(applied, [2, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_tells_a_connection_from_its_begin_to_its_end() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("trace.jsonl");
    let mut config = SandboxConfig::new(folder.path());
    config.trace_file = Some(file.clone());
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let lan = Lan { sandbox, folder: tempfile::tempdir().expect("folder") };
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    lan.sandbox.trace().record_nodes(true);
    let id = alice.say(BOB, "traced").await;
    alice.leave().await;
    let closed = lan.nth(ALICE, EventKind::Closed, 1).await;
    assert_eq!(closed.detail.as_deref(), Some("closed by the client"));
    let filter = EventFilter { connection: closed.connection, ..EventFilter::default() };
    let events = lan.sandbox.trace().events(0, &filter, usize::MAX).items;
    let first: Vec<_> = events.iter().take(3).map(|event| event.kind).collect();
    assert_eq!(first, [EventKind::Connected, EventKind::Handshake, EventKind::Login]);
    assert!(events.windows(2).all(|pair| pair[0].seq < pair[1].seq && pair[0].at <= pair[1].at));
    let message = events
        .iter()
        .filter_map(|event| event.stanza.as_ref())
        .find(|stanza| stanza.id.as_deref() == Some(id.as_str()))
        .expect("the message");
    assert!(message.bytes.is_some_and(|bytes| bytes > 100));
    assert!(message.node.as_ref().is_some_and(|node| node.starts_with("<message ")), "{message:?}");
    assert_eq!(message.to.as_deref(), Some(format!("{BOB}@s.whatsapp.net").as_str()));

    let newest = lan.sandbox.trace().newest();
    lan.sandbox.stop().await;
    let lines = std::fs::read_to_string(&file).expect("file");
    let seqs: Vec<u64> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("json")["seq"].as_u64().expect("seq")
        })
        .collect();
    assert!(
        seqs.len() as u64 >= newest && seqs.iter().copied().eq(1..=seqs.len() as u64),
        "every event once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_noted_and_an_old_event_forgotten() {
    let folder = tempfile::tempdir().expect("folder");
    let mut config = SandboxConfig::new(folder.path());
    (config.queue_limit, config.trace_events) = (10, 50);
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let lan = Lan { sandbox, folder };
    let bob = Raw::link(&lan.sandbox, BOB).await;
    let phones = lan.sandbox.phones();
    wagate_sandbox::ports::Phones::ensure(&*phones, ALICE, None).await.expect("alice");
    for n in 0..30 {
        let outgoing = wagate_sandbox::phones::Outgoing {
            to: BOB.into(),
            text: Some(format!("text {n}")),
            ..Default::default()
        };
        phones.send(ALICE, outgoing).await.expect("send");
    }
    let dropped = lan.nth(BOB, EventKind::QueueDrop, 1).await;
    assert_eq!(dropped.device, Some(bob.device));
    let page = lan.sandbox.trace().events(0, &EventFilter::default(), usize::MAX);
    assert_eq!(page.items.len(), 50);
    assert!(page.lost > 0);
    let mut raw = Raw::login(&lan.sandbox, &bob, false).await;
    let waited = raw.collect("offline marker", |node| node.get_optional_child("offline").is_some()).await;
    assert_eq!(waited.iter().filter(|node| node.tag == "message").count(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trace_faults_work_all_the_same() {
    let folder = tempfile::tempdir().expect("folder");
    let mut config = SandboxConfig::new(folder.path());
    config.trace_events = 0;
    let sandbox = Sandbox::start(config).await.expect("sandbox");
    let lan = Lan { sandbox, folder };
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    lan.sandbox.trace().record(true);
    assert!(!lan.sandbox.trace().recording(), "there is no room for it");
    let fault = lan.fault(once(
        Selector { xmlns: Some("w:m".into()), ..of(ALICE) },
        Effect::IqError { code: 503, text: None, wait_seconds: None },
    ));
    alice.wa().refresh_media_conn(true).await.expect_err("refused");
    let view = lan.sandbox.faults().list().remove(0);
    assert_eq!((view.id, view.applied, view.state), (fault, 1, FaultState::Spent));
    assert_eq!(lan.sandbox.trace().newest(), 0);
}
