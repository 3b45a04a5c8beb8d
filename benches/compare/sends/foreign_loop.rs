//! One Baileys client in a loop.

use std::time::Instant;

use anyhow::Result;
use wagate_benches::baileys::Baileys;
use wagate_benches::say;
use wagate_benches::server::Server;

use super::{Spent, TEXT};

pub(crate) async fn run(server: &Server, numbers: &[String], sends: usize) -> Result<Spent> {
    say("a Baileys loop");
    let mut baileys = Baileys::start(server, TEXT, numbers)?;
    baileys.link(server, "4915900000000").await?;
    baileys.send(numbers.len()).await?;
    server.quiet().await?;
    let (own, begun) = (baileys.program.cpu()?, Instant::now());
    baileys.send(sends).await?;
    let wall = begun.elapsed();
    let own = baileys.program.cpu()?.saturating_sub(own);
    baileys.program.stop().await?;
    Ok(Spent { messages: sends, wall, parts: vec![("client", own)] })
}
