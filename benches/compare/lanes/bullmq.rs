//! BullMQ, by `benches/foreign/queue.mjs`.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wagate_benches::foreign;
use wagate_benches::program::Program;
use wagate_benches::redis::Redis;

use super::{AT_ONCE, Round, TEXT};

/// A Node process with a queue and a worker.
pub(crate) struct Bull {
    program: Program,
}

impl Bull {
    pub(crate) async fn start(redis: &Redis) -> Result<Self> {
        let mut command = foreign::node("queue.mjs")?;
        command.env("REDIS_PORT", redis.port().to_string()).env("AT_ONCE", AT_ONCE.to_string());
        command.env("TEXT", TEXT);
        let mut program = Program::start(&mut command, foreign::REMEDY)?;
        ensure!(program.line().await? == "ready", "queue.mjs did not begin");
        Ok(Self { program })
    }

    pub(crate) async fn round(&mut self, redis: &Redis, messages: usize) -> Result<Round> {
        let held = redis.cpu()?;
        let queued = self.ask("add", messages).await?;
        let done = self.ask("work", messages).await?;
        Ok(Round { messages, queued, done, redis: redis.cpu()?.saturating_sub(held) })
    }

    async fn ask(&mut self, what: &str, messages: usize) -> Result<Duration> {
        self.program.tell(&format!("{what} {messages}")).await?;
        let said: Value = serde_json::from_str(&self.program.line().await?)?;
        let seconds = said.get("seconds").and_then(Value::as_f64).context("no seconds")?;
        Ok(Duration::from_secs_f64(seconds))
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.program.stop().await
    }
}
