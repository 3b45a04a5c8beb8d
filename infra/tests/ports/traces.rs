//! Nothing of a deleted tenant stays in Redis, and of another one nothing goes.

use std::time::Duration;

use wagate_domain::{
    events::EventData,
    limits::{Payer, Rate},
    messages::{Priority, Status},
    ports::{
        Accept, Claim, EventLog, Group, Idempotency, Lanes, Leases, Limits, Poll, Polls, SessionCalls,
        Settlement, StoredAnswer, Traces, Unless, Verdict, Wanted,
    },
    sessions::{Command, CommandReply, Day, Pairing},
    workspaces::Plan,
};
use wagate_infra::redis::{Redis, RedisCalls, RedisIdempotency, RedisLimits, RedisPolls, RedisTraces};

use crate::fixtures::{EPOCH, Fixture};

/// Leaves whatever a tenant can leave, by every adapter.
async fn leave(f: &Fixture) {
    let lane = f.lane;
    let [sent, retried, parked, buried, _, _] = [
        f.accept("sent", Priority::Interactive, None).await,
        f.accept("tried again", Priority::Interactive, None).await,
        f.accept("parked", Priority::Interactive, None).await,
        f.accept("buried", Priority::Interactive, None).await,
        f.accept("bulk", Priority::Bulk, None).await,
        f.accept("due", Priority::Bulk, Some(3_600)).await,
    ];
    let claim = f.lanes.claim(lane, EPOCH, Wanted { most: 4, ..Wanted::one(f.env.now()) }).await.unwrap();
    assert!(matches!(claim, Claim::Jobs(jobs) if jobs.len() == 4));
    let later = f.env.now().plus(Duration::from_hours(1));
    for (message, verdict) in [
        (sent.id, Verdict::Sent { day: Day::default(), new_chat: true }),
        (retried.id, Verdict::RetryAt(later)),
        (parked.id, Verdict::Park { until: later }),
        (buried.id, Verdict::Bury),
    ] {
        f.lanes.settle(lane, EPOCH, &[Settlement::silent(message, verdict)]).await.unwrap();
    }
    f.lanes.set_paused(lane, true).await.unwrap();

    let calls = RedisCalls::new(f.redis.clone());
    calls.call(lane, &Command::OfferQr, Duration::ZERO).await.unwrap();
    calls.reply(lane, "cmd", &CommandReply::Done).await.unwrap();
    let pairing = Pairing::Qr { code: "2@code".to_owned(), expires_at: later };
    calls.offer(lane, Some(&pairing)).await.unwrap();
    calls.offered(lane).await.unwrap();
    let chat = "6281@lid".parse().unwrap();
    let poll = Poll { creator: "6281@lid".parse().unwrap(), secret: vec![7; 32], options: Vec::new() };
    RedisPolls::new(f.redis.clone()).keep(lane, &chat, "A", &poll).await.unwrap();

    let memory = RedisIdempotency::new(f.redis.clone());
    memory.begin(lane.workspace, "key", "body", ulid::Ulid(1)).await.unwrap();
    let answer = StoredAnswer { status: 201, body: "{}".to_owned() };
    memory.finish(lane.workspace, "key", &answer).await.unwrap();
    let rate = Some(Rate::a_second(1, 9));
    let plan = Plan {
        messages_per_day: Some(5),
        messages_per_month: Some(9),
        sends_per_session: rate,
        requests: rate,
        requests_per_key: rate,
        ..Plan::default()
    };
    let (limits, payer) =
        (RedisLimits::new(f.redis.clone(), f.env.clone()), Payer::Workspace(lane.workspace));
    limits.take(payer, &plan.for_messages(lane.id, 1)).await.unwrap();
    let actor = wagate_domain::auth::Actor::Key(f.env.new_id());
    limits.take(payer, &plan.for_request(actor)).await.unwrap();
    // with its events read and dropped, nothing is left in the log
    f.events().await;
    f.log.trim().await.unwrap();
}

async fn found(redis: &Redis, f: &Fixture) -> Vec<String> {
    redis.find(&f.lane.workspace.to_string()).await.unwrap()
}

#[tokio::test]
async fn nothing_of_a_tenant_is_left_and_of_another_everything() {
    let gone = Fixture::start().await;
    let twin = Fixture::over(gone.redis.clone()).await;
    leave(&gone).await;
    leave(&twin).await;
    let redis = &gone.redis;
    let (before, theirs) = (found(redis, &gone).await, found(redis, &twin).await);
    assert!(before.len() > 15 && before.len() == theirs.len(), "{before:#?}\n{theirs:#?}");
    let traces = RedisTraces::new(redis.clone());
    assert_eq!(traces.forget(gone.lane.workspace).await.unwrap(), before.len() as u64);
    assert_eq!(found(redis, &gone).await, Vec::<String>::new());
    assert_eq!(found(redis, &twin).await, theirs);
    assert_eq!(traces.forget(gone.lane.workspace).await.unwrap(), 0);
    assert!(gone.leases.owner(gone.lane).await.unwrap().is_none(), "whoever held the session is stale now");
    let message = gone.message("late", Priority::Bulk);
    let event = wagate_domain::events::Event::new(
        &gone.env,
        gone.lane,
        EventData::MessageStatus { message: message.id, status: Status::Sent, failure: None },
    );
    let late = gone.log.append(gone.lane, Some(EPOCH), std::slice::from_ref(&event)).await;
    assert!(late.is_err(), "and tells nothing any more");
    let accept = Accept { message, event, unless: Unless::Known };
    gone.lanes.accept(gone.lane, &[accept]).await.unwrap();
    assert!(traces.forget(gone.lane.workspace).await.unwrap() > 0, "what comes late is found as well");
    assert_eq!(gone.log.lag(Group::Store).await.unwrap(), 1);
}
