//! The rules of the event log.

use std::time::{Duration, Instant};

use fred::prelude::ClientLike;
use futures::future::try_join_all;
use wagate_domain::{
    events::{Event, EventData},
    ids::Id,
    messages::Status,
    ports::{Duties, EventLog, Group, LogEntry, LogPosition, PortError},
    sessions::SessionKey,
};
use wagate_infra::redis::RedisLog;

use crate::fixtures::{EPOCH, Fixture, eventually};

const GROUP: Group = Group::Store;

impl Fixture {
    fn event_of(&self, session: SessionKey) -> Event {
        Event::new(&self.env, session, EventData::SessionUnlinked {})
    }

    fn other_session(&self) -> SessionKey {
        SessionKey { workspace: self.lane.workspace, id: self.env.new_id() }
    }

    async fn append(&self, count: usize) -> Vec<Event> {
        let events: Vec<_> = (0..count).map(|_| self.event_of(self.lane)).collect();
        self.log.append(self.lane, None, &events).await.unwrap();
        events
    }

    async fn read(&self, consumer: &str, count: u32) -> Vec<LogEntry> {
        self.log.read(GROUP, consumer, count, Duration::ZERO).await.unwrap()
    }
}

fn events(entries: &[LogEntry]) -> Vec<Event> {
    entries.iter().map(|entry| entry.event.clone().unwrap()).collect()
}

fn positions(entries: &[LogEntry]) -> Vec<LogPosition> {
    entries.iter().map(|entry| entry.position.clone()).collect()
}

#[tokio::test]
async fn events_of_a_session_come_out_in_the_order_they_went_in() {
    let f = Fixture::start().await;
    let mut sent = f.append(3).await;
    sent.extend(f.append(2).await);
    assert_eq!(f.events().await, sent);
    assert_eq!(f.events().await, []);
}

