//! Redis goes away and comes back.

use std::time::{Duration, Instant};

use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
};
use wagate_domain::{
    Timestamp,
    messages::Priority,
    ports::{EventLog, Group, Idempotency, Lanes, Leases, PortError, SessionCalls, Wake, Wanted},
    sessions::Command,
};
use wagate_infra::{
    config::RedisConfig,
    redis::{ConnectError, Redis, RedisCalls, RedisIdempotency},
    testing::RedisServer,
};

use crate::fixtures::{EPOCH, Fixture, eventually, next};

/// What a caller may be made to wait before it is told.
const AT_MOST: Duration = Duration::from_secs(2);

async fn assert_away<T: std::fmt::Debug>(what: &str, call: impl Future<Output = Result<T, PortError>>) {
    let begun = Instant::now();
    let outcome = call.await;
    assert!(matches!(outcome, Err(PortError::Unavailable { what: "Redis", .. })), "{what}: {outcome:?}");
    assert!(begun.elapsed() < AT_MOST, "{what} took {:?}", begun.elapsed());
}

#[tokio::test]
async fn callers_learn_within_two_seconds_and_go_on_when_it_is_back() {
    let mut f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    let idempotency = RedisIdempotency::new(f.redis.clone());
    let message = f.message("x", Priority::Interactive);
    let accept = f.accepting(&message, None);
    f.events().await;
    f.server().stop().await;
    for _ in 0..3 {
        assert_away("ping", f.redis.ping()).await;
        assert_away("accept", f.lanes.accept(f.lane, std::slice::from_ref(&accept))).await;
        assert_away("claim", f.lanes.claim(f.lane, EPOCH, Wanted::one(Timestamp::from_millis(0)))).await;
        assert_away("peek", f.lanes.peek(f.lane.workspace, message.id)).await;
        assert_away("depth", f.lanes.depth(f.lane)).await;
        assert_away("append", f.log.append(f.lane, None, std::slice::from_ref(&accept.event))).await;
        assert_away("read", f.log.read(Group::Store, "fixture", 1, Duration::from_secs(30))).await;
        assert_away("heartbeat", f.leases.heartbeat(f.connector, AT_MOST)).await;
        assert_away("call", calls.call(f.lane, &Command::Refresh, AT_MOST)).await;
        assert_away("begin", idempotency.begin(f.lane.workspace, "k", "f", ulid::Ulid(1))).await;
    }
    f.server().start_again().await;
    eventually("the client is back", || async { f.redis.ping().await.ok() }).await;
    eventually("both connections are back", || async {
        let both = futures::future::join_all((0..8).map(|_| f.redis.ping())).await;
        both.iter().all(Result::is_ok).then_some(())
    })
    .await;
    // what could not be accepted was not accepted later behind the caller's back
    assert_eq!(f.lanes.depth(f.lane).await.unwrap().interactive, 0);
    f.leases.take(f.lane, f.connector, EPOCH).await.unwrap();
    f.accept_one(&accept).await;
    assert_eq!(f.claim().await.message, message);
    let read = || async { f.log.read(Group::Store, "fixture", 10, Duration::ZERO).await.ok() };
    let entries = eventually("the reader is back", read).await;
    assert_eq!(entries.len(), 1);
}

#[tokio::test]
async fn a_listener_is_told_to_look_at_everything_when_it_is_back() {
    let mut f = Fixture::start().await;
    let calls = RedisCalls::new(f.redis.clone());
    let mut wakes = calls.wakes().await.unwrap();
    assert_eq!(next(&mut wakes).await, Wake::Everything);
    f.server().start_again().await;
    assert_eq!(next(&mut wakes).await, Wake::Everything);
    eventually("wake-ups arrive again", || async { calls.announce(f.lane).await.ok() }).await;
    assert_eq!(next(&mut wakes).await, Wake::Session(f.lane));
}

/// Stands between us and a server; what was connected when it is cut stays open and silent.
struct Cable {
    url: String,
    cut: watch::Sender<()>,
    _dir: tempfile::TempDir,
}

impl Cable {
    fn to(server: &RedisServer) -> Self {
        let url = server.config().url.unwrap();
        let target = url.expose().strip_prefix("redis+unix://").unwrap().to_owned();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cable.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (cut, cuts) = watch::channel(());
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let (mut cuts, target) = (cuts.clone(), target.clone());
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut far) = UnixStream::connect(&target).await else { return };
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        // the far end learns nothing either
                        _ = cuts.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { url: format!("redis+unix://{}", path.display()), cut, _dir: dir }
    }
}

#[tokio::test]
async fn connections_that_died_in_silence_are_replaced() {
    let server = RedisServer::start().await;
    let cable = Cable::to(&server);
    let config = RedisConfig { url: Some(cable.url.as_str().into()), ..RedisConfig::default() };
    let f = Fixture::over(Redis::connect(&config).await.unwrap()).await;
    let calls = RedisCalls::new(f.redis.clone());
    let mut wakes = calls.wakes().await.unwrap();
    assert_eq!(next(&mut wakes).await, Wake::Everything);
    f.events().await;
    cable.cut.send(()).unwrap();
    let accept = f.accepting(&f.message("x", Priority::Bulk), None);
    assert_away("accept", f.lanes.accept(f.lane, std::slice::from_ref(&accept))).await;
    eventually("shared connections work again", || async {
        let many = futures::future::join_all((0..8).map(|_| f.lanes.depth(f.lane))).await;
        many.iter().all(Result::is_ok).then_some(())
    })
    .await;
    f.accept("y", Priority::Bulk, None).await;
    let read = || async { f.log.read(Group::Store, "fixture", 10, Duration::ZERO).await.ok() };
    assert_eq!(eventually("the reader works again", read).await.len(), 1);
    assert_eq!(next(&mut wakes).await, Wake::Everything, "the listener noticed");
    calls.announce(f.lane).await.unwrap();
    assert_eq!(next(&mut wakes).await, Wake::Session(f.lane));
}

#[tokio::test]
async fn a_server_that_hangs_is_away_too() {
    // accepts connections and never answers
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mute.sock");
    let _mute = tokio::net::UnixListener::bind(&path).unwrap();
    let url = format!("redis+unix://{}", path.display());
    let config = RedisConfig { url: Some(url.as_str().into()), ..RedisConfig::default() };
    let begun = Instant::now();
    let outcome = Redis::connect(&config).await;
    assert!(matches!(outcome, Err(ConnectError::Away { .. })), "{outcome:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn connecting_to_nothing_says_what_to_do() {
    let url = "redis+unix:///nowhere/redis.sock";
    let config = RedisConfig { url: Some(url.into()), ..RedisConfig::default() };
    let error = Redis::connect(&config).await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/redis.sock") && error.contains("check that it runs"), "{error}");
    let error = Redis::connect(&RedisConfig::default()).await.unwrap_err().to_string();
    assert!(error.contains("REDIS_URL"), "{error}");
}
