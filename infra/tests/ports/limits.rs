//! Limits hold over all processes, whether they ask for each thing or take some ahead.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fred::prelude::ClientLike;
use wagate_domain::{
    SessionId,
    auth::Actor,
    limits::{Charge, Decision, Payer, Period, Rate, Rule, Spent, Subject},
    ports::{Limits, PortError},
};
use wagate_infra::{memory::LeasedLimits, redis::RedisLimits};

use crate::fixtures::{Fixture, eventually};

/// Slow enough that nothing refills while a test runs.
const FIVE_A_DAY: Rate = Rate { amount: 5, seconds: 86_400, burst: 5 };

fn direct(f: &Fixture) -> RedisLimits {
    RedisLimits::new(f.redis.clone(), f.env.clone())
}

fn leased(f: &Fixture) -> LeasedLimits {
    LeasedLimits::new(direct(f))
}

fn tenant(f: &Fixture) -> Payer {
    Payer::Workspace(f.env.new_id())
}

async fn take(limits: &dyn Limits, payer: Payer, charges: &[Charge]) -> Decision {
    limits.take(payer, charges).await.unwrap().expect("something is charged")
}

/// What is true of both adapters.
async fn conforms(f: &Fixture, limits: &dyn Limits) {
    a_small_rate_is_exact(f, limits).await;
    all_or_nothing(f, limits).await;
    quotas_count_and_are_given_back(f, limits).await;
    assert_eq!(limits.take(tenant(f), &[]).await.unwrap(), None, "nothing is charged");
}

async fn a_small_rate_is_exact(f: &Fixture, limits: &dyn Limits) {
    let (payer, other) = (tenant(f), tenant(f));
    let key = Charge::request(Subject::Caller(Actor::Key(f.env.new_id())), FIVE_A_DAY);
    for left in (0..5).rev() {
        let decision = take(limits, payer, &[key]).await;
        assert!(decision.allowed);
        assert_eq!((decision.remaining, decision.retry_after, decision.ends), (left, None, None));
    }
    let refused = take(limits, payer, &[key]).await;
    let retry = refused.retry_after.expect("it refills");
    let interval = Duration::from_micros(FIVE_A_DAY.interval());
    assert!(!refused.allowed && retry <= interval && retry > interval / 2, "{refused:?}");
    assert!(refused.reset_after > interval * 4 && refused.reset_after <= interval * 5, "{refused:?}");
    assert!(take(limits, other, &[key]).await.allowed, "another tenant's is another");

    let many = Charge { cost: 6, ..key };
    for payer in [payer, other] {
        assert!(take(limits, payer, &[many]).await.is_hopeless(), "more than there ever is at once");
    }
}

async fn all_or_nothing(f: &Fixture, limits: &dyn Limits) {
    let payer = tenant(f);
    let (small, large): (SessionId, SessionId) = (f.env.new_id(), f.env.new_id());
    let small = Charge { subject: Subject::Session(small), rule: Rule::Rate(FIVE_A_DAY), cost: 2 };
    let large = Charge {
        subject: Subject::Session(large),
        rule: Rule::Rate(Rate { burst: 100, ..FIVE_A_DAY }),
        cost: 10,
    };
    for _ in 0..2 {
        let decision = take(limits, payer, &[small, large]).await;
        assert!(decision.allowed && decision.subject == small.subject, "the tighter one is told");
    }
    for charges in [[small, large], [large, small]] {
        let decision = take(limits, payer, &charges).await;
        assert!(!decision.allowed && decision.subject == small.subject && decision.remaining == 1);
    }
    assert_eq!(take(limits, payer, &[large]).await.remaining, 70, "a refusal took nothing");
}

async fn quotas_count_and_are_given_back(f: &Fixture, limits: &dyn Limits) {
    let payer = tenant(f);
    let charges = |cost| [Charge::messages(Period::Day, 10, cost), Charge::messages(Period::Month, 15, cost)];
    let first = take(limits, payer, &charges(6)).await;
    let [_, today, tomorrow, _] = Period::Day.around(f.env.now());
    assert!(first.allowed);
    assert_eq!((first.subject, first.remaining), (Subject::Messages(Period::Day), 4));
    let day = Spent { period: Period::Day, began: today, count: 6 };
    assert!(first.spent.contains(&day), "{:?} {day:?}", first.spent);
    assert_eq!(first.ends, Some(tomorrow));

    let refused = take(limits, payer, &charges(5)).await;
    assert!(!refused.allowed && !refused.is_hopeless(), "{refused:?}");
    assert_eq!((refused.remaining, refused.ends), (4, Some(tomorrow)));
    assert!(refused.retry_after == Some(refused.reset_after) && refused.spent.is_empty());

    let yesterday = Spent { began: Period::Day.around(f.env.now())[0], ..day };
    limits.give_back(payer, &[yesterday]).await.unwrap();
    assert!(!take(limits, payer, &charges(5)).await.allowed, "what was taken of another day is gone");
    limits.give_back(payer, &first.spent).await.unwrap();
    let again = take(limits, payer, &charges(10)).await;
    assert!(again.allowed, "{again:?}");
    assert_eq!(again.remaining, 0);
    assert!(take(limits, payer, &charges(11)).await.is_hopeless());
}

#[tokio::test]
async fn asked_for_each_thing() {
    let f = Fixture::start().await;
    conforms(&f, &direct(&f)).await;
}

