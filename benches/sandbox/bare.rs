//! One whatsapp-rust client that sends as fast as it can: what a gateway cannot beat.

use anyhow::Result;
use whatsapp_rust::Jid;

use crate::client::Client;
use wagate_benches::report::Report;
use wagate_benches::say;
use wagate_benches::server::Server;
use wagate_benches::usage::{self, micros_each, per_second};

/// Numbers it writes to.
const NUMBERS: usize = 100;
/// Messages under way at a time.
const WINDOW: usize = 200;

/// Sends so many messages, in sessions that exist.
pub(crate) async fn run(server: &Server, sends: usize, report: &mut Report) -> Result<()> {
    say("one whatsapp-rust client sends");
    let client = Client::linked(server, server.wire(), "4915900000000").await?;
    let numbers: Vec<Jid> = (0..NUMBERS).map(|n| Jid::pn(format!("4915900{n:06}1"))).collect();
    send(&client, &numbers, 0, NUMBERS).await?;
    server.quiet().await?;

    let (own, before) = (usage::cpu(std::process::id())?, server.used()?);
    send(&client, &numbers, NUMBERS, sends).await?;
    let spent = server.since(before)?;
    let own = usage::cpu(std::process::id())?.saturating_sub(own);
    report.add(
        "messages of one whatsapp-rust client, receipts awaited",
        "per second",
        per_second(sends, spent.wall),
    );
    report.add("… processor time of the client each", "µs", micros_each(own, sends));
    report.add("… processor time of the sandbox each", "µs", micros_each(spent.cpu, sends));
    report.add("… client : sandbox", "to 1", own.as_secs_f64() / spent.cpu.as_secs_f64());
    client.leave().await;
    Ok(())
}

async fn send(client: &Client, numbers: &[Jid], begun: usize, count: usize) -> Result<()> {
    for (sent, to) in numbers.iter().cycle().take(count).enumerate() {
        if sent >= WINDOW {
            client.receipted(begun + sent - WINDOW).await?;
        }
        client.wa().send_text(to.clone(), "Your parcel arrives today between 10 and 12.").await?;
    }
    client.receipted(begun + count).await
}
