//! What a linked session that has nothing to do takes, and how soon all are back after a restart.
//!
//! `make bench-sessions` runs it.

mod foreign;
mod ours;

use crate::Output;
use anyhow::Result;
use wagate_benches::report::{Goal, Report};
use wagate_benches::server::Server;

/// Measures sessions.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Numbers of sessions to measure at, growing.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000])]
    sessions: Vec<usize>,
    /// Baileys processes with a session each.
    #[arg(long, default_value_t = 4)]
    processes: usize,
    /// Sessions in one Baileys process.
    #[arg(long, default_value_t = 40)]
    together: usize,
}

const KIB: f64 = (1 << 10) as f64;
const MIB: f64 = (1 << 20) as f64;

/// Measures, and says or writes what it found.
pub(crate) async fn measure(args: &Args, to: &Output) -> Result<()> {
    let mut report = Report::of("make bench-sessions");
    report.remark(format!("{}.", wagate_benches::foreign::versions(&["baileys"])?));
    let server = Server::start().await?;
    let foreign = foreign::run(&server, args).await?;
    server.stop().await?;
    let server = Server::start().await?;
    let ours = ours::run(&server, args, to).await?;
    server.stop().await?;

    for held in &ours {
        let name = format!("resident memory of the connector for each of {} sessions", held.sessions);
        report.goal(&name, "MiB", held.each() / MIB, Goal::AtMost(1.0));
    }
    if let Some(most) = ours.last() {
        let ratio = foreign.process / most.each();
        report.goal("… against a Baileys process for each session", "× less", ratio, Goal::AtLeast(10.0));
        let ratio = foreign.further / most.each();
        report.goal(
            "… against a further session in one Baileys process",
            "× less",
            ratio,
            Goal::AtLeast(10.0),
        );
    }
    for held in &ours {
        let sessions = held.sessions;
        report.add(&format!("connector with {sessions} sessions"), "MiB", held.memory / MIB);
        report.add("… all connected after its start", "s", held.back.as_secs_f64());
        report.add("… processor time of the connector until then", "s", held.cpu.as_secs_f64());
        report.add(
            "… processor time of the connector while nothing happens",
            "% of a core",
            held.idle * 100.0,
        );
        report.add("… SQLite for each", "KiB", held.sql / KIB / sessions as f64);
        report.add(
            "… Redis for each, the event log of its linking included",
            "KiB",
            held.redis / KIB / sessions as f64,
        );
        report.add("… linking them", "sessions/s", held.linked);
    }
    report.add("Baileys process with one session", "MiB", foreign.process / MIB);
    report.add("… a further session in the same process", "MiB", foreign.further / MIB);
    report.finish(to.write.as_deref())
}
