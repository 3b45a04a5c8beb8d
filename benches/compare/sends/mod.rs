//! What a message costs on its way from the request to the phone, against clients in a bare loop.
//!
//! Everybody sends the same text to the same numbers on a network of its own, whose phones are sinks; what counts
//! is the processor time of all processes that take part, the network apart. `make bench-sends` runs it.

mod bare;
mod foreign_loop;
mod ours;

use std::time::Duration;

use crate::Output;
use anyhow::Result;
use wagate_benches::foreign;
use wagate_benches::report::{Goal, Report};
use wagate_benches::server::Server;
use wagate_benches::usage::{micros_each, per_second};

/// Numbers that are written to.
const NUMBERS: usize = 100;
const TEXT: &str = "Your parcel arrives today between 10 and 12.";

/// Measures sends.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Messages that the gateway and the bare loop send.
    #[arg(long, default_value_t = 20_000)]
    sends: usize,
    /// Messages that Baileys sends.
    #[arg(long, default_value_t = 3_000)]
    baileys: usize,
    /// Sessions of the gateway that send at the same time.
    #[arg(long, default_value_t = 8)]
    sessions: usize,
}

/// What so many messages took.
struct Spent {
    messages: usize,
    wall: Duration,
    /// Processor time by process.
    parts: Vec<(&'static str, Duration)>,
}

impl Spent {
    fn each(&self) -> f64 {
        micros_each(self.parts.iter().map(|(_, time)| *time).sum(), self.messages)
    }

    fn add(&self, report: &mut Report, name: &str) {
        report.add(&format!("{name}: processor time of a message"), "µs", self.each());
        if self.parts.len() > 1 {
            for (part, time) in &self.parts {
                report.add(&format!("… {part}"), "µs", micros_each(*time, self.messages));
            }
        }
        report.add("… throughput", "messages/s", per_second(self.messages, self.wall));
    }
}

/// Measures, and says or writes what it found.
pub(crate) async fn measure(args: &Args, to: &Output) -> Result<()> {
    let mut report = Report::of("make bench-sends");
    report.remark(format!("whatsapp-rust 0.7.0, {}.", foreign::versions(&["baileys"])?));
    let numbers: Vec<String> = (0..NUMBERS).map(|n| format!("4915900{n:06}1")).collect();

    let server = Server::start().await?;
    let bare = bare::run(&server, &numbers, args.sends).await?;
    server.stop().await?;
    let server = Server::start().await?;
    let baileys = foreign_loop::run(&server, &numbers, args.baileys).await?;
    server.stop().await?;
    let server = Server::start().await?;
    let ours = ours::run(&server, &numbers, args, to).await?;
    server.stop().await?;

    let against = |other: &Spent| other.each() / ours.each();
    report.goal(
        "messages per core against a bare whatsapp-rust loop",
        "×",
        against(&bare),
        Goal::AtLeast(0.8),
    );
    report.goal("messages per core against a Baileys loop", "×", against(&baileys), Goal::AtLeast(10.0));
    ours.add(&mut report, "wagate, from the request to the phone");
    bare.add(&mut report, "bare whatsapp-rust loop, keys in memory");
    baileys.add(&mut report, "Baileys loop, keys in memory");
    report.finish(to.write.as_deref())
}