#[tokio::test]
async fn taken_ahead() {
    let f = Fixture::start().await;
    conforms(&f, &leased(&f)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_quota_several_processes_take_all_and_never_more() {
    const AMOUNT: u64 = 1_000;
    let f = Fixture::start().await;
    let payer = tenant(&f);
    let charges = [Charge::messages(Period::Month, AMOUNT, 1)];
    let processes: [LeasedLimits; 4] = std::array::from_fn(|_| leased(&f));
    let callers = processes.iter().flat_map(|process| vec![process.clone(); 5]).map(|process| {
        tokio::spawn(async move {
            let mut taken = 0_u64;
            for _ in 0..100 {
                taken += u64::from(take(&process, payer, &charges).await.allowed);
            }
            taken
        })
    });
    let taken: u64 = futures::future::join_all(callers).await.into_iter().map(Result::unwrap).sum();
    assert!(taken <= AMOUNT, "{taken}");
    for process in &processes {
        process.close().await;
    }
    let rest = AMOUNT - taken;
    let left = take(&direct(&f), payer, &[Charge::messages(Period::Month, AMOUNT, 0)]).await.remaining;
    assert_eq!(left, rest, "what nobody used was given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_a_rate_several_processes_never_take_more_in_any_span() {
    let f = Fixture::start().await;
    let (payer, begun) = (tenant(&f), Instant::now());
    let rate = Rate::a_second(200, 200);
    assert!(rate.lot().is_some(), "it is taken ahead");
    let charges = [Charge::request(Subject::Workspace, rate)];
    let processes: [LeasedLimits; 3] = std::array::from_fn(|_| leased(&f));
    let callers = processes.iter().flat_map(|process| vec![process.clone(); 4]).map(|process| {
        tokio::spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..150 {
                let before = begun.elapsed();
                if take(&process, payer, &charges).await.allowed {
                    taken.push((before, begun.elapsed()));
                }
            }
            taken
        })
    });
    let taken = futures::future::join_all(callers).await.into_iter().flat_map(Result::unwrap);
    let mut taken: Vec<_> = taken.collect();
    taken.sort_by_key(|(_, after)| *after);
    assert!(taken.len() as u64 >= rate.capacity(), "the burst is there: {}", taken.len());
    for (begin, _) in &taken {
        // those that certainly came after this one had begun
        let later = taken.iter().filter(|(before, _)| before >= begin);
        for (count, (_, end)) in (1_u32..).zip(later) {
            let refilled = (*end - *begin).as_secs_f64() * f64::from(rate.amount);
            assert!(f64::from(count) <= f64::from(rate.burst) + refilled, "{count} in {:?}", *end - *begin);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_often_costs_few_round_trips() {
    const CALLS: u64 = 2_000;
    let f = Fixture::start().await;
    let plain = f.plain_client().await;
    let (limits, payer) = (leased(&f), tenant(&f));
    let charges =
        [Charge::messages(Period::Day, 1_000_000, 1), Charge::messages(Period::Month, 10_000_000, 1)];
    for _ in 0..CALLS {
        assert!(take(&limits, payer, &charges).await.allowed);
    }
    let stats: String = plain.info(Some(fred::types::InfoKind::CommandStats)).await.unwrap();
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls=")).unwrap();
    let calls: u64 = calls.split(',').next().unwrap().parse().unwrap();
    assert!(calls * 4 < CALLS, "{calls} round trips for {CALLS} calls");
    drop(plain.quit().await);
}

#[tokio::test]
async fn what_nobody_uses_is_given_back_while_the_process_lives() {
    let f = Fixture::start().await;
    let (limits, payer) = (leased(&f), tenant(&f));
    let charges = |cost| [Charge::messages(Period::Month, 100_000, cost)];
    for _ in 0..50 {
        take(&limits, payer, &charges(1)).await;
    }
    let exact = direct(&f);
    eventually("everything is given back", || async {
        (take(&exact, payer, &charges(0)).await.remaining == 99_950).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_changes_counts_at_once() {
    let f = Fixture::start().await;
    let (limits, payer) = (leased(&f), tenant(&f));
    let charges = |amount| [Charge::messages(Period::Month, amount, 1)];
    for _ in 0..20 {
        assert!(take(&limits, payer, &charges(100_000)).await.allowed);
    }
    assert!(!take(&limits, payer, &charges(20)).await.allowed, "used up under the smaller plan");
    assert!(take(&limits, payer, &charges(100_000)).await.allowed);
}

#[tokio::test]
async fn a_caller_that_hangs_up_loses_nothing_but_its_own() {
    let f = Fixture::start().await;
    let (limits, payer) = (Arc::new(leased(&f)), tenant(&f));
    let charges = [Charge::messages(Period::Month, 100_000, 1)];
    for _ in 0..30 {
        let limits = Arc::clone(&limits);
        let caller = tokio::spawn(async move { take(&*limits, payer, &charges).await });
        tokio::task::yield_now().await;
        caller.abort();
        drop(caller.await);
    }
    let exact = direct(&f);
    eventually("at most what the callers asked for is used", || async {
        let left = take(&exact, payer, &[Charge::messages(Period::Month, 100_000, 0)]).await.remaining;
        (left >= 99_970).then_some(())
    })
    .await;
}

#[tokio::test]
async fn while_redis_is_away_nothing_is_decided() {
    let mut f = Fixture::start().await;
    let (limits, payer) = (leased(&f), tenant(&f));
    let key = Charge::request(Subject::Caller(Actor::Key(f.env.new_id())), FIVE_A_DAY);
    take(&limits, payer, &[key]).await;
    f.server().stop().await;
    let away = limits.take(payer, &[key]).await;
    assert!(matches!(away, Err(PortError::Unavailable { .. })), "{away:?}");
    f.server().start_again().await;
    eventually("it is decided again", || async { limits.take(payer, &[key]).await.ok() }).await;
}
