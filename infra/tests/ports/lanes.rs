//! The rules of lanes, each by its name.

use fred::prelude::{ClientLike, KeysInterface};
use futures::future::try_join_all;
use wagate_domain::{
    SessionId, Timestamp, WorkspaceId,
    events::EventData,
    messages::{
        Priority::{Bulk, Interactive},
        Status,
    },
    ports::{Accepted, Claim, LaneDepth, Lanes, Leases, PortError, Verdict, Wanted, Which},
    sessions::SessionKey,
};

use crate::fixtures::{EPOCH, Fixture, job, text, told};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[tokio::test]
async fn accept_is_idempotent_by_message_id() {
    let f = Fixture::start().await;
    let message = f.message("once", Interactive);
    let accept = f.accepting(&message, None);
    assert_eq!(f.accept_one(&accept).await, Accepted::Queued { ahead: 0 });
    assert_eq!(f.accept_one(&accept).await, Accepted::Already);
    f.claim().await;
    assert_eq!(f.accept_one(&accept).await, Accepted::Already, "while in flight");
    f.settle(message.id, Verdict::Done).await;
    assert_eq!(f.accept_one(&accept).await, Accepted::Already, "after it was sent");
    assert_eq!(f.events().await, [accept.event], "and its event stands once");
    assert_eq!(f.lanes.depth(f.lane).await.unwrap(), LaneDepth::default());
}

#[tokio::test]
async fn of_many_simultaneous_accepts_of_one_message_one_counts() {
    let f = Fixture::start().await;
    let accept = f.accepting(&f.message("once", Interactive), None);
    let outcomes =
        try_join_all((0..50).map(|_| f.lanes.accept(f.lane, std::slice::from_ref(&accept)))).await.unwrap();
    assert_eq!(
        outcomes.iter().flatten().filter(|outcome| matches!(outcome, Accepted::Queued { .. })).count(),
        1
    );
    assert_eq!(f.lanes.depth(f.lane).await.unwrap().interactive, 1);
}

#[tokio::test]
async fn messages_leave_in_the_order_they_came_and_complete() {
    let f = Fixture::start().await;
    let mut sent = Vec::new();
    for n in 0..30 {
        sent.push(f.accept(&n.to_string(), Interactive, None).await);
    }
    for message in sent {
        let job = f.claim().await;
        assert_eq!((job.message, job.attempt), (message.clone(), 1));
        f.settle(message.id, Verdict::Done).await;
    }
    assert_eq!(f.claim_at(0).await, Claim::Nothing { next: None });
}

#[tokio::test]
async fn interactive_messages_overtake_bulk_ones() {
    let f = Fixture::start().await;
    for n in 0..3 {
        f.accept(&format!("bulk {n}"), Bulk, None).await;
    }
    let first = f.claim().await;
    f.accept("a", Interactive, None).await;
    f.accept("b", Interactive, None).await;
    f.settle(first.message.id, Verdict::Done).await;
    assert_eq!(text(&first.message), "bulk 0");
    assert_eq!(f.drain(0).await, ["a", "b", "bulk 1", "bulk 2"]);
}

#[tokio::test]
async fn a_claim_checks_the_epoch() {
    let f = Fixture::start().await;
    f.accept("x", Interactive, None).await;
    for epoch in [EPOCH - 1, EPOCH + 1, 0] {
        let claim = f.lanes.claim(f.lane, epoch, Wanted::one(at(0))).await;
        assert!(matches!(claim, Err(PortError::Stale)), "epoch {epoch}: {claim:?}");
    }
    f.leases.take(f.lane, f.env.new_id(), EPOCH + 1).await.unwrap();
    assert!(matches!(f.lanes.claim(f.lane, EPOCH, Wanted::one(at(0))).await, Err(PortError::Stale)));
    assert!(matches!(f.lanes.claim(f.lane, EPOCH + 1, Wanted::one(at(0))).await, Ok(Claim::Jobs(_))));
}

#[tokio::test]
async fn a_lane_that_nobody_owns_gives_nothing() {
    let f = Fixture::start().await;
    let other = SessionKey { workspace: f.lane.workspace, id: f.env.new_id() };
    assert!(matches!(f.lanes.claim(other, 0, Wanted::one(at(0))).await, Err(PortError::Stale)));
}

#[tokio::test]
async fn a_stale_owner_settles_nothing_and_tells_nothing() {
    let f = Fixture::start().await;
    let message = f.accept("x", Interactive, None).await;
    f.claim().await;
    f.events().await;
    f.leases.take(f.lane, f.env.new_id(), EPOCH + 1).await.unwrap();
    let sent = f.status_event(message.id, Status::Sent);
    let late = f.lanes.settle(f.lane, EPOCH, &[told(message.id, Verdict::Done, &[sent])]).await;
    assert!(matches!(late, Err(PortError::Stale)));
    assert!(matches!(f.lanes.recover(f.lane, EPOCH).await, Err(PortError::Stale)));
    assert_eq!(f.events().await, []);
    assert_eq!(f.lanes.depth(f.lane).await.unwrap().in_flight, 1);
}

