//! How many messages a second go through our lanes, against queues that others build on.
//!
//! Each has the same Redis to itself, queues so many messages one by one, 64 under way at a time, then
//! works them off in the same way. `make bench-lanes` runs it.

mod apalis_redis;
mod bullmq;
mod flat;
mod ours;

use std::time::Duration;

use crate::Output;
use anyhow::{Context, Result};
use wagate_benches::redis::Redis;
use wagate_benches::report::{Goal, Report};
use wagate_benches::usage::{micros_each, per_second};
use wagate_benches::{foreign, say};

/// Calls under way at a time, for everybody.
const AT_ONCE: usize = 64;
const TEXT: &str = "Your parcel arrives today between 10 and 12.";

/// Measures the lanes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Messages in each round.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Messages that wait while ours are measured again.
    #[arg(long, default_value_t = 1_000_000)]
    waiting: usize,
    /// Lanes that they wait in.
    #[arg(long, default_value_t = 10_000)]
    lanes: usize,
}

/// How long it took to queue so many messages and to work them off.
#[derive(Debug, Clone, Copy)]
struct Round {
    messages: usize,
    queued: Duration,
    done: Duration,
    redis: Duration,
}

impl Round {
    fn rate(&self) -> f64 {
        per_second(self.messages, self.queued + self.done)
    }
}

/// Measures, and says or writes what it found.
pub(crate) async fn measure(args: &Args, to: &Output) -> Result<()> {
    let mut report = Report::of("make bench-lanes");
    let redis = Redis::start().await?;
    let versions = foreign::versions(&["bullmq", "ioredis"])?;
    report.remark(format!("Redis {}, {versions}, apalis-redis 1.0.0.", redis.version().await?));

    let (mut our_rounds, mut bull_rounds, mut apalis_rounds) = (Vec::new(), Vec::new(), Vec::new());
    let mut bull = bullmq::Bull::start(&redis).await?;
    for round in 1..=args.rounds {
        say(&format!("round {round} of {}", args.rounds));
        redis.clear().await?;
        let ours = ours::Ours::start(&redis, AT_ONCE).await?;
        our_rounds.push(ours.round(&redis, args.messages).await?);
        redis.clear().await?;
        bull_rounds.push(bull.round(&redis, args.messages).await?);
        redis.clear().await?;
        apalis_rounds.push(apalis_redis::round(&redis).await?);
    }
    bull.stop().await?;
    let rate = median(&our_rounds, Round::rate)?;
    let against = |rounds: &[Round]| Ok::<_, anyhow::Error>(rate / median(rounds, Round::rate)?);
    report.goal("jobs/s against BullMQ", "×", against(&bull_rounds)?, Goal::AtLeast(3.0));
    report.goal("jobs/s against apalis-redis", "×", against(&apalis_rounds)?, Goal::AtLeast(5.0));
    for (name, rounds) in [
        ("our lanes: accepted, claimed, settled", &our_rounds),
        ("BullMQ: added, processed", &bull_rounds),
        ("apalis-redis, never more than 5,000 waiting: pushed, handled", &apalis_rounds),
    ] {
        report.add(name, "jobs/s", median(rounds, Round::rate)?);
        report.add(
            "… queueing alone",
            "/s",
            median(rounds, |round| per_second(round.messages, round.queued))?,
        );
        report.add(
            "… working off alone",
            "/s",
            median(rounds, |round| per_second(round.messages, round.done))?,
        );
        report.add(
            "… processor time of Redis each",
            "µs",
            median(rounds, |round| micros_each(round.redis, round.messages))?,
        );
    }
    flat::run(&redis, args, &mut report).await?;
    redis.stop().await?;
    report.finish(to.write.as_deref())
}

/// The median of a figure over rounds.
fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> Result<f64> {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().context("no rounds")
}
