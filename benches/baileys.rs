//! A Node process with Baileys, by `benches/foreign/baileys.mjs`.

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde_json::Value;

use crate::program::Program;
use crate::server::Server;
use crate::{control, foreign};

/// A process with any number of linked clients.
#[derive(Debug)]
pub struct Baileys {
    /// The process.
    pub program: Program,
}

impl Baileys {
    /// Starts the process; its first client sends `text` to `numbers` in turn.
    ///
    /// # Errors
    /// When Node or the packages are missing.
    pub fn start(server: &Server, text: &str, numbers: &[String]) -> Result<Self> {
        let mut command = foreign::node("baileys.mjs")?;
        command.env("WS_URL", server.wire()).env("TEXT", text).env("NUMBERS", numbers.join(","));
        Ok(Self { program: Program::start(&mut command, foreign::REMEDY)? })
    }

    /// Links one more client to a number and waits until it is connected.
    ///
    /// # Errors
    /// When it cannot be linked.
    pub async fn link(&mut self, server: &Server, number: &str) -> Result<()> {
        self.program.tell("link").await?;
        let mut scanned = false;
        loop {
            let said = self.next().await?;
            match said.get("is").and_then(Value::as_str) {
                Some("qr") if !scanned => {
                    let qr = said.get("qr").and_then(Value::as_str).context("no code")?;
                    control::scan(&Client::new(), server.control(), number, qr).await?;
                    scanned = true;
                }
                Some("open") => return Ok(()),
                Some("closed") => bail!("Baileys was disconnected: {said}"),
                _ => {}
            }
        }
    }

    /// Sends so many messages and waits for their receipts.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn send(&mut self, count: usize) -> Result<()> {
        self.program.tell(&format!("send {count}")).await?;
        loop {
            let said = self.next().await?;
            match said.get("is").and_then(Value::as_str) {
                Some("sent") => return Ok(()),
                Some("closed") => bail!("Baileys was disconnected: {said}"),
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> Result<Value> {
        Ok(serde_json::from_str(&self.program.line().await?)?)
    }
}
