//! What a claim takes, and what settling counts.

use wagate_domain::{
    MessageId, Timestamp,
    messages::{
        Priority::{Bulk, Interactive},
        Status,
    },
    ports::{Claim, Lanes, Tally, Verdict, Wanted},
    sessions::Day,
};

use crate::fixtures::{EPOCH, Fixture, job, text, told};

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[tokio::test]
async fn several_are_claimed_and_settled_in_one_step() {
    let f = Fixture::start().await;
    for (name, priority) in
        [("b1", Bulk), ("b2", Bulk), ("i1", Interactive), ("i2", Interactive), ("b3", Bulk)]
    {
        f.accept(name, priority, None).await;
    }
    f.events().await;
    let four = Wanted { most: 4, ..Wanted::one(at(0)) };
    let Claim::Jobs(jobs) = f.lanes.claim(f.lane, EPOCH, four).await.unwrap() else {
        panic!("there are five")
    };
    assert_eq!(jobs.iter().map(|job| text(&job.message)).collect::<Vec<_>>(), ["i1", "i2", "b1", "b2"]);
    let ids: Vec<MessageId> = jobs.iter().map(|job| job.message.id).collect();
    let sent = [ids[0], ids[2]].map(|id| f.status_event(id, Status::Sent));
    let ends = [
        told(ids[0], Verdict::Done, &sent[..1]),
        told(ids[1], Verdict::Return, &[]),
        told(ids[2], Verdict::Done, &sent[1..]),
        told(ids[3], Verdict::Return, &[]),
    ];
    f.lanes.settle(f.lane, EPOCH, &ends).await.unwrap();
    assert_eq!(f.events().await, sent);
    let Claim::Jobs(jobs) = f.lanes.claim(f.lane, EPOCH, four).await.unwrap() else {
        panic!("three are left")
    };
    let left: Vec<_> = jobs.iter().map(|job| (text(&job.message), job.attempt)).collect();
    assert_eq!(
        left,
        [("i2".to_owned(), 1), ("b2".to_owned(), 1), ("b3".to_owned(), 1)],
        "not tried, not counted"
    );
}

#[tokio::test]
async fn without_bulk_only_interactive_messages_are_claimed() {
    let f = Fixture::start().await;
    f.accept("bulk", Bulk, None).await;
    f.accept("interactive", Interactive, None).await;
    let claim = |bulk| f.lanes.claim(f.lane, EPOCH, Wanted { bulk, ..Wanted::one(at(0)) });
    assert_eq!(text(&job(claim(false).await.unwrap()).message), "interactive");
    assert_eq!(claim(false).await.unwrap(), Claim::Nothing { next: None });
    assert_eq!(text(&job(claim(true).await.unwrap()).message), "bulk");
}

#[tokio::test]
async fn what_was_sent_on_a_day_is_counted_once_and_only_by_the_owner() {
    let f = Fixture::start().await;
    let tally = || f.lanes.tally(f.lane);
    assert_eq!(tally().await.unwrap(), Tally::default());
    for n in 0..5 {
        f.accept(&n.to_string(), Interactive, None).await;
    }
    let mut sent = Vec::new();
    for n in 0..5 {
        let id = f.claim().await.message.id;
        let day = Day(if n < 3 { 20_260_301 } else { 20_260_302 });
        let verdict = Verdict::Sent { day, new_chat: n % 2 == 0 };
        f.settle(id, verdict).await;
        // told again: it is no longer in flight
        f.settle(id, verdict).await;
        sent.push(tally().await.unwrap());
    }
    let days = [20_260_301, 20_260_301, 20_260_301, 20_260_302, 20_260_302];
    let counts = [(1, 1), (2, 1), (3, 2), (1, 0), (2, 1)];
    let expected: Vec<Tally> = days
        .into_iter()
        .zip(counts)
        .map(|(day, (sent, new_chats))| Tally { day: Day(day), sent, new_chats })
        .collect();
    assert_eq!(sent, expected);
}
