//! The gateway's connector with more and more linked sessions.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::stream::{self, StreamExt, TryStreamExt};
use wagate_benches::gateway::Gateway;
use wagate_benches::program::Program;
use wagate_benches::redis::Redis;
use wagate_benches::server::Server;
use wagate_benches::usage::per_second;
use wagate_benches::{control, say, usage};

use super::Args;
use crate::Output;

/// Sessions that are being linked at a time.
const AT_ONCE: usize = 32;
/// How long an idle connector is watched: keep-alives come every half minute.
const WATCHED: Duration = Duration::from_secs(60);
/// How long all may take to come back.
const PATIENCE: Duration = Duration::from_secs(300);

/// A connector that holds so many sessions.
pub(crate) struct Held {
    pub(crate) sessions: usize,
    /// Resident bytes, once all is quiet.
    pub(crate) memory: f64,
    /// Of a connector that holds none.
    empty: f64,
    /// From its start until all were connected.
    pub(crate) back: Duration,
    /// Processor time until then.
    pub(crate) cpu: Duration,
    /// Processor time of the connector in a second in which nothing happens.
    pub(crate) idle: f64,
    /// Bytes of the database.
    pub(crate) sql: f64,
    /// Bytes that Redis has more than without any session.
    pub(crate) redis: f64,
    /// Sessions linked per second before.
    pub(crate) linked: f64,
}

impl Held {
    /// Bytes for each session.
    pub(crate) fn each(&self) -> f64 {
        (self.memory - self.empty) / self.sessions as f64
    }
}

pub(crate) async fn run(server: &Server, args: &Args, to: &Output) -> Result<Vec<Held>> {
    let redis = Redis::start().await?;
    let gateway = Gateway::prepare(&to.gateway, &redis, Some((server, server.wire()))).await?;
    let (api, worker) = (gateway.serve("api").await?, gateway.role("worker")?);
    let mut connector = gateway.role("connector")?;
    server.quiet().await?;
    let empty = usage::memory(connector.pid())? as f64;
    let without = redis.memory().await? as f64;
    let (mut all, mut there) = (Vec::new(), 0);
    for &sessions in &args.sessions {
        say(&format!("linking {} sessions", sessions - there));
        let begun = Instant::now();
        link(&gateway, server, there..sessions).await?;
        let linked = per_second(sessions - there, begun.elapsed());
        there = sessions;
        server.quiet().await?;
        let grown = usage::memory(connector.pid())?;
        say(&format!("{} MiB after linking; the connector is started anew", grown >> 20));
        connector.stop().await?;
        let begun = Instant::now();
        connector = gateway.role("connector")?;
        wait(&connector, server, sessions).await?;
        let (back, cpu) = (begun.elapsed(), connector.cpu()?);
        server.quiet().await?;
        let memory = usage::memory(connector.pid())? as f64;
        let before = connector.cpu()?;
        tokio::time::sleep(WATCHED).await;
        let idle = (connector.cpu()? - before).as_secs_f64() / WATCHED.as_secs_f64();
        let sql = gateway.database_size()? as f64;
        let redis = redis.memory().await? as f64 - without;
        all.push(Held { sessions, memory, empty, back, cpu, idle, sql, redis, linked });
    }
    for role in [connector, api, worker] {
        role.stop().await?;
    }
    redis.stop().await?;
    Ok(all)
}

async fn link(gateway: &Gateway, server: &Server, range: std::ops::Range<usize>) -> Result<()> {
    stream::iter(range)
        .map(|n| async move {
            if n > 0 && n.is_multiple_of(500) {
                say(&format!("{n} sessions are linked"));
            }
            gateway.linked(server, &format!("4917{n:09}")).await.map(drop)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Waits until so many are logged in.
async fn wait(connector: &Program, server: &Server, sessions: usize) -> Result<()> {
    let all = async {
        loop {
            // a connector that has ended has no processor time any more
            connector.cpu()?;
            if control::online(server).await? >= sessions {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.context("not all sessions came back")?
}
