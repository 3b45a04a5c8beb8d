//! How many sends the API takes per second, against the least that any server must do and against Node.
//!
//! All servers run on the same Redis and are asked by the same load, one after the other in each round.
//! `make bench-accept` runs it.

pub(crate) mod bare;
mod limited;
mod recorded;

use std::time::Duration;

use crate::Output;
use anyhow::{Context, Result};
use serde_json::json;
use tokio::process::Command;
use wagate_benches::gateway::Gateway;
use wagate_benches::load::{Load, Seen, post};
use wagate_benches::program::{Program, free_port};
use wagate_benches::redis::Redis;
use wagate_benches::report::{Goal, Report};
use wagate_benches::usage::{micros_each, per_second};
use wagate_benches::{foreign, say};

/// Measures the accept path.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Requests to each server in each round.
    #[arg(long, default_value_t = 30_000)]
    requests: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Sessions that are sent to.
const SESSIONS: usize = 64;
/// Share of the requests that come before those that count.
const WARM_UP: usize = 10;
const TEXT: &str = "Your parcel arrives today between 10 and 12.";

/// A server under load.
struct Contender {
    name: &'static str,
    program: Program,
    load: Load,
    rounds: Vec<Round>,
    /// Its machines, where they are its own.
    _gateway: Option<Gateway>,
}

struct Round {
    seen: Seen,
    own: Duration,
    redis: Duration,
}

/// Measures, and says or writes what it found.
pub(crate) async fn measure(args: &Args, to: &Output) -> Result<()> {
    let mut report = Report::of("make bench-accept");
    let redis = Redis::start().await?;
    report.remark(format!(
        "Redis {}, {}.",
        redis.version().await?,
        foreign::versions(&["fastify", "bullmq"])?
    ));
    let gateway = Gateway::prepare(&to.gateway, &redis, None).await?;
    let ours = ours(&gateway).await?;
    let bare = bare(&gateway, &redis, &ours.load).await?;
    let node = node(&redis, &ours.load).await?;
    let [keyed, limited] = limited::contenders(&to.gateway, &redis).await?;
    let mut contenders = [ours, bare, node, keyed, limited];
    for round in 1..=args.rounds {
        for contender in &mut contenders {
            say(&format!("round {round} of {}: {}", args.rounds, contender.name));
            contender.round(&redis, args).await?;
        }
    }
    write(&contenders, &mut report)?;
    for contender in contenders {
        contender.program.stop().await?;
    }
    redis.stop().await?;
    report.finish(to.write.as_deref())
}

/// The API in release, with one request for each of its sessions.
async fn ours(gateway: &Gateway) -> Result<Contender> {
    let program = gateway.serve("api").await?;
    let headers = gateway.headers();
    let load = load(gateway, |_| headers.clone()).await?;
    Ok(Contender { name: "wagate api", program, load, rounds: Vec::new(), _gateway: None })
}

/// One request for each of so many sessions, with the headers of its number.
async fn load(gateway: &Gateway, headers: impl Fn(usize) -> String) -> Result<Load> {
    let mut requests = Vec::with_capacity(SESSIONS);
    for n in 0..SESSIONS {
        let session = gateway.session(false).await?;
        let body = json!({ "to": format!("+4915800{n:06}"), "type": "text", "text": { "body": TEXT } });
        let path = format!("/api/v1/sessions/{session}/messages");
        requests.push(post(&path, &headers(n), &body.to_string()));
    }
    Ok(Load { port: gateway.port(), requests, status: 202 })
}

/// A handler that runs the script that the API runs, and does nothing else.
async fn bare(gateway: &Gateway, redis: &Redis, ours: &Load) -> Result<Contender> {
    let calls = recorded::calls(redis, ours).await?;
    let file = gateway.folder().join("calls.json");
    std::fs::write(&file, serde_json::to_vec(&calls)?)?;
    let port = free_port().await?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", &port.to_string(), &redis.url()]).arg(&file);
    let mut program = Program::start(&mut command, "")?;
    program.listens(port).await?;
    let load = Load { port, ..ours.clone() };
    let name = "bare axum handler, one EVALSHA";
    Ok(Contender { name, program, load, rounds: Vec::new(), _gateway: None })
}

/// Fastify and BullMQ as their guides have it.
async fn node(redis: &Redis, ours: &Load) -> Result<Contender> {
    let port = free_port().await?;
    let mut command = foreign::node("enqueue.mjs")?;
    command.env("PORT", port.to_string()).env("REDIS_PORT", redis.port().to_string());
    let mut program = Program::start(&mut command, foreign::REMEDY)?;
    program.listens(port).await?;
    let load = Load { port, ..ours.clone() };
    let name = "Fastify + BullMQ queue.add";
    Ok(Contender { name, program, load, rounds: Vec::new(), _gateway: None })
}

impl Contender {
    async fn round(&mut self, redis: &Redis, args: &Args) -> Result<()> {
        redis.clear().await?;
        self.load.run(args.connections, args.requests / WARM_UP).await?;
        let (own, held) = (self.program.cpu()?, redis.cpu()?);
        let seen = self.load.run(args.connections, args.requests).await?;
        let (own, redis) = (self.program.cpu()?.saturating_sub(own), redis.cpu()?.saturating_sub(held));
        say(&format!("{:.0} requests/s", per_second(seen.answers, seen.took)));
        self.rounds.push(Round { seen, own, redis });
        Ok(())
    }

    /// The median of a figure over the rounds.
    fn median(&self, figure: impl Fn(&Round) -> f64) -> Result<f64> {
        let mut figures: Vec<f64> = self.rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().context("no rounds")
    }

    fn rate(&self) -> Result<f64> {
        self.median(|round| per_second(round.seen.answers, round.seen.took))
    }
}

fn write([ours, bare, node, keyed, limited]: &[Contender; 5], report: &mut Report) -> Result<()> {
    let rate = ours.rate()?;
    report.goal("requests/s against the bare handler", "×", rate / bare.rate()?, Goal::AtLeast(0.7));
    report.goal("requests/s against Fastify + BullMQ", "×", rate / node.rate()?, Goal::AtLeast(5.0));
    let cost = limited.rate()? / keyed.rate()?;
    report.goal("requests/s with limits against without", "×", cost, Goal::AtLeast(0.9));
    for contender in [ours, bare, node, keyed, limited] {
        let name = contender.name;
        report.add(name, "requests/s", contender.rate()?);
        for (what, figure) in [("p50", (|seen| seen.p50) as fn(&Seen) -> Duration), ("p99", |seen| seen.p99)]
        {
            let value = contender.median(|round| figure(&round.seen).as_secs_f64() * 1e3)?;
            report.add(&format!("… {what}"), "ms", value);
        }
        let own = contender.median(|round| micros_each(round.own, round.seen.answers))?;
        report.add("… processor time of the server each", "µs", own);
        let redis = contender.median(|round| micros_each(round.redis, round.seen.answers))?;
        report.add("… processor time of Redis each", "µs", redis);
    }
    Ok(())
}
