//! Messages of companions to phones, which acknowledge them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::Args;
use crate::link::Companions;
use wagate_benches::report::Report;
use wagate_benches::say;
use wagate_benches::server::Server;
use wagate_benches::usage::{micros_each, per_second};

/// Messages under way at a time, from the first ack to the receipt.
const WINDOW: usize = 2000;
/// How long all of one phase may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Messages numbers that nobody has written to, then the same ones again and again; how many of the latter a second.
pub(crate) async fn run(
    server: &Server,
    companions: &Companions,
    args: &Args,
    report: &mut Report,
) -> Result<f64> {
    let numbers: Vec<String> = (0..args.numbers).map(|n| format!("4916{n:09}")).collect();
    let before = server.used()?;
    send(companions, numbers.iter().map(String::as_str)).await?;
    server.quiet().await?;
    let spent = server.since(before)?;
    report.add("first messages to unknown numbers", "per second", per_second(args.numbers, spent.wall));
    report.add("… processor time each", "µs", micros_each(spent.cpu, args.numbers));
    report.add("… memory each", "KiB", spent.memory as f64 / 1024.0 / args.numbers as f64);

    let before = server.used()?;
    let known = numbers.iter().take(companions.online.len()).cycle().take(args.messages);
    send(companions, known.map(String::as_str)).await?;
    let spent = server.since(before)?;
    let rate = per_second(args.messages, spent.wall);
    report.add("messages relayed, acked, delivered and receipted", "per second", rate);
    report.add("… processor time each", "µs", micros_each(spent.cpu, args.messages));
    report.add("… memory in the end", "MiB", server.memory()? as f64 / f64::from(1 << 20));
    Ok(rate)
}

async fn send<'a>(companions: &Companions, numbers: impl Iterator<Item = &'a str>) -> Result<()> {
    let tally = &companions.tally;
    let begun = tally.delivered.load(Ordering::Relaxed);
    let mut sent = 0;
    let all = async {
        for (number, companion) in numbers.zip(companions.online.iter().cycle()) {
            if sent >= WINDOW {
                tally.reach(&tally.delivered, begun + sent - WINDOW).await;
            }
            companion.say(number).await?;
            sent += 1;
            if sent % 20_000 == 0 {
                say(&format!("{sent} messages"));
            }
        }
        tally.reach(&tally.delivered, begun + sent).await;
        Ok(())
    };
    tokio::time::timeout(PATIENCE, all).await.context("the messages took too long")?
}
