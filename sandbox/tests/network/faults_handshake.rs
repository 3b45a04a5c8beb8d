//! Handshakes that go wrong.

use std::sync::Arc;
use std::time::Duration;

use wacore::store::in_memory::InMemoryBackend;
use wagate_sandbox::faults::{Effect, Fault, Trigger};
use wagate_sandbox::trace::EventKind;

use crate::client::Client;
use crate::{Lan, eventually};

const ALICE: &str = "4916400000001";

/// A linked client that has logged in once more, so that it knows the server's certificates.
async fn known(lan: &Lan) -> Arc<InMemoryBackend> {
    Client::linked(&lan.sandbox, ALICE).await.leave().await
}

fn once(effect: Effect) -> Fault {
    Fault { when: Trigger { times: Some(1), ..Trigger::default() }, ..Fault::from(effect) }
}

/// Patterns of all handshakes so far.
fn patterns(lan: &Lan) -> Vec<String> {
    let filter =
        wagate_sandbox::trace::EventFilter { kinds: vec![EventKind::Handshake], ..Default::default() };
    let events = lan.sandbox.trace().events(0, &filter, usize::MAX).items;
    events.iter().filter_map(|event| event.detail.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_server_is_greeted_shortly_unless_it_refuses() {
    let lan = Lan::start().await;
    let store = known(&lan).await;
    // Pairing, first login, and from then on what the client remembers.
    assert_eq!(patterns(&lan), ["XX", "XX"]);
    let client = Client::with_store(&lan.sandbox, store, None).await;
    client.connected().await;
    let store = client.leave().await;
    assert_eq!(patterns(&lan)[2..], ["IK"]);
    let fault = lan.fault(once(Effect::RefuseIk));
    Client::with_store(&lan.sandbox, store, None).await.connected().await;
    lan.applied(fault, 1).await;
    assert_eq!(patterns(&lan)[3..], ["XXfallback"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_have_expired_are_not_relied_on() {
    let lan = Lan::start().await;
    let fault = lan.fault(Fault::from(Effect::ExpiredCertificate));
    let mut store = known(&lan).await;
    lan.applied(fault, 2).await;
    assert_eq!(patterns(&lan), ["XX", "XX"]);
    assert!(lan.sandbox.faults().remove(fault));
    // What the client remembers is no good; the third handshake gives it something better.
    for (login, pattern) in [(2, "XX"), (3, "IK")] {
        let client = Client::with_store(&lan.sandbox, store, None).await;
        client.connected().await;
        assert_eq!(patterns(&lan)[login..], [pattern]);
        store = client.leave().await;
    }
}

/// A handshake that fails once, and the next that succeeds.
async fn fails_once(effect: Effect, why: &str) {
    let lan = Lan::start().await;
    let store = known(&lan).await;
    let fault = lan.fault(once(effect.clone()));
    let client = Client::with_store(&lan.sandbox, store, None).await;
    client.connected().await;
    let hit = lan.applied(fault, 1).await.remove(0);
    let end =
        |e: &wagate_sandbox::trace::Event| e.kind == EventKind::Closed && e.connection == hit.connection;
    let end = lan.traced("the end of the connection", end).await.detail.clone().unwrap_or_default();
    assert!(end.contains(why), "{effect:?}: {end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_garbled_hello_is_tried_again() {
    fails_once(Effect::GarbageHello, "handshake failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_hello_is_tried_again() {
    fails_once(Effect::DropHandshake, "handshake failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_key_is_refused_by_a_new_client() {
    let lan = Lan::start().await;
    let fault = lan.fault(once(Effect::WrongLeafKey));
    let client = Client::start(&lan.sandbox).await;
    // The first connection fails; the client comes again and shows its code.
    client.qr().await;
    let hit = lan.applied(fault, 1).await.remove(0);
    let end =
        |e: &wagate_sandbox::trace::Event| e.kind == EventKind::Closed && e.connection == hit.connection;
    lan.traced("the end of the connection", end).await;
    assert_eq!(patterns(&lan), ["XX"], "only the second was finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_hello_is_waited_for() {
    let lan = Lan::start().await;
    let store = known(&lan).await;
    let fault = lan.fault(once(Effect::DelayHandshake { ms: 3_600_000 }));
    let client = Client::with_store(&lan.sandbox, store, None).await;
    lan.applied(fault, 1).await;
    assert!(client.events().is_empty());
    // The wait may begin after the fault was noted.
    eventually("login", || async {
        lan.sandbox.advance(Duration::from_secs(3600)).await.expect("advance");
        let logins = |e: &Arc<wagate_sandbox::trace::Event>| e.kind == EventKind::Login;
        let events = lan.sandbox.trace().events(0, &Default::default(), usize::MAX).items;
        (events.iter().filter(|e| logins(e)).count() == 2).then_some(())
    })
    .await;
    client.connected().await;
}
