//! Measures the gateway against what it could be compared with, a subject at a time.
//!
//! One program for all subjects, because linking it takes longer than running it. Every competitor runs as its own
//! guide for production has it. `make bench` runs all of them.

mod accept;
#[path = "../sandbox/client.rs"]
mod client;
mod events;
mod lanes;
mod latency;
mod sends;
#[path = "../sandbox/serve.rs"]
mod serve;
mod sessions;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures the gateway.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    subject: Subject,
    #[command(flatten)]
    output: Output,
    /// What `cargo bench` passes.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// What is measured, and where the figures go.
#[derive(Debug, clap::Args)]
struct Output {
    /// A release build of `wagate`.
    #[arg(long, global = true, default_value = "target/release/wagate")]
    gateway: PathBuf,
    /// Where the tables go, between their markers.
    #[arg(long, global = true)]
    write: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Subject {
    /// Requests per second of the API.
    Accept(accept::Args),
    /// Messages per second through the queue.
    Lanes(lanes::Args),
    /// Processor time of a message.
    Sends(sends::Args),
    /// Memory of sessions that have nothing to do.
    Sessions(sessions::Args),
    /// Events per second to the record and to webhooks.
    Events(events::Args),
    /// Time from a request to the wire.
    Latency(latency::Args),
    /// The network; this program starts it by itself.
    #[command(hide = true)]
    Serve { folder: PathBuf },
    /// The bare handler; this program starts it by itself.
    #[command(hide = true)]
    Bare { port: u16, redis: String, calls: PathBuf },
}

#[tokio::main]
async fn main() -> Result<()> {
    let Args { subject, output, .. } = Args::parse();
    match &subject {
        Subject::Accept(args) => accept::measure(args, &output).await,
        Subject::Lanes(args) => lanes::measure(args, &output).await,
        Subject::Sends(args) => sends::measure(args, &output).await,
        Subject::Sessions(args) => sessions::measure(args, &output).await,
        Subject::Events(args) => events::measure(args, &output).await,
        Subject::Latency(args) => latency::measure(args, &output).await,
        Subject::Serve { folder } => serve::serve(folder).await,
        Subject::Bare { port, redis, calls } => accept::bare::serve(*port, redis, calls).await,
    }
}
