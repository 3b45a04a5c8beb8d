//! What can be done with messages that wait: change, park, pause, look for, queue again.

use wagate_domain::{
    Address, MessageId, Timestamp,
    events::{Event, EventData},
    messages::{
        Content, Message,
        Priority::{Bulk, Interactive},
        Status,
    },
    ports::{
        Accept, Accepted, Claim, Edited, Job, LaneDepth, Lanes, Leases, Place, PortError, Standing, Unless,
        Verdict, Wanted, Which,
    },
};

use crate::fixtures::{EPOCH, Fixture, text};

const LATER: Timestamp = Timestamp::from_millis(5_000);
const PARK: Verdict = Verdict::Park { until: LATER };

/// The same message with another text, one revision on.
fn rewritten(message: &Message, body: &str) -> Message {
    let content = Content::Text { body: body.to_owned() };
    Message { content, revision: message.revision + 1, ..message.clone() }
}

async fn edit(f: &Fixture, message: &Message) -> Edited {
    let event = Event::new(&f.env, f.lane, EventData::MessageEdited(Box::new(message.clone())));
    f.lanes.edit(message, &event).await.unwrap()
}

fn scheduled(message: &Message, due: i64) -> Message {
    Message { send_at: Some(Timestamp::from_millis(due)), status: Status::Scheduled, ..message.clone() }
}

#[tokio::test]
async fn a_batch_is_taken_in_its_order_and_each_learns_its_place() {
    let f = Fixture::start().await;
    let texts: Vec<String> = (0..250).map(|n| n.to_string()).collect();
    let mut batch: Vec<Accept> = texts.iter().map(|t| f.accepting(&f.message(t, Bulk), None)).collect();
    batch.insert(100, f.accepting(&f.message("single", Interactive), None));
    batch.insert(0, f.accepting(&f.message("later", Bulk), Some(5_000)));
    let answers = f.lanes.accept(f.lane, &batch).await.unwrap();
    let ahead = |index: usize| match answers[index] {
        Accepted::Queued { ahead } => ahead,
        Accepted::Already => panic!("{index}"),
    };
    assert_eq!((ahead(0), ahead(1), ahead(2), ahead(100)), (0, 0, 1, 99));
    assert_eq!(ahead(101), 0, "an interactive message leaves before all bulk");
    assert_eq!(ahead(102), 101, "and the bulk behind it counts it");
    assert_eq!(f.lanes.accept(f.lane, &batch).await.unwrap(), [Accepted::Already; 252]);
    assert_eq!(f.events().await.len(), 252);
    let mut expected = vec!["single".to_owned()];
    expected.extend(texts);
    assert_eq!(f.drain(0).await, expected);
}

#[tokio::test]
async fn a_waiting_message_can_be_rewritten_and_keeps_its_place() {
    let f = Fixture::start().await;
    let first = f.accept("first", Interactive, None).await;
    f.accept("second", Interactive, None).await;
    f.events().await;
    let change = rewritten(&first, "changed");
    assert_eq!(edit(&f, &change).await, Edited::Done);
    assert_eq!(f.events().await[0].data, EventData::MessageEdited(Box::new(change.clone())));
    assert_eq!(f.lanes.peek(f.lane.workspace, first.id).await.unwrap(), Some(change));
    assert_eq!(f.drain(0).await, ["changed", "second"]);
}

#[tokio::test]
async fn of_two_changes_to_the_same_revision_one_counts() {
    let f = Fixture::start().await;
    let message = f.accept("x", Interactive, None).await;
    assert_eq!(edit(&f, &rewritten(&message, "a")).await, Edited::Done);
    assert_eq!(edit(&f, &rewritten(&message, "b")).await, Edited::Conflict);
    assert_eq!(f.drain(0).await, ["a"]);
}

#[tokio::test]
async fn a_message_that_was_claimed_cannot_be_changed() {
    let f = Fixture::start().await;
    let message = f.accept("x", Interactive, None).await;
    f.claim().await;
    assert_eq!(edit(&f, &rewritten(&message, "late")).await, Edited::TooLate);
    f.settle(message.id, Verdict::Done).await;
    assert_eq!(edit(&f, &rewritten(&message, "later")).await, Edited::TooLate);
    assert_eq!(edit(&f, &f.message("never accepted", Bulk)).await, Edited::TooLate);
}