#[tokio::test]
async fn a_reader_that_comes_late_sees_everything_from_the_beginning() {
    let f = Fixture::start().await;
    let mut sent = Vec::new();
    for _ in 0..40 {
        let session = f.other_session();
        let event = f.event_of(session);
        f.log.append(session, None, std::slice::from_ref(&event)).await.unwrap();
        sent.push(event.id);
    }
    let mut read: Vec<_> = f.events().await.into_iter().map(|event| event.id).collect();
    read.sort_by_key(|id| id.ulid());
    sent.sort_by_key(|id| id.ulid());
    assert_eq!(read, sent);
    assert!(sent.iter().all(|id| id.to_string().starts_with(wagate_domain::EventId::PREFIX)));
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again() {
    let f = Fixture::start().await;
    let sent = f.append(5).await;
    let first = f.read("a", 2).await;
    assert_eq!(events(&first), sent[..2]);
    assert_eq!(f.read("a", 2).await, first, "as often as it takes");
    f.log.ack(GROUP, &positions(&first[..1])).await.unwrap();
    assert_eq!(events(&f.read("a", 10).await), sent[1..2], "before anything new");
    f.log.ack(GROUP, &positions(&first)).await.unwrap();
    assert_eq!(events(&f.read("a", 10).await), sent[2..]);
}

#[tokio::test]
async fn a_consumer_that_crashed_finds_its_entries_under_its_name() {
    let f = Fixture::start().await;
    let sent = f.append(3).await;
    f.read("a", 10).await;
    let after_restart = RedisLog::new(f.redis.clone());
    let again = after_restart.read(GROUP, "a", 10, Duration::ZERO).await.unwrap();
    assert_eq!(events(&again), sent);
}

#[tokio::test]
async fn the_entries_of_a_vanished_consumer_go_to_another() {
    let f = Fixture::start().await;
    let sent = f.append(3).await;
    f.read("vanishes", 10).await;
    let patient = f.read("b", 10).await;
    assert_eq!(patient, [], "not before it is known to be gone");
    let log = RedisLog::new(f.redis.clone()).taking_over_after(Duration::from_millis(20));
    let taken = eventually("the entries are taken over", || async {
        let entries = log.read(GROUP, "b", 10, Duration::ZERO).await.unwrap();
        (!entries.is_empty()).then_some(entries)
    });
    assert_eq!(events(&taken.await), sent);
}

#[tokio::test]
async fn a_waiting_reader_gets_what_is_appended_and_gives_up_in_time() {
    let f = Fixture::start().await;
    f.read("a", 1).await;
    let log = f.log.clone();
    let waiting = tokio::spawn(async move { log.read(GROUP, "a", 10, Duration::from_secs(30)).await });
    let begun = Instant::now();
    let sent = f.append(1).await;
    assert_eq!(events(&waiting.await.unwrap().unwrap()), sent);
    assert!(begun.elapsed() < Duration::from_secs(20), "it did not wait for its whole time");
    let nothing = f.log.read(GROUP, "b", 10, Duration::from_millis(50)).await.unwrap();
    assert_eq!(nothing, []);
}

#[tokio::test]
async fn waiting_readers_do_not_hold_others_up() {
    let f = Fixture::start().await;
    f.append(1).await;
    f.events().await;
    let waiting: Vec<_> = (0..4)
        .map(|n| {
            let log = f.log.clone();
            tokio::spawn(async move { log.read(GROUP, &n.to_string(), 1, Duration::from_secs(30)).await })
        })
        .collect();
    let begun = Instant::now();
    for _ in 0..100 {
        f.redis.ping().await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(15));
    waiting.into_iter().for_each(|task| task.abort());
}

#[tokio::test]
async fn a_read_that_is_given_up_does_not_hold_the_next_one_up() {
    let f = Fixture::start().await;
    f.read("a", 1).await;
    for _ in 0..3 {
        let given_up = f.log.read(GROUP, "a", 10, Duration::from_secs(60));
        assert!(tokio::time::timeout(Duration::from_millis(50), given_up).await.is_err());
    }
    let sent = f.append(2).await;
    assert_eq!(f.events_as("a").await, sent, "and what it might have been given is not lost");
}

#[tokio::test]
async fn a_stale_owner_appends_nothing() {
    let f = Fixture::start().await;
    let event = [f.event_of(f.lane)];
    for epoch in [EPOCH - 1, EPOCH + 1] {
        let refused = f.log.append(f.lane, Some(epoch), &event).await;
        assert!(matches!(refused, Err(PortError::Stale)));
    }
    assert_eq!(f.events().await, []);
    f.log.append(f.lane, Some(EPOCH), &event).await.unwrap();
    assert_eq!(f.events().await, event);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_told_and_can_be_passed() {
    let f = Fixture::start().await;
    f.append(1).await;
    let redis = f.plain_client().await;
    let streams: Vec<String> = redis.custom(fred::cmd!("KEYS"), vec!["*:log"]).await.unwrap();
    for fields in [vec!["e", "{\"type\":\"from.the.future\"}"], vec!["other", "field"]] {
        let mut arguments = vec![streams[0].as_str(), "*"];
        arguments.extend(fields);
        let _: String = redis.custom(fred::cmd!("XADD"), arguments).await.unwrap();
    }
    let last = f.append(1).await;
    let entries = f.read("a", 10).await;
    assert_eq!(
        entries.iter().map(|entry| entry.event.is_some()).collect::<Vec<_>>(),
        [true, false, false, true]
    );
    assert_eq!(entries[3].event.as_ref(), last.first());
    f.log.ack(GROUP, &positions(&entries)).await.unwrap();
    assert_eq!(f.log.lag(GROUP).await.unwrap(), 0);
}

#[tokio::test]
async fn lag_counts_what_was_not_acknowledged() {
    let f = Fixture::start().await;
    assert_eq!(f.log.lag(GROUP).await.unwrap(), 0);
    f.append(10).await;
    assert_eq!(f.log.lag(GROUP).await.unwrap(), 10, "before the group has read anything");
    let entries = f.read("a", 4).await;
    assert_eq!(f.log.lag(GROUP).await.unwrap(), 10, "taken is not acknowledged");
    f.log.ack(GROUP, &positions(&entries[..3])).await.unwrap();
    assert_eq!(f.log.lag(GROUP).await.unwrap(), 7);
    f.log.trim().await.unwrap();
    assert_eq!(f.log.lag(GROUP).await.unwrap(), 7, "trimming changes nothing");
    f.events().await;
    f.log.ack(GROUP, &positions(&entries)).await.unwrap();
    assert_eq!(f.log.lag(GROUP).await.unwrap(), 0);
}

#[tokio::test]
async fn the_oldest_entry_that_was_not_acknowledged_tells_how_far_behind_a_group_is() {
    let f = Fixture::start().await;
    let oldest = async || f.log.oldest_unread(GROUP).await.unwrap();
    assert_eq!(oldest().await, None);
    f.append(1).await;
    let first = oldest().await.expect("one that nobody has read");
    while f.env.now() <= first {
        tokio::task::yield_now().await;
    }
    f.append(1).await;
    let entries = f.read("a", 1).await;
    assert_eq!(oldest().await, Some(first), "taken is not acknowledged");
    f.log.ack(GROUP, &positions(&entries)).await.unwrap();
    assert!(oldest().await.expect("the second one") > first);
    let entries = f.read("a", 1).await;
    assert!(oldest().await.is_some());
    f.log.ack(GROUP, &positions(&entries)).await.unwrap();
    assert_eq!(oldest().await, None);
}

#[tokio::test]
async fn only_what_every_group_has_acknowledged_is_trimmed() {
    let f = Fixture::start().await;
    let sent = f.append(350).await;
    assert_eq!(f.log.trim().await.unwrap(), 0, "nobody has read it");
    let entries = f.read("a", 300).await;
    assert_eq!(f.log.trim().await.unwrap(), 0, "nobody has acknowledged it");
    // all but the third: what follows must stay, however much of it is acknowledged
    let mut most = positions(&entries);
    let third = most.remove(2);
    f.log.ack(GROUP, &most).await.unwrap();
    assert_eq!(f.log.trim().await.unwrap(), 2);
    assert_eq!(events(&f.read("a", 10).await), sent[2..3]);
    f.log.ack(GROUP, &[third]).await.unwrap();
    assert_eq!(f.log.trim().await.unwrap(), 298);
    let rest = f.events().await;
    assert_eq!(rest, sent[300..]);
    assert_eq!(f.log.trim().await.unwrap(), 50);
    assert_eq!(f.log.trim().await.unwrap(), 0);
}

#[tokio::test]
async fn many_writers_lose_nothing() {
    let f = Fixture::start().await;
    let writers = (0..20).map(|_| {
        let (log, session) = (f.log.clone(), f.other_session());
        let events: Vec<_> = (0..50)
            .map(|_| {
                let (message, status) = (f.env.new_id(), Status::Sent);
                Event::new(&f.env, session, EventData::MessageStatus { message, status, failure: None })
            })
            .collect();
        async move {
            for batch in events.chunks(5) {
                log.append(session, None, batch).await?;
            }
            Ok::<_, PortError>((session.id, events))
        }
    });
    let written = try_join_all(writers).await.unwrap();
    let read = f.events().await;
    assert_eq!(read.len(), 1_000);
    for (session, events) in written {
        assert!(
            read.iter().filter(|event| event.session == session).eq(&events),
            "in order within a session"
        );
    }
}

#[tokio::test]
async fn one_process_leads_until_it_resigns_or_falls_silent() {
    let f = Fixture::start().await;
    let long = Duration::from_secs(60);
    assert!(f.duties.take("store", "a", long).await.unwrap());
    assert!(f.duties.take("store", "a", long).await.unwrap(), "asking again keeps the lead");
    assert!(!f.duties.take("store", "b", long).await.unwrap());
    f.duties.give_back("store", "b").await.unwrap();
    assert!(!f.duties.take("store", "b", long).await.unwrap(), "nobody resigns for another");
    f.duties.give_back("store", "a").await.unwrap();
    assert!(f.duties.take("store", "b", Duration::from_millis(20)).await.unwrap());
    eventually("b falls silent", || async { f.duties.take("store", "a", long).await.unwrap().then_some(()) })
        .await;
    assert!(!f.duties.take("store", "b", long).await.unwrap());
}
