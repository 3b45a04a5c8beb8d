//! Guessing gets slower; who is at home is not held up by strangers.

use std::{net::IpAddr, time::Duration};

use wagate_domain::{
    people::{Effort, EmailAddress},
    ports::Attempts,
};
use wagate_infra::redis::RedisAttempts;

use crate::fixtures::Fixture;

fn origin(n: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, n]))
}

fn account(name: &str) -> EmailAddress {
    format!("{name}@example.com").parse().unwrap()
}

/// How many tries go on before one has to wait, and for how long.
async fn tries(
    attempts: &RedisAttempts,
    effort: Effort,
    account: &EmailAddress,
    from: impl Fn(u32) -> Option<IpAddr>,
) -> (u32, Duration) {
    for n in 0..1_000 {
        if let Some(wait) = attempts.begin(effort, account, from(n)).await.unwrap() {
            return (n, wait);
        }
    }
    panic!("nobody had to wait");
}

#[tokio::test]
async fn after_the_free_tries_comes_a_pause() {
    let f = Fixture::start().await;
    let attempts = RedisAttempts::new(f.redis.clone());
    for effort in Effort::ALL {
        let limit = effort.one_on_one();
        let (free, wait) = tries(&attempts, effort, &account("ayu"), |_| origin(1)).await;
        assert_eq!(free, limit.free, "{effort:?}");
        assert!(wait <= limit.first && !wait.is_zero(), "{effort:?} {wait:?}");
    }
    let other = attempts.begin(Effort::Password, &account("budi"), origin(1)).await.unwrap();
    assert_eq!(other, None, "another account");
    let elsewhere = attempts.begin(Effort::Password, &account("ayu"), origin(2)).await.unwrap();
    assert_eq!(elsewhere, None, "another origin");
}

#[tokio::test]
async fn of_many_at_once_no_more_go_on_than_are_free() {
    let f = Fixture::start().await;
    let attempts = RedisAttempts::new(f.redis.clone());
    let ayu = account("ayu");
    let all = (0..30).map(|_| attempts.begin(Effort::Password, &ayu, origin(1)));
    let went =
        futures::future::join_all(all).await.into_iter().filter(|wait| wait.as_ref().unwrap().is_none());
    assert_eq!(went.count(), usize::try_from(Effort::Password.one_on_one().free).unwrap());
}

#[tokio::test]
async fn strangers_from_everywhere_do_not_hold_up_who_is_at_home() {
    let f = Fixture::start().await;
    let attempts = RedisAttempts::new(f.redis.clone());
    let (ayu, home) = (account("ayu"), origin(200));
    assert_eq!(attempts.begin(Effort::Password, &ayu, home).await.unwrap(), None);
    attempts.succeeded(Effort::Password, &ayu, home).await.unwrap();
    let everywhere = |n: u32| origin(u8::try_from(n % 100).unwrap());
    let (free, wait) = tries(&attempts, Effort::Password, &ayu, everywhere).await;
    assert_eq!(free, Effort::Password.on_account().free);
    assert!(wait <= Effort::Password.on_account().longest);
    let stranger = attempts.begin(Effort::Password, &ayu, origin(150)).await.unwrap();
    assert!(stranger.is_some(), "also from where nobody tried yet");
    assert_eq!(attempts.begin(Effort::Password, &ayu, home).await.unwrap(), None);
}

#[tokio::test]
async fn one_origin_does_not_try_all_accounts() {
    let f = Fixture::start().await;
    let attempts = RedisAttempts::new(f.redis.clone());
    let mut free = 0;
    while attempts.begin(Effort::Password, &account(&format!("n{free}")), origin(1)).await.unwrap().is_none()
    {
        free += 1;
    }
    assert_eq!(free, Effort::Password.from_origin().free);
    let elsewhere = attempts.begin(Effort::Password, &account("n1"), origin(2)).await.unwrap();
    assert_eq!(elsewhere, None);
}

#[tokio::test]
async fn who_succeeds_was_not_guessing() {
    let f = Fixture::start().await;
    let attempts = RedisAttempts::new(f.redis.clone());
    let ayu = account("ayu");
    for _ in 0..100 {
        assert_eq!(attempts.begin(Effort::Password, &ayu, origin(1)).await.unwrap(), None);
        attempts.succeeded(Effort::Password, &ayu, origin(1)).await.unwrap();
    }
}