#[tokio::test]
async fn a_change_of_moment_or_priority_moves_the_message() {
    let f = Fixture::start().await;
    let a = f.accept("a", Interactive, Some(100)).await;
    let b = f.accept("b", Interactive, None).await;
    let c = f.accept("c", Bulk, None).await;
    f.accept("d", Interactive, None).await;
    // a: at once, behind what waits; b: later; c: overtakes nothing that was before it, but is interactive now
    let now = Message { send_at: None, status: Status::Accepted, ..rewritten(&a, "a") };
    assert_eq!(edit(&f, &now).await, Edited::Done);
    assert_eq!(edit(&f, &scheduled(&rewritten(&b, "b"), 500)).await, Edited::Done);
    assert_eq!(edit(&f, &Message { priority: Interactive, ..rewritten(&c, "c") }).await, Edited::Done);
    assert_eq!(f.drain(0).await, ["c", "d", "a"]);
    assert_eq!(f.drain(500).await, ["b"]);
}

#[tokio::test]
async fn parked_messages_let_others_pass_and_come_back_to_their_place() {
    let f = Fixture::start().await;
    for name in ["new 1", "reply 1", "new 2", "reply 2"] {
        f.accept(name, Interactive, None).await;
    }
    f.accept("bulk new", Bulk, None).await;
    let mut sent = Vec::new();
    while let Claim::Jobs(jobs) = f.claim_at(0).await {
        for Job { message, .. } in jobs {
            let name = text(&message);
            if name.contains("new") {
                f.settle(message.id, PARK).await;
            } else {
                f.settle(message.id, Verdict::Done).await;
                sent.push(name);
            }
        }
    }
    assert_eq!(sent, ["reply 1", "reply 2"]);
    assert_eq!(f.lanes.depth(f.lane).await.unwrap(), LaneDepth { parked: 3, ..LaneDepth::default() });
    f.accept("behind", Interactive, None).await;
    f.accept("due", Interactive, Some(1)).await;
    assert!(matches!(f.lanes.unpark(f.lane, EPOCH - 1).await, Err(PortError::Stale)));
    assert_eq!(f.lanes.unpark(f.lane, EPOCH).await.unwrap(), 3);
    assert_eq!(f.lanes.unpark(f.lane, EPOCH).await.unwrap(), 0);
    assert_eq!(f.drain(1).await, ["new 1", "new 2", "behind", "due", "bulk new"]);
}

#[tokio::test]
async fn a_parked_message_can_be_changed_and_cancelled() {
    let f = Fixture::start().await;
    let a = f.accept("a", Interactive, None).await;
    let b = f.accept("b", Interactive, None).await;
    for message in [&a, &b] {
        f.claim().await;
        f.settle(message.id, PARK).await;
    }
    assert_eq!(edit(&f, &rewritten(&a, "changed")).await, Edited::Done);
    assert!(f.cancel_in(f.lane, b.id, &f.status_event(b.id, Status::Cancelled)).await);
    f.lanes.unpark(f.lane, EPOCH).await.unwrap();
    assert_eq!(f.drain(0).await, ["changed"]);
}

#[tokio::test]
async fn a_paused_lane_gives_nothing_until_it_is_resumed() {
    let f = Fixture::start().await;
    f.accept("a", Interactive, None).await;
    f.accept("later", Interactive, Some(10)).await;
    f.lanes.set_paused(f.lane, true).await.unwrap();
    f.lanes.set_paused(f.lane, true).await.unwrap();
    assert_eq!(f.claim_at(20).await, Claim::Nothing { next: None });
    assert!(f.lanes.depth(f.lane).await.unwrap().paused);
    // a new owner does not resume it
    f.leases.take(f.lane, f.env.new_id(), EPOCH + 1).await.unwrap();
    assert_eq!(f.lanes.recover(f.lane, EPOCH + 1).await.unwrap(), 0);
    let claim = f.lanes.claim(f.lane, EPOCH + 1, Wanted::one(Timestamp::from_millis(20))).await.unwrap();
    assert_eq!(claim, Claim::Nothing { next: None });
    f.lanes.set_paused(f.lane, false).await.unwrap();
    let claim = f.lanes.claim(f.lane, EPOCH + 1, Wanted::one(Timestamp::from_millis(20))).await.unwrap();
    assert!(matches!(claim, Claim::Jobs(_)));
}

