//! The gateway: API, connector and worker in one process, as `wagate up` runs them, and Redis.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::stream::{self, StreamExt, TryStreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use wagate_benches::gateway::Gateway;
use wagate_benches::program::Program;
use wagate_benches::redis::Redis;
use wagate_benches::say;
use wagate_benches::server::Server;

use super::{Args, Spent, TEXT};
use crate::Output;

/// Requests under way at a time.
const AT_ONCE: usize = 32;

struct Ours {
    redis: Redis,
    gateway: Gateway,
    /// All roles.
    process: Program,
    sessions: Vec<String>,
}

pub(crate) async fn run(server: &Server, numbers: &[String], args: &Args, to: &Output) -> Result<Spent> {
    say("the gateway");
    let redis = Redis::start().await?;
    let gateway = Gateway::prepare(&to.gateway, &redis, Some((server, server.wire()))).await?;
    let process = gateway.serve("up").await?;
    let mut sessions = Vec::with_capacity(args.sessions);
    for n in 0..args.sessions {
        sessions.push(gateway.linked(server, &format!("4915800{n:06}")).await?);
    }
    let ours = Ours { redis, gateway, process, sessions };
    ours.send(numbers, args.sessions * numbers.len()).await?;
    server.quiet().await?;
    let (before, begun) = (ours.used()?, Instant::now());
    ours.send(numbers, args.sends).await?;
    let wall = begun.elapsed();
    // receipts that came last are still on their way to the record
    server.quiet().await?;
    let parts = ours.used()?.into_iter().zip(before);
    let parts = parts.map(|((name, now), (_, then))| (name, now.saturating_sub(then))).collect();
    ours.process.stop().await?;
    ours.redis.stop().await?;
    Ok(Spent { messages: args.sends, wall, parts })
}

impl Ours {
    fn used(&self) -> Result<Vec<(&'static str, Duration)>> {
        Ok(vec![("api, connector and worker", self.process.cpu()?), ("Redis", self.redis.cpu()?)])
    }

    /// Sends so many messages, each session to every number in turn, and waits until all are delivered.
    async fn send(&self, numbers: &[String], count: usize) -> Result<()> {
        let last: Vec<String> =
            stream::iter(0..count).map(|n| self.accept(n, numbers)).buffered(AT_ONCE).try_collect().await?;
        // a lane is in order: with the last message of each session all of them are delivered
        let delivered = |answer: &Value| (answer.get("status")? == "delivered").then_some(());
        for id in last.iter().rev().take(self.sessions.len()) {
            self.gateway.until(&format!("/api/v1/messages/{id}"), delivered).await?;
        }
        Ok(())
    }

    async fn accept(&self, n: usize, numbers: &[String]) -> Result<String> {
        let session = self.sessions.get(n % self.sessions.len()).context("a session")?;
        let to = numbers.get(n / self.sessions.len() % numbers.len()).context("a number")?;
        let message = json!({ "to": format!("+{to}"), "type": "text", "text": { "body": TEXT } });
        let path = format!("/api/v1/sessions/{session}/messages");
        let accepted = self.gateway.ask(Method::POST, &path, Some(&message)).await?;
        Ok(accepted.get("id").and_then(Value::as_str).context("no id")?.to_owned())
    }
}
