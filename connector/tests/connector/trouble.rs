//! Redis away, the network away, another connection of the same device.

use std::time::Duration;

use wagate_connector::ConnectorConfig;
use wagate_domain::{
    events::{Event, EventData},
    messages::{Message, Priority, ReconcilePorts, Status, expire_overdue},
    ports::{Accept, Lanes, Unless},
    sessions::{Command, RemovePorts, State, remove},
};
use wagate_infra::testing::text_message;
use wagate_sandbox::faults::{Effect, Fault, Selector, Trigger};

use crate::{
    rig::{Rig, eventually},
    twin::Twin,
    wire::Mode,
};

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_taken_over_elsewhere_is_not_fought_over() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let epoch = rig.record(session).await.epoch;
    let other = Twin::of(&rig, session, epoch).await.connect().await;
    let record = rig.in_state(session, State::Failed).await;
    assert_eq!(record.reason.map(|reason| reason.code).as_deref(), Some("replaced"));
    other.shutdown().await;
    // a person starts it again
    rig.call(session, Command::Refresh).await;
    rig.in_state(session, State::Connected).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_while_redis_is_away_is_not_lost() {
    let mut rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    rig.redis.stop().await;
    rig.phone_says(THEM, US, "into the dark").await;
    rig.redis.start_again().await;
    let message = rig.received(session, "into the dark").await;
    assert_eq!(message.status, Status::Received);
    // Redis has forgotten the queue and the owner; the session goes on
    let sent = rig.send_text(session, THEM, "back again").await;
    rig.status(session, sent.id, Status::Sent).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_comes_while_redis_is_away_comes_again_for_the_next_owner() {
    let mut rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    rig.offline(THEM, true).await;
    let sent = rig.send_text(session, THEM, "are you there").await;
    rig.status(session, sent.id, Status::Sent).await;
    rig.redis.stop().await;
    // the phone tells that it has the message; nobody can write that down
    rig.offline(THEM, false).await;
    rig.shown(THEM, &sent.stanza_id).await;
    connector.shutdown().await;
    rig.redis.start_again().await;
    let connector = rig.connector();
    rig.delivered(session, &sent.stanza_id).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_ack_is_lost_is_shown_once() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let (wire, connector) = rig.wired().await;
    let session = rig.linked(US).await;
    // keys are fetched with the first message; the second one needs no answer but its ack
    let first = rig.send_text(session, THEM, "first").await;
    rig.status(session, first.id, Status::Sent).await;
    wire.set(Mode::Mute);
    let second = rig.send_text(session, THEM, "second").await;
    rig.shown(THEM, &second.stanza_id).await;
    wire.set(Mode::Cut);
    rig.in_state(session, State::Reconnecting).await;
    wire.set(Mode::Through);
    rig.status(session, second.id, Status::Sent).await;
    let inbox = rig.sandbox.phones().inbox(THEM, 0, 100).await.expect("inbox");
    let texts: Vec<String> = inbox.items.into_iter().filter_map(|message| message.text).collect();
    assert_eq!(texts, ["first", "second"]);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_carries_nothing_any_more_is_replaced_before_the_message_is_given_up() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector =
        rig.connector_with(ConnectorConfig { ack_timeout: Duration::from_secs(2), ..rig.config() });
    let session = rig.linked(US).await;
    let first = rig.send_text(session, THEM, "first").await;
    rig.status(session, first.id, Status::Sent).await;
    let on = Selector { number: Some(US.to_owned()), tag: Some("message".to_owned()), ..Selector::default() };
    let once = Trigger { times: Some(1), ..Trigger::default() };
    let dead = Fault { on, when: once, effect: Effect::HalfOpen { deliver: false } };
    rig.sandbox.faults().add(dead).expect("a fault");
    let second = rig.send_text(session, THEM, "second").await;
    // five attempts on the dead socket would take less than the client needs to find out by itself
    rig.status(session, second.id, Status::Sent).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_while_the_network_is_away_leaves_when_it_is_back() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let (wire, connector) = rig.wired().await;
    let session = rig.linked(US).await;
    wire.set(Mode::Cut);
    rig.in_state(session, State::Reconnecting).await;
    let sent = rig.send_text(session, THEM, "patience").await;
    wire.set(Mode::Through);
    rig.in_state(session, State::Connected).await;
    rig.status(session, sent.id, Status::Sent).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waits_too_long_expires() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.session().await;
    rig.qr(session).await;
    let expires_at = Some(rig.env.now().plus(Duration::from_millis(500)));
    let message =
        Message { expires_at, ..text_message(&rig.env, session, "too late", Priority::Interactive) };
    let id = message.id;
    let event = Event::new(&rig.env, session, EventData::MessageAccepted(Box::new(message.clone())));
    let accept = Accept { message, event, unless: Unless::Known };
    rig.lanes().accept(session, &[accept]).await.expect("accepted");
    // as the worker does now and then
    eventually("its end", || async {
        let (db, lanes, log) = (&rig.db, rig.lanes(), rig.log());
        let ports = ReconcilePorts { messages: db, sessions: db, lanes: &lanes, log: &log };
        expire_overdue(&rig.env, ports).await.is_ok_and(|ended| ended == 1).then_some(())
    })
    .await;
    rig.status(session, id, Status::Expired).await;
    eventually("an empty lane", || async {
        let depth = rig.lanes().depth(session).await.expect("depth");
        (depth.interactive + depth.in_flight == 0).then_some(())
    })
    .await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_session_is_unlinked_and_let_go() {
    let rig = Rig::start().await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let ports = RemovePorts { sessions: &rig.db, calls: &rig.calls(), lanes: &rig.lanes() };
    remove(&rig.env, ports, rig.caller(), session.id).await.expect("removed");
    eventually("letting go", || async { (connector.held() == 0).then_some(()) }).await;
    eventually("unlinking", || async {
        let left = rig.sandbox.network().companions(US).await.expect("companions");
        left.is_empty().then_some(())
    })
    .await;
    connector.shutdown().await;
    rig.stop().await;
}
