//! The network as a process of its own.
//!
//! The process is the bench target itself, started with `serve` and a folder.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::usage::{self, NETWORK_CORE};

/// A running network.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pid: u32,
    places: Value,
    folder: TempDir,
}

/// What the network has used up to a moment.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    cpu: Duration,
    memory: u64,
    at: Instant,
}

/// What it has used between two moments.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// Processor time.
    pub cpu: Duration,
    /// Time that passed.
    pub wall: Duration,
    /// Bytes by which its memory has grown.
    pub memory: u64,
}

impl Server {
    /// Starts one on an empty folder, on its own core.
    ///
    /// # Errors
    /// When the bench target has no `serve`, or `taskset` is missing.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = std::env::current_exe()?;
        let mut child = Command::new("taskset")
            .args(["-c", NETWORK_CORE])
            .arg(program)
            .arg("serve")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().context("the network did not start")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line).await?;
        let places = serde_json::from_str(&line).context("the network did not start")?;
        let server = Self { child, pid, places, folder };
        // Phones that acknowledge without opening: the ratchets of the other side are not measured.
        crate::control::sinks(&server).await?;
        Ok(server)
    }

    fn place(&self, name: &str) -> &str {
        self.places.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What clients connect to.
    pub fn wire(&self) -> &str {
        self.place("wire")
    }

    /// Base URL of the control API.
    pub fn control(&self) -> &str {
        self.place("control")
    }

    /// The media endpoint in plain HTTP.
    pub fn media_http(&self) -> Result<SocketAddr> {
        Ok(self.place("media_http").parse()?)
    }

    /// Host and port of media URLs.
    pub fn media_https(&self) -> &str {
        self.place("media_https")
    }

    /// A folder that goes with the network.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its memory now, in bytes.
    pub fn memory(&self) -> Result<u64> {
        usage::memory(self.pid)
    }

    /// What it has used so far.
    pub fn used(&self) -> Result<Used> {
        Ok(Used { cpu: usage::cpu(self.pid)?, memory: usage::memory(self.pid)?, at: Instant::now() })
    }

    /// What it has used since then.
    pub fn since(&self, then: Used) -> Result<Spent> {
        let now = self.used()?;
        Ok(Spent {
            cpu: now.cpu.saturating_sub(then.cpu),
            wall: now.at - then.at,
            memory: now.memory.saturating_sub(then.memory),
        })
    }

    /// Waits until it has nothing more to do: its processor time stands still.
    pub async fn quiet(&self) -> Result<()> {
        let mut before = usage::cpu(self.pid)?;
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = usage::cpu(self.pid)?;
            if now.saturating_sub(before) < Duration::from_millis(20) {
                return Ok(());
            }
            before = now;
        }
    }

    /// Ends it in order.
    pub async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}
