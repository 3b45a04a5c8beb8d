//! Thousands of peers that connect and say nothing, and a client that comes last.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::companion::{Keys, Tally};
use wagate_benches::report::Report;
use wagate_benches::server::Server;
use wagate_benches::{control, say};

/// Holds so many half-open connections; another client is linked and served meanwhile.
pub(crate) async fn run(server: &Server, count: usize, report: &mut Report) -> Result<()> {
    say("a crowd connects and says nothing");
    let address = server.wire().trim_start_matches("ws://").trim_end_matches("/ws/chat").to_owned();
    let before = server.used()?;
    let mut crowd = Vec::with_capacity(count);
    for _ in 0..count {
        let mut peer = TcpStream::connect(&address).await?;
        peer.write_all(b"GET /ws/chat HTTP/1.1\r\nHost: ").await?;
        crowd.push(peer);
    }
    let begun = Instant::now();
    let (http, at) = (reqwest::Client::new(), server.control().to_owned());
    let scan = move |qr: String| async move { control::scan(&http, &at, "4915700000000", &qr).await };
    let keys = Keys::link(server.wire(), "4915700000000".to_owned(), scan).await?;
    let tally = Arc::new(Tally::default());
    let client = keys.login(server.wire(), true, &tally).await?;
    client.say("4915700000001").await?;
    tally.reach(&tally.delivered, 1).await;
    let served = begun.elapsed();
    let spent = server.since(before)?;
    report.add("half-open connections held", "", crowd.len() as f64);
    report.add("… memory each", "KiB", spent.memory as f64 / 1024.0 / count as f64);
    report.add("… meanwhile: linking, login, a message and its receipt", "ms", served.as_secs_f64() * 1000.0);
    Ok(())
}