#[tokio::test]
async fn waiting_messages_are_found_by_chat_and_campaign_wherever_they_wait() {
    let f = Fixture::start().await;
    let mut wanted = Vec::new();
    let mut accepts = Vec::new();
    for n in 0..2_500_u32 {
        let mut message = f.message(&n.to_string(), if n % 2 == 0 { Bulk } else { Interactive });
        message.campaign = (n % 5 == 0).then(|| "xmas".to_owned());
        message.chat = Address::pn(format!("628123456{:04}", n % 7));
        if n % 5 == 0 && n % 7 == 3 {
            wanted.push(message.id);
        }
        accepts.push(f.accepting(&message, (n % 3 == 0).then_some(1_000)));
    }
    f.lanes.accept(f.lane, &accepts).await.unwrap();
    let which = Which { chat: Some(Address::pn("6281234560003")), campaign: Some("xmas".to_owned()) };
    let mut found = f.lanes.waiting(f.lane, &which).await.unwrap();
    found.sort_unstable();
    assert_eq!(found, wanted);
    assert_eq!(f.lanes.waiting(f.lane, &Which::default()).await.unwrap().len(), 2_500);
    let events: Vec<(MessageId, Event)> =
        found.iter().map(|id| (*id, f.status_event(*id, Status::Cancelled))).collect();
    assert!(f.lanes.cancel(f.lane, &events).await.unwrap().into_iter().all(|done| done));
    assert_eq!(f.lanes.waiting(f.lane, &which).await.unwrap(), []);
}

#[tokio::test]
async fn the_place_of_a_message_is_told_at_every_step() {
    let f = Fixture::start().await;
    let flying = f.accept("in flight", Interactive, None).await;
    f.claim().await;
    let next = f.accept("next", Interactive, None).await;
    let bulk = f.accept("bulk", Bulk, None).await;
    let due = f.accept("due", Bulk, Some(77)).await;
    let standing = |place, attempts| Some(Standing { place, attempts });
    assert_eq!(f.standing(flying.id).await, standing(Place::InFlight, 1));
    assert_eq!(f.standing(next.id).await, standing(Place::Ready { ahead: 1 }, 0));
    assert_eq!(f.standing(bulk.id).await, standing(Place::Ready { ahead: 2 }, 0));
    assert_eq!(f.standing(due.id).await, standing(Place::Due(Timestamp::from_millis(77)), 0));
    let front: Vec<_> = f.lanes.front(f.lane, 2).await.unwrap();
    let expected = [(flying.id, Place::InFlight, 1), (next.id, Place::Ready { ahead: 1 }, 0)];
    assert_eq!(front, expected.map(|(id, place, attempts)| (id, Standing { place, attempts })));
    assert_eq!(f.lanes.front(f.lane, 9).await.unwrap().len(), 3, "what is due later is not at the front");
    f.settle(flying.id, Verdict::RetryAt(Timestamp::from_millis(99))).await;
    assert_eq!(f.standing(flying.id).await, standing(Place::Ready { ahead: 0 }, 1));
    let held_until = f.lanes.depth(f.lane).await.unwrap().held_until;
    assert_eq!(held_until, Some(Timestamp::from_millis(99)));
    f.claim_at(99).await;
    f.settle(flying.id, PARK).await;
    assert_eq!(f.standing(flying.id).await, standing(Place::Parked { until: LATER }, 2));
    assert_eq!(f.standing(f.env.new_id()).await, None);
    f.claim_at(99).await;
    f.settle(next.id, Verdict::Done).await;
    assert_eq!(f.standing(next.id).await, None, "it has ended");
}

#[tokio::test]
async fn a_message_that_ended_can_be_queued_again_and_one_that_waits_not_twice() {
    let f = Fixture::start().await;
    let message = f.accept("again", Interactive, None).await;
    let again = Accept { unless: Unless::Waiting, ..f.accepting(&message, None) };
    assert_eq!(f.accept_one(&again).await, Accepted::Already, "it waits");
    f.claim().await;
    assert_eq!(f.accept_one(&again).await, Accepted::Already, "it is in flight");
    f.settle(message.id, Verdict::Bury).await;
    assert_eq!(f.accept_one(&again).await, Accepted::Queued { ahead: 0 });
    let job = f.claim().await;
    assert_eq!((text(&job.message).as_str(), job.attempt), ("again", 1), "counted anew");
    assert_eq!(f.lanes.depth(f.lane).await.unwrap().dead, 0);
    f.settle(message.id, Verdict::Done).await;
    assert_eq!(f.accept_one(&again).await, Accepted::Queued { ahead: 0 });
    // its record is not one that is about to be forgotten
    f.claim().await;
    assert_eq!(f.lanes.missing(f.lane, &[message.id]).await.unwrap(), []);
}

#[tokio::test]
async fn what_redis_knows_nothing_of_is_told() {
    let f = Fixture::start().await;
    let waiting = f.accept("waiting", Interactive, Some(5)).await;
    let sent = f.accept("sent", Interactive, None).await;
    f.claim().await;
    f.settle(sent.id, Verdict::Done).await;
    let lost: MessageId = f.env.new_id();
    let missing = f.lanes.missing(f.lane, &[waiting.id, lost, sent.id]).await.unwrap();
    assert_eq!(missing, [lost]);
}
