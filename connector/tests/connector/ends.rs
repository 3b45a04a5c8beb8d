//! How connections end: which the client comes back from by itself, which wait for a person, and which cost the
//! credentials. Each ends while a message is under way, and the message is shown once all the same.

use wagate_domain::{
    messages::{Message, Status},
    sessions::{Command, Session, SessionKey, State},
};
use wagate_sandbox::{
    faults::{Closing, Effect, Fault, Selector, StreamError, Trigger},
    trace::{Direction, EventFilter, EventKind},
};

use crate::rig::Rig;

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";

pub(crate) fn stream_error(error: StreamError) -> Effect {
    Effect::StreamError { error, deliver: false }
}

const fn failure(reason: u16) -> Effect {
    Effect::Failure { reason, deliver: false }
}

impl Rig {
    /// Lets the network end our connection when the next message comes over it, and sends one.
    pub(crate) async fn cut_off_by(&self, session: SessionKey, effect: &Effect) -> Message {
        let on = Selector {
            number: self.record(session).await.pn,
            direction: Some(Direction::In),
            tag: Some("message".to_owned()),
            ..Selector::default()
        };
        let when = Trigger { times: Some(1), ..Trigger::default() };
        self.sandbox.faults().add(Fault { on, when, effect: effect.clone() }).expect("a fault");
        self.send_text(session, THEM, &format!("{effect:?}")).await
    }

    /// Waits until a message is sent; the phone shows it once.
    pub(crate) async fn sent_once(&self, session: SessionKey, message: &Message) {
        self.status(session, message.id, Status::Sent).await;
        let shown = self.shown(THEM, &message.stanza_id).await;
        assert_eq!(shown.text.as_deref(), message.content.text());
    }

    /// How often the devices of a number have logged in.
    pub(crate) fn logins(&self, number: &str) -> usize {
        let filter = EventFilter {
            number: number.parse().ok(),
            kinds: vec![EventKind::Login],
            ..EventFilter::default()
        };
        self.sandbox.trace().events(0, &filter, usize::MAX).items.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_ends_are_recovered_from_by_themselves() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    for (index, effect) in [
        stream_error(StreamError::Restart),
        stream_error(StreamError::Unavailable),
        stream_error(StreamError::NotWellFormed),
        stream_error(StreamError::Ack),
        stream_error(StreamError::StreamEnd),
        stream_error(StreamError::RateLimited),
        failure(500),
        failure(503),
        Effect::Close { how: Closing::Clean, deliver: false },
        Effect::Close { how: Closing::Drop, deliver: true },
        Effect::Close { how: Closing::MidFrame, deliver: false },
    ]
    .into_iter()
    .enumerate()
    {
        // an account each: the client waits longer after every end in a row, up to 15 minutes
        let number = format!("49151111111{index:02}");
        let session = rig.linked(&number).await;
        let logins = rig.logins(&number);
        let message = rig.cut_off_by(session, &effect).await;
        rig.sent_once(session, &message).await;
        assert!(rig.logins(&number) > logins, "{effect:?} ended nothing");
        let record = rig.in_state(session, State::Connected).await;
        assert_eq!(record.pn.as_deref(), Some(number.as_str()), "{effect:?}");
    }
    connector.shutdown().await;
    rig.stop().await;
}

/// Ends a connection in a way that waits for a person, who then starts the session: what it was like before.
async fn waits_for_a_person(rig: &Rig, session: SessionKey, effect: Effect, state: State) -> Session {
    let linked = rig.record(session).await.pn;
    let message = rig.cut_off_by(session, &effect).await;
    let ended = rig.in_state(session, state).await;
    let logins = rig.logins(US);
    assert_eq!((&ended.pn, linked.is_some()), (&linked, true), "{effect:?} cost the credentials");
    // it answers after all it had to do
    rig.call(session, Command::Health).await;
    assert_eq!(rig.logins(US), logins, "{effect:?} was fought over");
    rig.call(session, Command::Refresh).await;
    rig.in_state(session, State::Connected).await;
    rig.sent_once(session, &message).await;
    ended
}

fn code(session: &Session) -> Option<&str> {
    session.reason.as_ref().map(|reason| reason.code.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_connection_is_never_fought_over() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    for error in [StreamError::Replaced, StreamError::Conflict] {
        let ended = waits_for_a_person(&rig, session, stream_error(error), State::Failed).await;
        assert_eq!(code(&ended), Some("replaced"), "{error:?}");
    }
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_session_stays_away_when_it_gets_another_owner() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let first = rig.connector();
    let session = rig.linked(US).await;
    rig.cut_off_by(session, &stream_error(StreamError::Replaced)).await;
    rig.in_state(session, State::Failed).await;
    let (logins, former) = (rig.logins(US), first.id());
    first.shutdown().await;
    let second = rig.connector();
    rig.owned(session, Some(former)).await;
    // it answers after all it had to do
    rig.call(session, Command::Health).await;
    assert_eq!((rig.logins(US), rig.record(session).await.state), (logins, State::Failed));
    second.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_end_costs_no_credentials() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    for (effect, state, reason) in [
        (stream_error(StreamError::Removed), State::LoggedOut, "logged_out"),
        (failure(406), State::LoggedOut, "logged_out"),
        (failure(403), State::LoggedOut, "account_locked"),
        (failure(402), State::Banned, "temporary_ban"),
        (failure(405), State::Outdated, "client_outdated"),
        (failure(400), State::Failed, "refused_400"),
        (failure(409), State::Failed, "refused_409"),
        (failure(418), State::Failed, "refused_418"),
        (failure(499), State::Failed, "refused_499"),
    ] {
        let ended = waits_for_a_person(&rig, session, effect.clone(), state).await;
        assert_eq!(code(&ended), Some(reason), "{effect:?}");
    }
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_removed_in_so_many_words_loses_its_credentials() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    for effect in [stream_error(StreamError::DeviceRemoved), failure(401)] {
        let message = rig.cut_off_by(session, &effect).await;
        let ended = rig.in_state(session, State::LoggedOut).await;
        assert_eq!((code(&ended), &ended.pn), (Some("device_removed"), &None), "{effect:?}");
        // linked anew, it sends what waited
        rig.call(session, Command::Refresh).await;
        rig.scan(session, US).await;
        rig.in_state(session, State::Connected).await;
        rig.sent_once(session, &message).await;
    }
    connector.shutdown().await;
    rig.stop().await;
}
