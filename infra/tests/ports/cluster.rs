//! The same code on a Redis cluster: every script and command keeps to one slot.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{io::AsyncWriteExt, net::TcpStream};
use wagate_domain::{
    limits::{Payer, Rate},
    messages::{Priority, Status},
    ports::{EventLog, Group, Idempotency, Lanes, Leases, Limits, SessionCalls, Traces, Verdict, Wake},
    sessions::Command as SessionCommand,
    workspaces::Plan,
};
use wagate_infra::{
    config::RedisConfig,
    redis::{Redis, RedisCalls, RedisIdempotency, RedisLimits, RedisTraces},
};

use crate::fixtures::{EPOCH, Fixture, eventually, next};

/// A cluster of one node that owns all slots, ended with the test.
struct Cluster {
    node: Child,
    port: u16,
    _dir: tempfile::TempDir,
}

impl Cluster {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let node = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--cluster-enabled", "yes"])
            .args(["--cluster-announce-ip", "127.0.0.1"])
            .args(["--port", &port.to_string(), "--cluster-port", &free_port().to_string()])
            .arg("--dir")
            .arg(dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let cluster = Self { node, port, _dir: dir };
        let mut socket =
            eventually("the node listens", || async { TcpStream::connect(("127.0.0.1", port)).await.ok() })
                .await;
        socket.write_all(b"CLUSTER ADDSLOTSRANGE 0 16383\r\n").await.unwrap();
        cluster
    }

    async fn connect(&self) -> Redis {
        let url = format!("redis-cluster://127.0.0.1:{}", self.port);
        let config = RedisConfig { url: Some(url.as_str().into()), ..RedisConfig::default() };
        eventually("the cluster is up", || async { Redis::connect(&config).await.ok() }).await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.node.kill());
        drop(self.node.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn everything_works_on_a_cluster() {
    let cluster = Cluster::start().await;
    let f = Fixture::over(cluster.connect().await).await;
    let calls = RedisCalls::new(f.redis.clone());
    let mut wakes = calls.wakes().await.unwrap();
    assert_eq!(next(&mut wakes).await, Wake::Everything);

    let [a, b, c] =
        [("a", None), ("b", Some(5)), ("c", None)].map(|(text, due)| f.accept(text, Priority::Bulk, due));
    let (a, _, c) = (a.await, b.await, c.await);
    assert_eq!(next(&mut wakes).await, Wake::Session(f.lane));
    assert_eq!(f.lanes.peek(f.lane.workspace, c.id).await.unwrap(), Some(c.clone()));
    f.claim().await;
    f.settle(a.id, Verdict::RetryAt(f.env.now())).await;
    let cancelled = f.status_event(c.id, Status::Cancelled);
    assert!(f.cancel_in(f.lane, c.id, &cancelled).await);
    f.claim_at(i64::from(u32::MAX) * 1_000).await;
    assert_eq!(f.lanes.recover(f.lane, EPOCH).await.unwrap(), 1);
    assert_eq!(f.lanes.depth(f.lane).await.unwrap().bulk, 2);

    assert_eq!(f.log.lag(Group::Store).await.unwrap(), 4);
    assert_eq!(f.events().await.len(), 4);
    assert_eq!(f.log.trim().await.unwrap(), 4);
    let waiting = f.log.read(Group::Store, "fixture", 1, Duration::from_secs(20));
    let cancelled = [cancelled];
    let (read, appended) = tokio::join!(waiting, f.log.append(f.lane, Some(EPOCH), &cancelled));
    appended.unwrap();
    assert_eq!(read.unwrap().len(), 1);

    f.leases.heartbeat(f.connector, Duration::from_secs(60)).await.unwrap();
    assert_eq!(f.leases.alive().await.unwrap(), [f.connector]);
    f.leases.release(f.lane, f.connector, EPOCH).await.unwrap();
    calls.call(f.lane, &SessionCommand::Refresh, Duration::ZERO).await.unwrap();
    assert!(calls.next_command(f.lane).await.unwrap().is_some());
    assert_eq!(calls.offered(f.lane).await.unwrap(), None);
    let memory = RedisIdempotency::new(f.redis.clone());
    memory.begin(f.lane.workspace, "key", "body", ulid::Ulid(1)).await.unwrap();
    memory.abandon(f.lane.workspace, "key").await.unwrap();

    let limits = RedisLimits::new(f.redis.clone(), f.env.clone());
    let plan = Plan {
        messages_per_day: Some(5),
        messages_per_month: Some(9),
        sends_per_session: Some(Rate::a_second(1, 9)),
        ..Plan::default()
    };
    let payer = Payer::Workspace(f.lane.workspace);
    let taken = limits.take(payer, &plan.for_messages(f.lane.id, 3)).await.unwrap().unwrap();
    assert!(taken.allowed && taken.remaining == 2, "{taken:?}");
    limits.give_back(payer, &taken.spent).await.unwrap();

    let traces = RedisTraces::new(f.redis.clone());
    assert!(traces.forget(f.lane.workspace).await.unwrap() > 3);
    assert_eq!(traces.forget(f.lane.workspace).await.unwrap(), 0);
}
