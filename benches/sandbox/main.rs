//! The sandbox under load: how much it carries, and what that costs.
//!
//! The network runs in a process of its own on one core, whoever loads it on another, so that
//! their processor times can be told apart. `make bench-sandbox` runs it.

mod bare;
mod client;
mod companion;
mod crowd;
mod gateway;
mod link;
mod relay;
mod serve;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

use wagate_benches::report::Report;
use wagate_benches::server::Server;
use wagate_benches::usage;

/// Measures the sandbox.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// Companions linked in one process.
    #[arg(long, default_value_t = 10_000)]
    companions: usize,
    /// Numbers messaged in one process.
    #[arg(long, default_value_t = 100_000)]
    numbers: usize,
    /// Messages of the companions together, between numbers that know each other.
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// Messages that one whatsapp-rust client, and one gateway, send.
    #[arg(long, default_value_t = 20_000)]
    sends: usize,
    /// A built `wagate`, to be measured as the gateway.
    #[arg(long)]
    gateway: Option<PathBuf>,
    /// Where the table goes, between its markers.
    #[arg(long)]
    write: Option<PathBuf>,
    /// What `cargo bench` passes.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// The network; this program starts it by itself.
    Serve {
        /// Its folder.
        folder: PathBuf,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        Some(Role::Serve { folder }) => serve::serve(folder).await,
        None => measure(&args).await,
    }
}

async fn measure(args: &Args) -> Result<()> {
    usage::pin_here()?;
    let mut report = Report::of("make bench-sandbox");
    report.remark("The network and its load have one core each.");

    let server = Server::start().await?;
    bare::run(&server, args.sends, &mut report).await?;
    server.stop().await?;

    let mut of_a_gateway = None;
    if let Some(program) = &args.gateway {
        let server = Server::start().await?;
        of_a_gateway = Some(gateway::run(&server, program, args.sends, &mut report).await?);
        server.stop().await?;
    }

    let server = Server::start().await?;
    let companions = link::run(&server, args.companions, &mut report).await?;
    let relayed = relay::run(&server, &companions, args, &mut report).await?;
    if let Some(sent) = of_a_gateway {
        report.add("… relayed : sent by one gateway process (goal: 5)", "to 1", relayed / sent);
    }
    drop(companions);
    server.stop().await?;

    let server = Server::start().await?;
    crowd::run(&server, args.companions, &mut report).await?;
    server.stop().await?;

    report.finish(args.write.as_deref())
}
