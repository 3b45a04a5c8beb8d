//! Refused and unanswered requests, refused messages.

use wacore::types::events::Event;
use wacore_binary::Jid;
use wacore_binary::builder::NodeBuilder;
use wagate_sandbox::faults::{Effect, Fault, Selector, Trigger};
use wagate_sandbox::ports::PortError;
use wagate_sandbox::trace::Direction;
use whatsapp_rust::IqError;

use crate::Lan;
use crate::client::Client;
use crate::lab::{device, of, once, tag};

const ALICE: &str = "4916300000001";
const BOB: &str = "4916300000002";

fn iq_error(code: u16, wait_seconds: Option<u64>) -> Effect {
    Effect::IqError { code, text: None, wait_seconds }
}

fn xmlns(namespace: &str, on: Selector) -> Selector {
    Selector { xmlns: Some(namespace.to_owned()), ..on }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_refused_by_namespace_with_any_code() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let table = [
        (400, "bad-request"),
        (401, "not-authorized"),
        (403, "forbidden"),
        (404, "item-not-found"),
        (405, "not-allowed"),
        (406, "not-acceptable"),
        (409, "conflict"),
        (500, "internal-server-error"),
        (503, "service-unavailable"),
    ];
    for (code, text) in table {
        let fault = lan.fault(once(xmlns("w:m", of(ALICE)), iq_error(code, None)));
        let error = client.wa().refresh_media_conn(true).await.expect_err("refused");
        let IqError::ServerError { code: found, text: said, error_type, backoff } = error else {
            panic!("{code}: {error:?}");
        };
        assert_eq!((found, said.as_str(), error_type, backoff), (code, text, None, None));
        let hit = lan.applied(fault, 1).await.remove(0);
        assert_eq!(hit.fault.as_ref().map(|fault| fault.effect.as_str()), Some("iq_error"));
        client.wa().refresh_media_conn(true).await.expect("the next one is answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_says_how_long_to_wait() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let fault = lan.fault(once(xmlns("w:m", of(ALICE)), iq_error(429, Some(17))));
    let error = client.wa().refresh_media_conn(true).await.expect_err("refused");
    let IqError::ServerError { code, error_type, backoff, .. } = error else { panic!("{error:?}") };
    assert_eq!((code, error_type.as_deref(), backoff), (429, Some("wait"), Some(17)));
    lan.applied(fault, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_may_never_be_answered() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let fault = lan.fault(once(xmlns("usync", of(ALICE)), Effect::Drop));
    let asked = [Jid::pn(BOB)];
    let wa = client.wa();
    let contacts = wa.contacts();
    let unanswered = contacts.is_on_whatsapp(&asked);
    let next = async {
        lan.applied(fault, 1).await;
        // Answers come in order: this one comes instead of the other.
        client.wa().refresh_media_conn(true).await.expect("answered");
    };
    tokio::select! {
        outcome = unanswered => panic!("answered: {outcome:?}"),
        () = next => {}
    }
    let answers = lan.stanzas(|event, stanza| {
        event.direction == Some(Direction::Out) && stanza.tag == "iq" && event.number == ALICE.parse().ok()
    });
    let asked = lan.stanzas(|event, stanza| {
        event.direction == Some(Direction::In)
            && stanza.tag == "iq"
            && stanza.xmlns.as_deref() == Some("usync")
    });
    let lost = asked.last().and_then(|stanza| stanza.id.clone());
    assert!(lost.is_some() && answers.iter().all(|answer| answer.id != lost), "{answers:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_of_a_namespace_may_fail_for_a_time() {
    let lan = Lan::start().await;
    let client = Client::linked(&lan.sandbox, ALICE).await;
    let when = Trigger { for_seconds: Some(3600), ..Trigger::default() };
    let fault = lan.fault(Fault { on: xmlns("w:m", of(ALICE)), when, effect: iq_error(503, None) });
    for _ in 0..3 {
        client.wa().refresh_media_conn(true).await.expect_err("refused");
    }
    lan.applied(fault, 3).await;
    lan.sandbox.advance(std::time::Duration::from_secs(3600)).await.expect("advance");
    client.wa().refresh_media_conn(true).await.expect("an hour later it is answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_refused_with_any_code() {
    let lan = Lan::start().await;
    let alice = Client::linked(&lan.sandbox, ALICE).await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    alice.say(BOB, "before").await;
    bob.text("before").await;
    for code in [400_u16, 403, 404, 421, 463, 475, 479, 500, 503] {
        let fault = lan.fault(once(device(ALICE, 1), Effect::Nack { code }));
        let id = alice.wa().send_text(Jid::pn(BOB), "refused").await.expect("send").message_id;
        let error = alice
            .wait("refusal", |event| match event {
                Event::ServerAck(ack) if ack.id == id => Some(ack.error.clone()),
                _ => None,
            })
            .await;
        assert_eq!(error, Some(code.to_string()));
        let hit = lan.applied(fault, 1).await.remove(0);
        assert_eq!(hit.stanza.as_ref().and_then(|s| s.id.clone()), Some(id.clone()));
        let ack = lan.stanzas(|_, stanza| stanza.tag == "ack" && stanza.id.as_deref() == Some(id.as_str()));
        assert_eq!(ack[0].error.as_deref(), Some(code.to_string().as_str()));
    }
    alice.say(BOB, "after").await;
    bob.text("after").await;
    assert_eq!(bob.texts(), ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_phone_sends_and_asks_is_bent_as_well() {
    let lan = Lan::start().await;
    let bob = Client::linked(&lan.sandbox, BOB).await;
    let (network, phones) = (lan.sandbox.network(), lan.sandbox.phones());
    wagate_sandbox::ports::Phones::ensure(&*phones, ALICE, None).await.expect("alice");
    let ping = || NodeBuilder::new("iq").attr("xmlns", "w:p").attr("type", "get").attr("id", "p1").build();
    let refuse = lan.fault(once(xmlns("w:p", device(ALICE, 0)), iq_error(503, None)));
    let answer = network.query(ALICE, ping()).await.expect("an answer");
    assert_eq!(answer.attrs.get("type").map(|v| v.as_str().into_owned()).as_deref(), Some("error"));
    lan.applied(refuse, 1).await;
    let lose = lan.fault(once(xmlns("w:p", device(ALICE, 0)), Effect::Drop));
    let error = network.query(ALICE, ping()).await.expect_err("no answer");
    assert!(matches!(error, PortError::Refused(_)), "{error}");
    lan.applied(lose, 1).await;

    let text = |text: &str| wagate_sandbox::phones::Outgoing {
        to: BOB.into(),
        text: Some(text.to_owned()),
        ..Default::default()
    };
    let nack = lan.fault(once(tag("message", device(ALICE, 0)), Effect::Nack { code: 463 }));
    let refused = phones.send(ALICE, text("refused")).await.expect("send");
    assert_eq!((refused.status, refused.error), (wagate_sandbox::phones::Status::Failed, Some(463)));
    lan.applied(nack, 1).await;
    let twice = lan.fault(once(tag("message", device(ALICE, 0)), Effect::Duplicate));
    phones.send(ALICE, text("twice")).await.expect("send");
    lan.applied(twice, 1).await;
    phones.send(ALICE, text("last")).await.expect("send");
    bob.text("last").await;
    assert_eq!(bob.texts(), ["twice", "last"]);
}
