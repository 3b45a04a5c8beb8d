//! A redis-server that everybody who is compared uses.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::program::{Program, free_port};

/// A running redis-server on an empty folder: every write goes to the append-only file, which is forced to the
/// disk once a second, and nothing is evicted, as BullMQ's guide for production asks.
#[derive(Debug)]
pub struct Redis {
    program: Program,
    port: u16,
    _folder: TempDir,
}

impl Redis {
    /// Starts one.
    ///
    /// # Errors
    /// When redis-server is missing.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port().await?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--loglevel", "warning"]);
        command.args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]);
        command.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(folder.path());
        let mut program = Program::start(&mut command, "install redis-server 7 or newer")?;
        program.listens(port).await?;
        Ok(Self { program, port, _folder: folder })
    }

    /// Its port on loopback.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Processor time so far.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu(&self) -> Result<Duration> {
        self.program.cpu()
    }

    /// Its own count of bytes in use for data.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn memory(&self) -> Result<u64> {
        let info = self.ask(&["INFO", "memory"]).await?;
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(line.context("used_memory")?.trim().parse()?)
    }

    /// Its version.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn version(&self) -> Result<String> {
        let info = self.ask(&["INFO", "server"]).await?;
        let line = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        Ok(line.context("redis_version")?.trim().to_owned())
    }

    /// Forgets all data.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn clear(&self) -> Result<()> {
        self.ask(&["FLUSHALL", "SYNC"]).await.map(drop)
    }

    /// Asks something whose answer is a line or a text.
    ///
    /// # Errors
    /// When it does not answer, or with an error.
    pub async fn ask(&self, words: &[&str]) -> Result<String> {
        let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).await?);
        connection.write_all(request(words).as_bytes()).await?;
        let mut line = String::new();
        connection.read_line(&mut line).await?;
        match (line.get(..1), line.get(1..).unwrap_or_default().trim()) {
            (Some("+" | ":"), said) => Ok(said.to_owned()),
            (Some("$"), length) => {
                let mut text = vec![0; length.parse()?];
                connection.read_exact(&mut text).await?;
                Ok(String::from_utf8(text)?)
            }
            _ => bail!("Redis said {line}"),
        }
    }

    /// Whatever it is asked from now on, a line each, as MONITOR tells it.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn watch(&self) -> Result<tokio::io::Lines<BufReader<TcpStream>>> {
        let mut connection = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).await?);
        connection.write_all(request(&["MONITOR"]).as_bytes()).await?;
        connection.read_line(&mut String::new()).await?;
        Ok(connection.lines())
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(self) -> Result<()> {
        self.program.stop().await
    }
}

fn request(words: &[&str]) -> String {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    text
}
