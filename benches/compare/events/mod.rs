//! How many events a second a worker brings from the log to the record and on to webhooks, against a queue and a
//! worker that posts. `make bench-events` runs it.
//!
//! Who sends has a core to itself; Redis, the endpoints and this program share the other.

mod bullmq;
mod receiver;
mod stage;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use wagate_benches::redis::Redis;
use wagate_benches::report::{Goal, Report};
use wagate_benches::usage::{micros_each, per_second, pin_here};
use wagate_benches::{foreign, say};
use wagate_domain::EventId;

use crate::Output;
use receiver::Receiver;
use stage::Stage;

/// Sessions that events are of.
const SESSIONS: usize = 50;
/// Chats of each.
const CHATS: usize = 20;
/// Events of a session that are appended together, where nobody waits for one of them.
const TOGETHER: usize = 16;
const TEXT: &str = "Is my parcel still on its way? The tracking page says nothing since Monday.";

/// Measures the way of events.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Events in each round.
    #[arg(long, default_value_t = 50_000)]
    events: usize,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Endpoints, where there are several.
    #[arg(long, default_value_t = 10)]
    endpoints: usize,
    /// Ours alone.
    #[arg(long)]
    alone: bool,
}

/// Processor time at a moment.
#[derive(Debug, Clone, Copy)]
struct Used {
    sender: Duration,
    redis: Duration,
    at: Instant,
}

/// What it took to bring so many events on.
#[derive(Debug, Clone, Copy)]
struct Round {
    events: usize,
    sender: Duration,
    redis: Duration,
    wall: Duration,
}

impl Round {
    fn between(events: usize, before: Used, after: Used) -> Self {
        Self {
            events,
            sender: after.sender.saturating_sub(before.sender),
            redis: after.redis.saturating_sub(before.redis),
            wall: after.at - before.at,
        }
    }

    /// Events per second of processor time, all processes that take part together.
    fn per_core(&self) -> f64 {
        per_second(self.events, self.sender + self.redis)
    }
}

/// Time from an event to its endpoint's answer, in a burst.
#[derive(Debug, Clone, Copy)]
struct Burst {
    appended: Duration,
    p50: Duration,
    p99: Duration,
    max: Duration,
}

/// Measures, and says or writes what it found.
pub(crate) async fn measure(args: &Args, to: &Output) -> Result<()> {
    pin_here()?;
    let mut report = Report::of("make bench-events");
    let redis = Redis::start().await?;
    let versions = foreign::versions(&["bullmq", "ioredis"])?;
    report.remark(format!("Redis {}, {versions}.", redis.version().await?));
    let (mut record, mut one, mut many) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bursts, mut bull) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        say(&format!("round {round} of {}", args.rounds));
        record.push(to_record(args, to, &redis).await?);
        one.push(to_webhooks(args, to, &redis, 1).await?);
        many.push(to_webhooks(args, to, &redis, args.endpoints).await?);
        bursts.push(burst(args, to, &redis).await?);
        if !args.alone {
            bull.push(bullmq::round(&redis, args.events).await?);
        }
    }
    redis.stop().await?;
    if !args.alone {
        let ratio = median(&one, Round::per_core)? / median(&bull, Round::per_core)?;
        report.goal("events per core to a webhook against BullMQ and fetch", "×", ratio, Goal::AtLeast(5.0));
    }
    tell(&mut report, "log to record", "worker", &record)?;
    tell(&mut report, "log to record and one webhook", "worker", &one)?;
    let several = format!("log to record and {} webhooks, an event to one of them", args.endpoints);
    tell(&mut report, &several, "worker", &many)?;
    if !args.alone {
        tell(&mut report, "BullMQ and a worker with fetch", "Node.js", &bull)?;
    }
    tell_burst(&mut report, args.events, &bursts)?;
    report.finish(to.write.as_deref())
}

