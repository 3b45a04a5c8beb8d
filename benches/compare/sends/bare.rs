//! One whatsapp-rust client in a loop, its keys in memory: what a gateway cannot beat.

use std::time::Instant;

use anyhow::Result;
use wagate_benches::server::Server;
use wagate_benches::{say, usage};
use whatsapp_rust::Jid;

use super::{Spent, TEXT};
use crate::client::Client;

/// Messages under way at a time.
const WINDOW: usize = 200;

pub(crate) async fn run(server: &Server, numbers: &[String], sends: usize) -> Result<Spent> {
    say("a bare whatsapp-rust loop");
    let client = Client::linked(server, server.wire(), "4915900000000").await?;
    let numbers: Vec<Jid> = numbers.iter().map(Jid::pn).collect();
    send(&client, &numbers, 0, numbers.len()).await?;
    server.quiet().await?;
    let (own, begun) = (usage::cpu(std::process::id())?, Instant::now());
    send(&client, &numbers, numbers.len(), sends).await?;
    let wall = begun.elapsed();
    let own = usage::cpu(std::process::id())?.saturating_sub(own);
    client.leave().await;
    Ok(Spent { messages: sends, wall, parts: vec![("client", own)] })
}

async fn send(client: &Client, numbers: &[Jid], begun: usize, count: usize) -> Result<()> {
    for (sent, to) in numbers.iter().cycle().take(count).enumerate() {
        if sent >= WINDOW {
            client.receipted(begun + sent - WINDOW).await?;
        }
        client.wa().send_text(to.clone(), TEXT).await?;
    }
    client.receipted(begun + count).await
}
