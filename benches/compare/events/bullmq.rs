//! BullMQ and a worker that posts, by `benches/foreign/post.mjs`.

use std::time::Instant;

use anyhow::{Result, ensure};
use wagate_benches::foreign;
use wagate_benches::program::Program;
use wagate_benches::redis::Redis;
use wagate_benches::usage::NETWORK_CORE;

use super::receiver::Receiver;
use super::{Round, TEXT, Used};

/// Jobs under way at a time: beyond this it becomes no faster.
const AT_ONCE: usize = 50;

/// Queues so many events, then lets a worker on the same core as ours post them.
pub(super) async fn round(redis: &Redis, events: usize) -> Result<Round> {
    redis.clear().await?;
    let receiver = Receiver::start(1).await?;
    let mut command = foreign::node_on("post.mjs", NETWORK_CORE)?;
    command.env("REDIS_PORT", redis.port().to_string()).env("AT_ONCE", AT_ONCE.to_string());
    command.env("URL", receiver.urls.join("")).env("TEXT", TEXT);
    let mut program = Program::start(&mut command, foreign::REMEDY)?;
    ensure!(program.line().await? == "ready", "post.mjs did not begin");
    program.tell(&format!("add {events}")).await?;
    ensure!(program.line().await? == "added", "post.mjs did not queue");
    let used = |program: &Program| {
        Ok::<_, anyhow::Error>(Used { sender: program.cpu()?, redis: redis.cpu()?, at: Instant::now() })
    };
    let before = used(&program)?;
    program.tell("work").await?;
    receiver.takes(events).await?;
    let after = used(&program)?;
    program.stop().await?;
    Ok(Round::between(events, before, after))
}
