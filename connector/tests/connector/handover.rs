//! Restarts, takeovers, lost leases, shares.

use wagate_domain::{
    events::{Event, EventData},
    messages::Status,
    ports::{EventLog, Leases, PortError, Sessions},
    sessions::{Command, State},
};

use crate::rig::{Rig, eventually};

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_connector_reconnects_and_sends_what_waited() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let first = connector.id();
    let session = rig.linked(US).await;
    connector.shutdown().await;
    assert_eq!(rig.leases().owner(session).await.expect("owner"), None);
    assert!(!rig.leases().alive().await.expect("alive").contains(&first));

    let sent = rig.send_text(session, THEM, "while away").await;
    rig.phone_says(THEM, US, "missed you").await;
    let connector = rig.connector();
    rig.status(session, sent.id, Status::Sent).await;
    let missed = rig.received(session, "missed you").await;
    assert!(missed.offline);
    assert_eq!(rig.record(session).await.epoch, 2);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_the_epoch_lets_go_and_cannot_publish() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    // somebody else takes the session over; the heartbeat makes it look alive
    let thief = rig.env.new_id();
    rig.leases().heartbeat(thief, std::time::Duration::from_mins(5)).await.expect("heartbeat");
    let record = rig.record(session).await;
    let taken = rig.db.raise_epoch(session.id, record.epoch, thief).await.expect("epoch").expect("taken");
    rig.leases().take(session, thief, taken.epoch).await.expect("lease");

    let told = Event::new(&rig.env, session, EventData::SessionUnlinked {});
    let refused = rig.log().append(session, Some(record.epoch), &[told]).await;
    assert!(matches!(refused, Err(PortError::Stale)), "{refused:?}");
    eventually("letting go", || async { (connector.held() == 0).then_some(()) }).await;
    // the record still names the thief: the loser has not touched it
    let owner = rig.leases().owner(session).await.expect("owner");
    assert_eq!(owner, Some((thief, taken.epoch)));
    assert_eq!(rig.record(session).await.state, State::Connected);
    eventually("disconnecting", || async { (rig.sandbox.online() == 0).then_some(()) }).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_vanishes_is_replaced() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let gone = rig.env.new_id();
    let session = rig.session().await;
    // an owner on record whose heartbeat has run out
    let taken = rig.db.raise_epoch(session.id, 0, gone).await.expect("epoch").expect("taken");
    rig.leases().take(session, gone, taken.epoch).await.expect("lease");
    let connector = rig.connector();
    rig.owned(session, Some(gone)).await;
    rig.scan(session, US).await;
    rig.in_state(session, State::Connected).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_connectors_share_and_a_stopped_session_is_let_go() {
    let rig = Rig::start().await;
    let first = rig.connector();
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(rig.session().await);
    }
    eventually("all held", || async { (first.held() == 4).then_some(()) }).await;
    let second = rig.connector();
    eventually("shared", || async { (first.held() == 2 && second.held() == 2).then_some(()) }).await;

    let stopped = sessions[0];
    let workspace = stopped.workspace;
    Sessions::set_wanted(&rig.db, workspace, stopped.id, false).await.expect("stopped");
    rig.call(stopped, Command::Refresh).await;
    rig.in_state(stopped, State::Stopped).await;
    eventually("let go", || async { (first.held() + second.held() == 3).then_some(()) }).await;

    first.shutdown().await;
    eventually("taken over", || async { (second.held() == 3).then_some(()) }).await;
    second.shutdown().await;
    rig.stop().await;
}
