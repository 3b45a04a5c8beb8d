//! The network as a process of its own.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use wagate_sandbox::{Sandbox, SandboxConfig};

use crate::usage::{self, NETWORK_CORE};

/// Runs the network until standard input ends; says on standard output where it is.
pub(crate) async fn serve(folder: &Path) -> Result<()> {
    // A trace of every stanza is for people who look at a few.
    let config = SandboxConfig { trace_events: 0, ..SandboxConfig::new(folder) };
    let sandbox = Sandbox::start(config).await?;
    let places = json!({
        "wire": sandbox.wire_url(),
        "control": sandbox.control_url(),
        "media_http": sandbox.media_http_addr().to_string(),
        "media_https": sandbox.media_https_host(),
    });
    writeln!(std::io::stdout(), "{places}")?;
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    sandbox.stop().await;
    Ok(())
}

/// A running network.
pub(crate) struct Server {
    child: Child,
    pid: u32,
    places: Value,
    folder: TempDir,
}

/// What the network has used up to a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    cpu: Duration,
    memory: u64,
    at: Instant,
}

/// What it has used between two moments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// Bytes by which its memory has grown.
    pub(crate) memory: u64,
}

impl Server {
    /// Starts one on an empty folder, on its own core.
    pub(crate) async fn start() -> Result<Self> {
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
    pub(crate) fn wire(&self) -> &str {
        self.place("wire")
    }

    /// Base URL of the control API.
    pub(crate) fn control(&self) -> &str {
        self.place("control")
    }

    /// The media endpoint in plain HTTP.
    pub(crate) fn media_http(&self) -> Result<SocketAddr> {
        Ok(self.place("media_http").parse()?)
    }

    /// Host and port of media URLs.
    pub(crate) fn media_https(&self) -> &str {
        self.place("media_https")
    }

    /// A folder that goes with the network.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its memory now, in bytes.
    pub(crate) fn memory(&self) -> Result<u64> {
        usage::memory(self.pid)
    }

    /// What it has used so far.
    pub(crate) fn used(&self) -> Result<Used> {
        Ok(Used { cpu: usage::cpu(self.pid)?, memory: usage::memory(self.pid)?, at: Instant::now() })
    }

    /// What it has used since then.
    pub(crate) fn since(&self, then: Used) -> Result<Spent> {
        let now = self.used()?;
        Ok(Spent {
            cpu: now.cpu.saturating_sub(then.cpu),
            wall: now.at - then.at,
            memory: now.memory.saturating_sub(then.memory),
        })
    }

    /// Waits until it has nothing more to do: its processor time stands still.
    pub(crate) async fn quiet(&self) -> Result<()> {
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
    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}
