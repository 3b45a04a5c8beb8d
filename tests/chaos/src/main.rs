//! The long form of the chaos suite; `make chaos` runs it.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use wagate_chaos::{Db, Settings, Size, run, stale_owner};

/// Breaks everything while messages are sent, and judges by what the phones show.
#[derive(Debug, Parser)]
struct Args {
    /// The built `wagate`.
    #[arg(long)]
    program: PathBuf,
    /// Decides what strikes when; a new one unless given.
    #[arg(long)]
    seed: Option<u64>,
    /// Messages each way over 50 sessions in 5 workspaces.
    #[arg(long, default_value_t = 20_000)]
    messages: usize,
    /// The size of the test instead.
    #[arg(long)]
    short: bool,
    /// Only an owner that sleeps beyond its lease and wakes.
    #[arg(long)]
    stale: bool,
    /// Where SQL is kept.
    #[arg(long, value_enum, default_value_t = Db::Postgres)]
    db: Db,
    /// `connector.lease_ttl` in seconds.
    #[arg(long, default_value_t = 15)]
    lease: u64,
    /// Longest time for all of it, in minutes.
    #[arg(long, default_value_t = 15)]
    minutes: u64,
    /// Keeps data and logs of the run in this folder.
    #[arg(long)]
    keep: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let settings = Settings {
        program: std::path::absolute(&args.program)?,
        seed: args.seed.unwrap_or_else(rand::random),
        size: if args.short { Size::SHORT } else { Size::long(args.messages) },
        db: args.db,
        lease: Duration::from_secs(args.lease),
        keep: args.keep,
    };
    if args.stale {
        stale_owner(&Settings { size: Size::ONE, ..settings }).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let bound = Duration::from_secs(args.minutes * 60);
    let report = tokio::select! {
        report = tokio::time::timeout(bound, run(&settings)) => report,
        // what was started ends with what holds it
        () = told_to_stop() => bail!("stopped (seed {})", settings.seed),
    };
    let report = report
        .with_context(|| format!("not over after {} minutes (seed {})", args.minutes, settings.seed))?;
    let report = report.with_context(|| format!("seed {}", settings.seed))?;
    print(&report.to_string());
    Ok(if report.wrong().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn told_to_stop() {
    let terminated = async {
        if let Ok(mut signal) = signal(SignalKind::terminate()) {
            signal.recv().await;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn print(table: &str) {
    print!("{table}");
}
