//! How long a message takes from the request to the wire when nothing waits, against a direct call of the client.
//!
//! A relay in front of the network notes when the first bytes of a message pass. `make bench-latency` runs it.

mod tap;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;
use wagate_benches::gateway::Gateway;
use wagate_benches::load::{Connection, post};
use wagate_benches::redis::Redis;
use wagate_benches::report::{Goal, Report};
use wagate_benches::say;
use wagate_benches::server::Server;
use whatsapp_rust::Jid;

use crate::Output;
use crate::client::Client;
use tap::Tap;

const TEXT: &str = "Your parcel arrives today between 10 and 12.";
/// Numbers that are written to, in sessions that exist.
const NUMBERS: usize = 20;
/// From one message to the next: its receipts are over, and every queue is empty.
const PAUSE: Duration = Duration::from_millis(60);

/// Measures the way to the wire.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Messages of each.
    #[arg(long, default_value_t = 500)]
    messages: usize,
}

/// Times in order.
struct Times(Vec<Duration>);

impl Times {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// In milliseconds, by share.
    fn at(&self, share: f64) -> Result<f64> {
        let at = (self.0.len() as f64 * share) as usize;
        Ok(self.0.get(at).context("nothing was measured")?.as_secs_f64() * 1e3)
    }
}

/// Measures, and says or writes what it found.
pub(crate) async fn measure(args: &Args, to: &Output) -> Result<()> {
    let mut report = Report::of("make bench-latency");
    let direct = direct(args.messages).await?;
    let [whole, after] = ours(args.messages, to).await?;
    report.goal("p99 beyond a direct call", "ms", whole.at(0.99)? - direct.at(0.99)?, Goal::AtMost(10.0));
    for (name, times) in [
        ("from the request to the wire", whole),
        ("from the answer 202 to the wire", after),
        ("direct call of whatsapp-rust to the wire, keys in memory", direct),
    ] {
        report.add(&format!("{name}: p50"), "ms", times.at(0.5)?);
        report.add("… p99", "ms", times.at(0.99)?);
    }
    report.finish(to.write.as_deref())
}

async fn direct(messages: usize) -> Result<Times> {
    say("direct calls");
    let server = Server::start().await?;
    let tap = Tap::before(server.wire()).await?;
    let client = Client::linked(&server, tap.wire(), "4915900000000").await?;
    let numbers: Vec<Jid> = (0..NUMBERS).map(|n| Jid::pn(format!("4915900{n:06}1"))).collect();
    for (sent, number) in numbers.iter().enumerate() {
        client.wa().send_text(number.clone(), TEXT).await?;
        client.receipted(sent + 1).await?;
    }
    let mut times = Vec::with_capacity(messages);
    for number in numbers.iter().cycle().take(messages) {
        tokio::time::sleep(PAUSE).await;
        let passed = tap.next();
        let begun = Instant::now();
        client.wa().send_text(number.clone(), TEXT).await?;
        times.push(passed.await? - begun);
    }
    client.leave().await;
    server.stop().await?;
    Ok(Times::new(times))
}

/// The whole way, and the part of it that comes after the answer.
async fn ours(messages: usize, to: &Output) -> Result<[Times; 2]> {
    say("the gateway");
    let server = Server::start().await?;
    let tap = Tap::before(server.wire()).await?;
    let redis = Redis::start().await?;
    let gateway = Gateway::prepare(&to.gateway, &redis, Some((&server, tap.wire()))).await?;
    let process = gateway.serve("up").await?;
    let session = gateway.linked(&server, "4915800000000").await?;
    let path = format!("/api/v1/sessions/{session}/messages");
    let requests: Vec<Vec<u8>> = (0..NUMBERS)
        .map(|n| json!({ "to": format!("+4915800{n:06}1"), "type": "text", "text": { "body": TEXT } }))
        .map(|body| post(&path, &gateway.headers(), &body.to_string()))
        .collect();
    let mut connection = Connection::open(gateway.port()).await?;
    for request in &requests {
        let passed = tap.next();
        connection.ask(request, 202).await?;
        passed.await?;
        tokio::time::sleep(PAUSE).await;
    }
    let (mut whole, mut after) = (Vec::with_capacity(messages), Vec::with_capacity(messages));
    for request in requests.iter().cycle().take(messages) {
        tokio::time::sleep(PAUSE).await;
        let passed = tap.next();
        let begun = Instant::now();
        connection.ask(request, 202).await?;
        let answered = Instant::now();
        let passed = passed.await?;
        whole.push(passed - begun);
        after.push(passed.saturating_duration_since(answered));
    }
    process.stop().await?;
    redis.stop().await?;
    server.stop().await?;
    Ok([Times::new(whole), Times::new(after)])
}