async fn to_record(args: &Args, to: &Output, redis: &Redis) -> Result<Round> {
    let mut stage = Stage::set(&to.gateway, redis, &[]).await?;
    stage.start().await?;
    stage.append(args.events, 1).await?;
    stage.release().await?;
    let before = stage.used()?;
    let places = stage.stored().await?;
    let after = stage.used()?;
    ensure!(places >= args.events as u64, "only {places} events are on record");
    stage.stop().await?;
    let round = Round::between(args.events, before, after);
    Ok(said("log to record", round))
}

async fn to_webhooks(args: &Args, to: &Output, redis: &Redis, endpoints: usize) -> Result<Round> {
    let receiver = Receiver::start(endpoints).await?;
    let mut stage = Stage::set(&to.gateway, redis, &receiver.urls).await?;
    stage.start().await?;
    stage.append(args.events, 1).await?;
    stage.release().await?;
    let before = stage.used()?;
    let again = receiver.takes(args.events).await?;
    let after = stage.used()?;
    ensure!(again == 0, "{again} events were told twice");
    stage.stop().await?;
    let round = Round::between(args.events, before, after);
    Ok(said(&format!("log to {endpoints} webhook(s)"), round))
}

async fn burst(args: &Args, to: &Output, redis: &Redis) -> Result<Burst> {
    let receiver = Receiver::start(1).await?;
    let mut stage = Stage::set(&to.gateway, redis, &receiver.urls).await?;
    stage.start().await?;
    // the way is warm, and the worker has the log
    stage.append(SESSIONS * CHATS, TOGETHER).await?;
    stage.release().await?;
    receiver.takes(SESSIONS * CHATS).await?;
    receiver.drain();
    let appended = stage.append(args.events, TOGETHER).await?;
    receiver.takes(args.events).await?;
    let mut lags = Vec::with_capacity(args.events);
    for (id, at) in receiver.drain() {
        let made = i64::try_from(id.parse::<EventId>()?.ulid().timestamp_ms())?;
        lags.push(Duration::from_millis(u64::try_from(at.as_millis() - made).unwrap_or_default()));
    }
    stage.stop().await?;
    lags.sort_unstable();
    let at = |share: f64| lags.get((lags.len() as f64 * share) as usize).copied().context("no events");
    let burst =
        Burst { appended, p50: at(0.5)?, p99: at(0.99)?, max: lags.last().copied().unwrap_or_default() };
    say(&format!("{burst:?}"));
    Ok(burst)
}

fn said(what: &str, round: Round) -> Round {
    let each = |time| micros_each(time, round.events);
    let (wall, sender, redis) = (per_second(round.events, round.wall), each(round.sender), each(round.redis));
    say(&format!("{what}: {wall:.0}/s, sender {sender:.0} µs, Redis {redis:.0} µs each"));
    round
}

fn tell(report: &mut Report, what: &str, sender: &str, rounds: &[Round]) -> Result<()> {
    report.add(what, "events/s on a core", median(rounds, |round| per_second(round.events, round.wall))?);
    let each = |part: fn(&Round) -> Duration| median(rounds, |round| micros_each(part(round), round.events));
    report.add(&format!("… processor time of the {sender} each"), "µs", each(|round| round.sender)?);
    report.add("… processor time of Redis each", "µs", each(|round| round.redis)?);
    report.add("… events per core, both together", "/s", median(rounds, Round::per_core)?);
    Ok(())
}

fn tell_burst(report: &mut Report, events: usize, bursts: &[Burst]) -> Result<()> {
    let seconds = |part: fn(&Burst) -> Duration| median(bursts, |burst| part(burst).as_secs_f64());
    report.add(&format!("{events} events at once, appended within"), "s", seconds(|burst| burst.appended)?);
    report.add("… from an event to the answer of its endpoint: p50", "s", seconds(|burst| burst.p50)?);
    report.add("… p99", "s", seconds(|burst| burst.p99)?);
    report.add("… the last", "s", seconds(|burst| burst.max)?);
    Ok(())
}

/// The median of a figure over rounds.
fn median<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> Result<f64> {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().context("no rounds")
}
