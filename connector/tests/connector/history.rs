//! The past of an account, told by its phone after linking.

use std::time::Duration;

use serde_json::{Value, json};
use wagate_domain::{
    events::{EventData, HistoryProgress},
    messages::{Direction, Message, Status},
    sessions::{SessionKey, State},
};
use wagate_sandbox::{
    faults::{Effect, Fault, Selector, Trigger},
    trace::{EventFilter, EventKind},
};

use crate::rig::{Rig, eventually};

const US: &str = "4915111111111";
const THEM: &str = "6281234567890";
/// Messages in the chat: more than come in one piece, and more than are written at a time.
const MANY: usize = 260;

/// Gives our phone a chat with a past: they write and we answer in turn, a minute apart, up to an hour ago.
async fn with_past(rig: &Rig) {
    rig.phone(THEM).await;
    rig.phone(US).await;
    let messages: Vec<Value> = (0..MANY)
        .map(|n| {
            let minutes = 60 + (MANY - n) as u64;
            let millis = i64::try_from(Duration::from_mins(minutes).as_millis()).expect("time");
            let time = wagate_domain::Timestamp::from_millis(rig.env.now().as_millis() - millis).to_string();
            let said = json!({ "to": THEM, "text": { "body": text(n) } });
            match n % 2 {
                0 => json!({ "id": id(n), "from": THEM, "message": said, "time": time }),
                _ => json!({ "id": id(n), "message": said, "time": time }),
            }
        })
        .collect();
    let given = rig.does(US, "history", json!({ "messages": messages })).await;
    assert_eq!(given["messages"], MANY);
}

fn text(n: usize) -> String {
    format!("long ago {n}")
}

fn id(n: usize) -> String {
    format!("PAST{n:04}")
}

/// Messages of the past in the log so far, without those that came more than once.
fn past(rig: &Rig, session: SessionKey) -> Vec<Message> {
    let mut past: Vec<Message> = Vec::new();
    for data in rig.events(session) {
        if let EventData::MessageReceived { message, history: true, .. } = data
            && past.iter().all(|known| known.id != message.id)
        {
            past.push(*message);
        }
    }
    past
}

/// Waits until all of the past is in the log.
async fn all_of_it(rig: &Rig, session: SessionKey) -> Vec<Message> {
    eventually("the whole past", || async {
        let past = past(rig, session);
        (past.len() >= MANY).then_some(past)
    })
    .await
}

/// Keeps files from being downloaded until it is taken away.
fn unavailable_files(rig: &Rig) -> u64 {
    let on = Selector { direction: Some(wagate_sandbox::trace::Direction::Out), ..Selector::default() };
    let effect = Effect::MediaStatus { status: 503 };
    rig.sandbox.faults().add(Fault { on, when: Trigger::default(), effect }).expect("a fault").id
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_on_record_without_being_news() {
    let rig = Rig::start().await;
    with_past(&rig).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    let mut past = all_of_it(&rig, session).await;
    past.sort_by_key(|message| message.at);
    for (n, message) in past.iter().enumerate() {
        assert_eq!((message.stanza_id.clone(), message.content.text()), (id(n), Some(text(n).as_str())));
        let (direction, status) = match n % 2 {
            0 => (Direction::In, Status::Received),
            _ => (Direction::Out, Status::Read),
        };
        assert_eq!((message.direction, message.status, message.offline), (direction, status, false));
        assert_eq!(message.contact.pn.as_deref(), Some(THEM));
        assert!(message.contact.lid.is_some());
    }
    let done = rig
        .event("the end of the past", session, |data| match data {
            EventData::HistoryProgress(progress) if progress.done => Some(*progress),
            _ => None,
        })
        .await;
    assert_eq!(done.percent, 100);
    let steps: Vec<HistoryProgress> = rig
        .events(session)
        .iter()
        .filter_map(|data| if let EventData::HistoryProgress(step) = data { Some(*step) } else { None })
        .collect();
    let told: u32 = steps.iter().map(|step| step.messages).sum();
    assert!(steps.len() >= 2 && told as usize >= MANY, "{steps:?}");
    // what comes now is news
    rig.phone_says(THEM, US, "today").await;
    rig.received(session, "today").await;
    let fresh = rig.events(session).into_iter().filter(
        |data| matches!(data, EventData::MessageReceived { message, history: false, .. } if message.content.text() != Some("today")),
    );
    assert_eq!(fresh.count(), 0);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_in_polls_of_the_past_are_opened() {
    let rig = Rig::start().await;
    rig.phone(THEM).await;
    rig.phone(US).await;
    let poll = json!({ "poll": { "name": "Drinks?", "options": ["tea", "coffee"], "selectable": 1 } });
    // our phone's, before this device was linked
    let id = rig.phone_sends(US, THEM, poll).await;
    rig.shown(THEM, &id).await;
    let connector = rig.connector();
    let session = rig.linked(US).await;
    rig.event("the poll", session, |data| match data {
        EventData::MessageReceived { message, history: true, .. } if message.stanza_id == id => Some(()),
        _ => None,
    })
    .await;
    rig.phone_sends(THEM, US, json!({ "poll_vote": { "message": id, "options": ["tea"] } })).await;
    let options = rig
        .event("the vote", session, |data| match data {
            EventData::PollVote { target, options, .. } if target.stanza_id == id => Some(options.clone()),
            _ => None,
        })
        .await;
    assert_eq!(options, ["tea"]);
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_that_was_not_stored_comes_again_for_the_next_owner() {
    let rig = Rig::start().await;
    with_past(&rig).await;
    let fault = unavailable_files(&rig);
    let connector = rig.connector();
    let session = rig.linked(US).await;
    eventually("a file asked for in vain", || async {
        let faults = rig.sandbox.faults().list();
        faults.iter().any(|known| known.id == fault && known.applied > 0).then_some(())
    })
    .await;
    // it has announcements that it could not follow, and dies with them
    connector.shutdown().await;
    assert_eq!(past(&rig, session).len(), 0);
    rig.sandbox.faults().clear();
    let connector = rig.connector();
    all_of_it(&rig, session).await;
    rig.in_state(session, State::Connected).await;
    connector.shutdown().await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_whose_file_cannot_be_had_is_asked_again() {
    let rig = Rig::start().await;
    with_past(&rig).await;
    unavailable_files(&rig);
    let connector = rig.connector();
    let session = rig.linked(US).await;
    // takes half a minute: as long as a piece may take
    eventually("a question to the phone", || async {
        let filter = EventFilter { kinds: vec![EventKind::Stanza], ..EventFilter::default() };
        let stanzas = rig.sandbox.trace().events(0, &filter, usize::MAX).items;
        let asks = |event: &wagate_sandbox::trace::Event| {
            let stanza = event.stanza.as_deref();
            stanza.is_some_and(|stanza| stanza.tag == "receipt" && stanza.r#type.as_deref() == Some("retry"))
        };
        stanzas.iter().any(|event| asks(event)).then_some(())
    })
    .await;
    rig.sandbox.faults().clear();
    all_of_it(&rig, session).await;
    connector.shutdown().await;
    rig.stop().await;
}
