//! The rules of calls from the API to the owner of a session.

use std::time::{Duration, Instant};

use wagate_domain::{
    Timestamp,
    messages::Priority,
    ports::{SessionCalls, Wake},
    sessions::{Command, CommandReply, Pairing, SessionKey},
};
use wagate_infra::redis::RedisCalls;

use crate::fixtures::{Fixture, eventually, next};

const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_call_is_answered_by_the_owner() {
    let f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    let owner = async {
        let (id, command) =
            eventually("the command arrives", || async { calls.next_command(f.lane).await.unwrap() }).await;
        let reply = CommandReply::Refused { code: "no".to_owned(), message: "because".to_owned() };
        calls.reply(f.lane, &id, &reply).await.unwrap();
        (command, reply)
    };
    let command = Command::OfferCode { phone: "6281".to_owned() };
    let (answer, (taken, reply)) = tokio::join!(calls.call(f.lane, &command, PATIENCE), owner);
    assert_eq!(answer.unwrap(), Some(reply));
    assert_eq!(taken, command);
    assert_eq!(calls.next_command(f.lane).await.unwrap(), None);
}

#[tokio::test]
async fn a_call_without_an_owner_ends_when_patience_does() {
    let f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    let begun = Instant::now();
    assert_eq!(calls.call(f.lane, &Command::Logout, Duration::from_millis(80)).await.unwrap(), None);
    assert!(begun.elapsed() >= Duration::from_millis(80));
    assert_eq!(calls.call(f.lane, &Command::Refresh, Duration::ZERO).await.unwrap(), None);
    let mut left = Vec::new();
    while let Some((_, command)) = calls.next_command(f.lane).await.unwrap() {
        left.push(command);
    }
    assert_eq!(left, [Command::Logout, Command::Refresh], "they wait for the owner, in order");
}

#[tokio::test]
async fn replies_find_their_own_callers() {
    let f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    let call = |n: u32| {
        let command = Command::OfferCode { phone: n.to_string() };
        let calls = calls.clone();
        let lane = f.lane;
        async move { calls.call(lane, &command, PATIENCE).await.unwrap() }
    };
    let owner = async {
        for _ in 0..10 {
            let (id, command) =
                eventually("a command", || async { calls.next_command(f.lane).await.unwrap() }).await;
            let Command::OfferCode { phone } = command else { panic!("{command:?}") };
            let offer = Pairing::Code { code: phone, expires_at: Timestamp::from_millis(0) };
            calls.reply(f.lane, &id, &CommandReply::Pairing(offer)).await.unwrap();
        }
    };
    let (answers, ()) = tokio::join!(futures::future::join_all((0..10).map(call)), owner);
    for (n, answer) in answers.into_iter().enumerate() {
        let offer = Pairing::Code { code: n.to_string(), expires_at: Timestamp::from_millis(0) };
        assert_eq!(answer, Some(CommandReply::Pairing(offer)));
    }
}

#[tokio::test]
async fn commands_nobody_takes_stay_bounded() {
    let f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    for n in 0..150 {
        let command = Command::OfferCode { phone: n.to_string() };
        calls.call(f.lane, &command, Duration::ZERO).await.unwrap();
    }
    let (_, oldest) = calls.next_command(f.lane).await.unwrap().unwrap();
    assert_eq!(oldest, Command::OfferCode { phone: "50".to_owned() });
}

#[tokio::test]
async fn an_offer_stands_until_its_time_ends_or_it_is_taken_down() {
    let f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    let offer = |millis: i64| Pairing::Qr {
        code: "2@code".to_owned(),
        expires_at: Timestamp::from_millis(f.env.now().as_millis() + millis),
    };
    assert_eq!(calls.offered(f.lane).await.unwrap(), None);
    let long = offer(60_000);
    calls.offer(f.lane, Some(&long)).await.unwrap();
    assert_eq!(calls.offered(f.lane).await.unwrap(), Some(long));
    calls.offer(f.lane, None).await.unwrap();
    assert_eq!(calls.offered(f.lane).await.unwrap(), None);
    calls.offer(f.lane, Some(&offer(-1))).await.unwrap();
    assert_eq!(calls.offered(f.lane).await.unwrap(), None, "it had ended before it was put up");
    calls.offer(f.lane, Some(&offer(300))).await.unwrap();
    eventually("the offer ends", || async { calls.offered(f.lane).await.unwrap().is_none().then_some(()) })
        .await;
}

#[tokio::test]
async fn asking_for_an_offer_is_noted() {
    let f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    assert!(!calls.is_wanted(f.lane).await.unwrap());
    calls.offered(f.lane).await.unwrap();
    assert!(calls.is_wanted(f.lane).await.unwrap());
    let other = SessionKey { workspace: f.lane.workspace, id: f.env.new_id() };
    assert!(!calls.is_wanted(other).await.unwrap());
}

#[tokio::test]
async fn an_owner_is_woken_by_messages_commands_and_announcements() {
    let f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    let mut wakes = calls.wakes().await.unwrap();
    assert_eq!(next(&mut wakes).await, Wake::Everything, "it may have missed what came before");
    f.accept("x", Priority::Bulk, None).await;
    assert_eq!(next(&mut wakes).await, Wake::Session(f.lane));
    f.accept("later", Priority::Bulk, Some(i64::from(u32::MAX))).await;
    assert_eq!(next(&mut wakes).await, Wake::Session(f.lane));
    calls.call(f.lane, &Command::Refresh, Duration::ZERO).await.unwrap();
    assert_eq!(next(&mut wakes).await, Wake::Session(f.lane));
    for _ in 0..40 {
        let session = SessionKey { workspace: f.env.new_id(), id: f.env.new_id() };
        calls.announce(session).await.unwrap();
        assert_eq!(next(&mut wakes).await, Wake::Session(session), "whatever its shard");
    }
}
