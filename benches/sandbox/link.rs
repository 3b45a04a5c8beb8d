//! Thousands of companions: linked, then logged in again all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::companion::{Companion, Keys, Tally};
use wagate_benches::report::Report;
use wagate_benches::server::Server;
use wagate_benches::usage::{micros_each, per_second};
use wagate_benches::{control, say};

/// Companions that are being linked at a time.
const AT_ONCE: usize = 32;

/// The companions, online.
pub(crate) struct Companions {
    pub(crate) online: Vec<Companion>,
    pub(crate) tally: Arc<Tally>,
}

/// The number of a companion's account.
pub(crate) fn number(n: usize) -> String {
    format!("4917{n:09}")
}

/// Links and logs in so many companions, each of an account of its own.
pub(crate) async fn run(server: &Server, count: usize, report: &mut Report) -> Result<Companions> {
    let tally = Arc::new(Tally::default());
    let before = server.used()?;
    let linked = AtomicUsize::new(0);
    let (http, control) = (reqwest::Client::new(), server.control().to_owned());
    let online: Vec<(Keys, Companion)> = stream::iter(0..count)
        .map(|n| {
            let (http, control, tally, linked) = (http.clone(), control.clone(), &tally, &linked);
            async move {
                let number = number(n);
                let phone = number.clone();
                let scan = move |qr: String| async move { control::scan(&http, &control, &phone, &qr).await };
                let keys = Keys::link(server.wire(), number, scan).await?;
                let companion = keys.login(server.wire(), true, tally).await?;
                let done = linked.fetch_add(1, Ordering::Relaxed) + 1;
                if done.is_multiple_of(1000) {
                    say(&format!("{done} companions are linked"));
                }
                Ok::<_, anyhow::Error>((keys, companion))
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    server.quiet().await?;
    let spent = server.since(before)?;
    report.add("companions linked and logged in", "per second", per_second(count, spent.wall));
    report.add("… processor time each", "µs", micros_each(spent.cpu, count));
    report.add(
        "… memory each, phone and account included",
        "KiB",
        spent.memory as f64 / 1024.0 / count as f64,
    );

    let (keys, companions): (Vec<Keys>, Vec<Companion>) = online.into_iter().unzip();
    drop(companions);
    server.quiet().await?;
    say("all of them log in again");
    let before = server.used()?;
    let online: Vec<Companion> = stream::iter(&keys)
        .map(|keys| keys.login(server.wire(), false, &tally))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let spent = server.since(before)?;
    report.add("linked companions logged in again", "per second", per_second(count, spent.wall));
    report.add("… processor time each", "µs", micros_each(spent.cpu, count));
    Ok(Companions { online, tally })
}