#[tokio::test]
async fn settling_appends_its_events_in_order_even_when_nothing_is_in_flight() {
    let f = Fixture::start().await;
    let message = f.accept("x", Interactive, None).await;
    f.claim().await;
    f.events().await;
    let events = [Status::Sending, Status::Sent].map(|status| f.status_event(message.id, status));
    f.lanes.settle(f.lane, EPOCH, &[told(message.id, Verdict::Done, &events)]).await.unwrap();
    assert_eq!(f.events().await, events);
    let again = [f.status_event(message.id, Status::Delivered)];
    let retry = Verdict::RetryAt(at(5));
    f.lanes.settle(f.lane, EPOCH, &[told(message.id, retry, &again)]).await.unwrap();
    assert_eq!(f.events().await, again);
    assert_eq!(f.lanes.depth(f.lane).await.unwrap(), LaneDepth::default(), "and did not queue it again");
}

#[tokio::test]
async fn recovery_puts_what_was_in_flight_back_in_its_old_order() {
    let f = Fixture::start().await;
    for n in 0..4 {
        f.accept(&format!("bulk {n}"), Bulk, None).await;
    }
    for n in 0..1_200 {
        f.accept(&format!("{n}"), Interactive, None).await;
    }
    // more than one step of a recovery
    for _ in 0..1_100 {
        f.claim().await;
    }
    f.leases.take(f.lane, f.env.new_id(), EPOCH + 1).await.unwrap();
    assert_eq!(f.lanes.recover(f.lane, EPOCH + 1).await.unwrap(), 1_100);
    assert_eq!(f.lanes.recover(f.lane, EPOCH + 1).await.unwrap(), 0);
    let mut order = Vec::new();
    while let Claim::Jobs(jobs) = f.lanes.claim(f.lane, EPOCH + 1, Wanted::one(at(0))).await.unwrap() {
        let [job] = jobs.as_slice() else { panic!("one was asked for") };
        assert_eq!(job.attempt, if order.len() < 1_100 { 2 } else { 1 });
        order.push(text(&job.message));
    }
    let interactive = (0..1_200).map(|n| n.to_string());
    assert!(order.into_iter().eq(interactive.chain((0..4).map(|n| format!("bulk {n}")))));
}

#[tokio::test]
async fn a_retry_holds_the_lane_and_keeps_the_order() {
    let f = Fixture::start().await;
    for name in ["a", "b", "c"] {
        f.accept(name, Interactive, None).await;
    }
    let first = f.claim().await;
    f.settle(first.message.id, Verdict::RetryAt(at(1_000))).await;
    assert_eq!(f.claim_at(999).await, Claim::Nothing { next: Some(at(1_000)) });
    let again = job(f.claim_at(1_000).await);
    assert_eq!((text(&again.message).as_str(), again.attempt), ("a", 2));
    f.settle(again.message.id, Verdict::Done).await;
    assert_eq!(f.drain(1_000).await, ["b", "c"]);
}

