//! A session is taken from an owner that had not let go, and wakes up: the network knows one connection of a device only,
//! the last one.

use wagate_connector::ConnectorHandle;
use wagate_domain::{
    events::EventData,
    ports::{Leases, Sessions},
    sessions::{SessionKey, State},
};
use wagate_sandbox::faults::StreamError;

use crate::{
    ends::stream_error,
    rig::{Rig, eventually},
    twin::Twin,
};

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

/// A linked session without an owner.
async fn left(rig: &Rig) -> SessionKey {
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    connector.shutdown().await;
    session
}

/// Gives a session an owner that is asleep, its heartbeat run out: what it will do when it wakes up.
async fn falls_asleep(rig: &Rig, session: SessionKey) -> Twin {
    let (asleep, epoch) = (rig.env.new_id(), rig.record(session).await.epoch);
    let taken = rig.db.raise_epoch(session.id, epoch, asleep).await.expect("epoch").expect("taken");
    rig.leases().take(session, asleep, taken.epoch).await.expect("lease");
    Twin::of(rig, session, taken.epoch).await
}

/// What was so before something happens to a connection.
struct Before {
    logins: usize,
    told: usize,
}

impl Before {
    fn now(rig: &Rig, session: SessionKey) -> Self {
        Self { logins: rig.logins(US), told: states(rig, session).len() }
    }

    /// Waits until a device has logged in again so many times, and it was told that the session is connected again.
    async fn comes_back(&self, rig: &Rig, session: SessionKey, logins: usize) {
        eventually("being connected again", || async {
            let told = states(rig, session).split_off(self.told);
            let connected = told.len() > 1 && told.last() == Some(&State::Connected);
            (connected && rig.logins(US) >= self.logins + logins).then_some(())
        })
        .await;
    }
}

/// A connector that holds the session and is connected.
async fn takes_over(rig: &Rig, session: SessionKey) -> ConnectorHandle {
    let before = Before::now(rig, session);
    let connector = rig.connector();
    before.comes_back(rig, session, 1).await;
    connector
}

/// The states that a session has been in, in their order.
fn states(rig: &Rig, session: SessionKey) -> Vec<State> {
    let state = |data| match data {
        EventData::SessionStatus { state, .. } => Some(state),
        _ => None,
    };
    rig.events(session).into_iter().filter_map(state).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_a_former_owner_replaced_is_taken_back() {
    let rig = Rig::start().await;
    let session = left(&rig).await;
    let former = falls_asleep(&rig, session).await;
    let connector = takes_over(&rig, session).await;
    let before = Before::now(&rig, session);
    let woken = former.connect().await;
    // its own login, and then ours
    before.comes_back(&rig, session, 2).await;
    assert_eq!(states(&rig, session)[before.told..], [State::Reconnecting, State::Connected]);
    // the connection is good for something
    let sent = rig.send_text(session, THEM, "still here").await;
    rig.sent_once(session, &sent).await;
    assert_eq!(rig.logins(US), before.logins + 2, "nobody fights over it");
    woken.shutdown().await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_replaced_again_and_again_is_given_up() {
    let rig = Rig::start().await;
    let session = left(&rig).await;
    falls_asleep(&rig, session).await;
    let connector = takes_over(&rig, session).await;
    for _ in 0..3 {
        let before = Before::now(&rig, session);
        let message = rig.cut_off_by(session, &stream_error(StreamError::Replaced)).await;
        before.comes_back(&rig, session, 1).await;
        rig.sent_once(session, &message).await;
    }
    rig.cut_off_by(session, &stream_error(StreamError::Replaced)).await;
    let record = rig.in_state(session, State::Failed).await;
    assert_eq!(record.reason.map(|reason| reason.code).as_deref(), Some("replaced"));
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_another_replaced_after_an_orderly_hand_over_is_not_taken_back() {
    let rig = Rig::start().await;
    let session = left(&rig).await;
    let stranger = Twin::of(&rig, session, rig.record(session).await.epoch).await;
    let connector = takes_over(&rig, session).await;
    let logins = rig.logins(US);
    let other = stranger.connect().await;
    let record = rig.in_state(session, State::Failed).await;
    assert_eq!(record.reason.map(|reason| reason.code).as_deref(), Some("replaced"));
    assert_eq!(rig.logins(US), logins + 1);
    other.shutdown().await;
    connector.shutdown().await;
    rig.stop().await;
}
