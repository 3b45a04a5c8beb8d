//! Whether our lanes stay as fast when much waits, and what a waiting message takes.

use anyhow::Result;
use wagate_benches::redis::Redis;
use wagate_benches::report::{Goal, Report};
use wagate_benches::say;

use super::ours::Ours;
use super::{AT_ONCE, Args};

/// So much of the speed of an empty queue counts as flat.
const FLAT: f64 = 0.8;

/// Measures with nothing waiting, then with much in as many lanes as are worked on, then in many lanes.
pub(crate) async fn run(redis: &Redis, args: &Args, report: &mut Report) -> Result<()> {
    redis.clear().await?;
    // a rewrite of the append-only file takes a core for seconds, at moments of its own choice
    redis.ask(&["CONFIG", "SET", "auto-aof-rewrite-percentage", "0"]).await?;
    let few = Ours::start(redis, AT_ONCE).await?;
    let empty = few.round(redis, args.messages).await?.rate();
    report.add("our lanes with nothing waiting", "jobs/s", empty);
    for part in [10, 1] {
        redis.clear().await?;
        let (lanes, waiting) = (args.lanes / part, args.waiting / part);
        say(&format!("{waiting} messages in {lanes} lanes"));
        let many = Ours::start(redis, lanes).await?;
        let before = redis.memory().await?;
        many.fill(waiting / lanes).await?;
        let with_log = (redis.memory().await? - before) as f64 / waiting as f64;
        let rate = many.round(redis, args.messages).await?.rate();
        let name = format!("our lanes with {waiting} messages waiting in {lanes} lanes");
        report.add(&name, "jobs/s", rate);
        report.goal(
            &format!("… against nothing waiting ({waiting})"),
            "×",
            rate / empty,
            Goal::AtLeast(FLAT),
        );
        many.forget_log(redis).await?;
        let waits = (redis.memory().await? - before) as f64 / waiting as f64;
        report.add("… memory of Redis for each", "KiB", waits / 1024.0);
        report.add("… and in the log, until it is stored", "KiB", (with_log - waits).max(0.0) / 1024.0);
        many.stop().await;
    }
    few.stop().await;
    redis.clear().await
}