#[tokio::test]
async fn of_two_retries_the_later_moment_holds_and_the_older_message_leads() {
    let f = Fixture::start().await;
    for name in ["a", "b", "c"] {
        f.accept(name, Interactive, None).await;
    }
    let (a, b) = (f.claim().await, f.claim().await);
    f.settle(b.message.id, Verdict::RetryAt(at(500))).await;
    f.settle(a.message.id, Verdict::RetryAt(at(300))).await;
    assert_eq!(f.claim_at(499).await, Claim::Nothing { next: Some(at(500)) });
    assert_eq!(f.drain(500).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_held_lane_does_not_name_a_moment_before_it_opens() {
    let f = Fixture::start().await;
    let message = f.accept("a", Interactive, None).await;
    f.claim().await;
    f.settle(message.id, Verdict::RetryAt(at(1_000))).await;
    f.accept("due within", Interactive, Some(600)).await;
    assert_eq!(f.claim_at(700).await, Claim::Nothing { next: Some(at(1_000)) });
    let event = f.status_event(message.id, Status::Cancelled);
    assert!(f.cancel_in(f.lane, message.id, &event).await);
    f.accept("due after", Interactive, Some(2_000)).await;
    assert_eq!(f.drain(1_500).await, ["due within"]);
    assert_eq!(f.claim_at(1_500).await, Claim::Nothing { next: Some(at(2_000)) });
}

#[tokio::test]
async fn a_held_lane_with_nothing_in_it_names_no_moment() {
    let f = Fixture::start().await;
    let message = f.accept("a", Interactive, None).await;
    f.claim().await;
    f.settle(message.id, Verdict::RetryAt(at(1_000))).await;
    let event = f.status_event(message.id, Status::Cancelled);
    assert!(f.cancel_in(f.lane, message.id, &event).await);
    assert_eq!(f.claim_at(500).await, Claim::Nothing { next: None });
    f.accept("later", Interactive, Some(5_000)).await;
    assert_eq!(f.claim_at(500).await, Claim::Nothing { next: Some(at(5_000)) });
}

#[tokio::test]
async fn scheduled_messages_wait_for_their_moment_and_leave_in_its_order() {
    let f = Fixture::start().await;
    f.accept("third", Interactive, Some(300)).await;
    f.accept("first", Interactive, Some(100)).await;
    f.accept("second", Interactive, Some(200)).await;
    assert_eq!(f.claim_at(99).await, Claim::Nothing { next: Some(at(100)) });
    assert_eq!(f.lanes.depth(f.lane).await.unwrap().due, 3);
    assert_eq!(f.drain(250).await, ["first", "second"]);
    assert_eq!(f.claim_at(250).await, Claim::Nothing { next: Some(at(300)) });
    assert_eq!(f.drain(300).await, ["third"]);
}

#[tokio::test]
async fn fifty_thousand_messages_of_one_second_are_promoted_in_order() {
    let f = Fixture::start().await;
    let total: usize = 50_000;
    for start in (0..total).step_by(500) {
        // all within one second, most at the very same moment as others: then their ids decide
        let due = |n: usize| Some(i64::try_from(n / 100).unwrap());
        let batch: Vec<_> =
            (start..start + 500).map(|n| f.accepting(&f.message(&n.to_string(), Bulk), due(n))).collect();
        f.lanes.accept(f.lane, &batch).await.unwrap();
    }
    assert_eq!(f.lanes.depth(f.lane).await.unwrap().due, 50_000);
    f.accept("interactive", Interactive, None).await;
    assert_eq!(text(&job(f.claim_at(1_000_000).await).message), "interactive");
    for n in 0..total {
        assert_eq!(text(&job(f.claim_at(1_000_000).await).message), n.to_string());
    }
    assert_eq!(f.claim_at(1_000_000).await, Claim::Nothing { next: None });
}

#[tokio::test]
async fn a_waiting_message_can_be_cancelled_and_one_in_flight_not() {
    let f = Fixture::start().await;
    let in_flight = f.accept("in flight", Interactive, None).await;
    f.claim().await;
    let ready = f.accept("ready", Interactive, None).await;
    let bulk = f.accept("bulk", Bulk, None).await;
    let scheduled = f.accept("scheduled", Interactive, Some(10)).await;
    f.events().await;
    let cancelled = |id| f.status_event(id, Status::Cancelled);
    let mut told = Vec::new();
    for message in [&ready, &bulk, &scheduled] {
        let event = cancelled(message.id);
        assert!(f.cancel_in(f.lane, message.id, &event).await);
        assert!(!f.cancel_in(f.lane, message.id, &event).await, "only once");
        told.push(event);
    }
    assert!(!f.cancel_in(f.lane, in_flight.id, &cancelled(in_flight.id)).await);
    assert_eq!(f.events().await, told);
    f.settle(in_flight.id, Verdict::Done).await;
    assert!(!f.cancel_in(f.lane, in_flight.id, &cancelled(in_flight.id)).await);
    assert_eq!(f.drain(100).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_message_cannot_be_cancelled_through_another_session() {
    let f = Fixture::start().await;
    let message = f.accept("mine", Interactive, None).await;
    let event = f.status_event(message.id, Status::Cancelled);
    for other in [
        SessionKey { workspace: f.env.new_id::<WorkspaceId>(), id: f.lane.id },
        SessionKey { workspace: f.lane.workspace, id: f.env.new_id::<SessionId>() },
    ] {
        assert!(!f.cancel_in(other, message.id, &event).await);
    }
    assert_eq!(f.drain(0).await, ["mine"]);
}

#[tokio::test]
async fn peek_finds_a_message_of_the_workspace_and_none_of_another() {
    let f = Fixture::start().await;
    let message = f.accept("x", Interactive, None).await;
    let peeked = |workspace| f.lanes.peek(workspace, message.id);
    assert_eq!(peeked(f.lane.workspace).await.unwrap(), Some(message.clone()));
    assert_eq!(peeked(f.env.new_id()).await.unwrap(), None);
    f.claim().await;
    f.settle(message.id, Verdict::Done).await;
    assert_eq!(peeked(f.lane.workspace).await.unwrap(), Some(message.clone()), "a while after it was sent");
}

#[tokio::test]
async fn buried_messages_are_kept_aside() {
    let f = Fixture::start().await;
    let message = f.accept("x", Interactive, None).await;
    f.accept("y", Interactive, None).await;
    f.claim().await;
    f.settle(message.id, Verdict::Bury).await;
    let depth = f.lanes.depth(f.lane).await.unwrap();
    assert_eq!(depth, LaneDepth { interactive: 1, dead: 1, ..LaneDepth::default() });
    assert_eq!(f.drain(0).await, ["y"]);
    assert!(f.lanes.peek(f.lane.workspace, message.id).await.unwrap().is_some());
}

#[tokio::test]
async fn depth_counts_every_place() {
    let f = Fixture::start().await;
    f.accept("flight", Interactive, None).await;
    f.claim().await;
    f.accept("i", Interactive, None).await;
    for n in 0..2 {
        f.accept(&format!("b{n}"), Bulk, None).await;
    }
    for n in 0..3 {
        f.accept(&format!("d{n}"), Bulk, Some(100)).await;
    }
    let expected = LaneDepth { interactive: 1, bulk: 2, due: 3, in_flight: 1, ..LaneDepth::default() };
    assert_eq!(f.lanes.depth(f.lane).await.unwrap(), expected);
}

#[tokio::test]
async fn waiting_messages_are_kept_and_finished_ones_expire() {
    let f = Fixture::start().await;
    let redis = f.plain_client().await;
    let done = f.accept("done", Interactive, None).await;
    let buried = f.accept("buried", Interactive, None).await;
    f.claim().await;
    f.claim().await;
    f.settle(done.id, Verdict::Done).await;
    f.settle(buried.id, Verdict::Bury).await;
    let cancelled = f.accept("cancelled", Interactive, None).await;
    let event = f.status_event(cancelled.id, Status::Cancelled);
    assert!(f.cancel_in(f.lane, cancelled.id, &event).await);
    let waiting = f.accept("waiting", Interactive, Some(i64::MAX / 2_000_000)).await;
    let hour = 3_600_000;
    let mut seen = 0;
    let keys: Vec<String> = redis.custom(fred::cmd!("KEYS"), vec!["*"]).await.unwrap();
    for key in keys {
        let expiry: i64 = redis.pttl(&key).await.unwrap();
        let expected = match &key {
            key if key.contains(&done.id.to_string()) => 1..=hour,
            key if key.contains(&cancelled.id.to_string()) => 1..=hour,
            key if key.contains(&buried.id.to_string()) || key.ends_with(":dead") => 1..=30 * 24 * hour,
            key if key.contains(&waiting.id.to_string()) => -1..=-1,
            key if key.ends_with(":due") || key.ends_with(":owner") || key.ends_with(":log") => -1..=-1,
            key => panic!("a key nobody expected: {key}"),
        };
        assert!(expected.contains(&expiry), "{key} expires in {expiry} ms");
        seen += 1;
    }
    assert_eq!(seen, 8);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_buried_and_the_lane_goes_on() {
    let f = Fixture::start().await;
    let redis = f.plain_client().await;
    let broken = f.accept("broken", Interactive, None).await;
    f.accept("whole", Interactive, None).await;
    let keys: Vec<String> =
        redis.custom(fred::cmd!("KEYS"), vec![format!("*msg:{}", broken.id)]).await.unwrap();
    let arguments = vec![keys[0].as_str(), "m", "{\"from\":\"another version\"}"];
    let _: i64 = redis.custom(fred::cmd!("HSET"), arguments).await.unwrap();
    assert_eq!(f.drain(0).await, ["whole"]);
    assert_eq!(f.lanes.depth(f.lane).await.unwrap(), LaneDepth { dead: 1, ..LaneDepth::default() });
}

#[tokio::test]
async fn lanes_do_not_touch_each_other() {
    let f = Fixture::start().await;
    let g = Fixture::over(f.redis.clone()).await;
    f.accept("f", Interactive, None).await;
    g.accept("g", Interactive, None).await;
    let held = f.claim().await;
    f.settle(held.message.id, Verdict::RetryAt(at(1_000))).await;
    assert_eq!(g.drain(0).await, ["g"]);
    let told: Vec<_> =
        f.events().await.into_iter().filter(|e| matches!(e.data, EventData::MessageAccepted(_))).collect();
    assert_eq!(told.len(), 2, "one log for both");
}

#[tokio::test]
async fn what_waits_is_listed_and_what_is_in_flight_is_not() {
    let f = Fixture::start().await;
    f.accept("claimed", Interactive, None).await;
    let bulk = f.accept("bulk", Bulk, None).await;
    let later = f.accept("later", Interactive, Some(60_000)).await;
    let ready = f.accept("ready", Interactive, None).await;
    f.claim().await;
    assert_eq!(f.lanes.waiting(f.lane, &Which::default()).await.unwrap(), [ready.id, bulk.id, later.id]);
}
