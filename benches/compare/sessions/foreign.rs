//! Baileys: a process for each session, and many sessions in one process.

use anyhow::Result;
use wagate_benches::baileys::Baileys;
use wagate_benches::server::Server;
use wagate_benches::{say, usage};

use super::Args;

/// Memory in bytes.
pub(crate) struct Foreign {
    /// Of a process with one session, the mean of some.
    pub(crate) process: f64,
    /// By which a process grows with each further session.
    pub(crate) further: f64,
}

pub(crate) async fn run(server: &Server, args: &Args) -> Result<Foreign> {
    say("Baileys, a process for each session");
    let mut alone = 0;
    for n in 0..args.processes {
        let mut baileys = Baileys::start(server, "", &[])?;
        baileys.link(server, &format!("49156{n:07}")).await?;
        server.quiet().await?;
        alone += usage::memory(baileys.program.pid())?;
        baileys.program.stop().await?;
    }
    say("Baileys, many sessions in one process");
    let mut baileys = Baileys::start(server, "", &[])?;
    baileys.link(server, "4915700000000").await?;
    server.quiet().await?;
    let first = usage::memory(baileys.program.pid())?;
    for n in 1..args.together {
        baileys.link(server, &format!("49157{n:08}")).await?;
    }
    server.quiet().await?;
    let all = usage::memory(baileys.program.pid())?;
    baileys.program.stop().await?;
    Ok(Foreign {
        process: alone as f64 / args.processes as f64,
        further: all.saturating_sub(first) as f64 / (args.together - 1) as f64,
    })
}
