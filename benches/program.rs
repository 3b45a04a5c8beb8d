//! Processes that are measured or stand beside what is measured.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};

use crate::usage;

/// How long a process may take to begin or end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process; it ends when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    pid: u32,
    /// What it says on standard output.
    pub says: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts a command; what it says on standard output is read, standard error is where the command has it.
    ///
    /// # Errors
    /// When the program is not there; `remedy` says what to do.
    pub fn start(command: &mut Command, remedy: &str) -> Result<Self> {
        let name = command.as_std().get_program().to_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} does not start: {remedy}", Path::new(&name).display()))?;
        let pid = child.id().context("the process is gone")?;
        let says = BufReader::new(child.stdout.take().context("stdout")?).lines();
        Ok(Self { child, pid, says })
    }

    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Its next line.
    ///
    /// # Errors
    /// When it has ended, or says nothing for a minute.
    pub async fn line(&mut self) -> Result<String> {
        let line = tokio::time::timeout(PATIENCE, self.says.next_line()).await;
        line.context("a process says nothing")??.context("a process ended early; see what it said above")
    }

    /// Says a line to its standard input.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().context("stdin")?;
        Ok(input.write_all(format!("{line}\n").as_bytes()).await?)
    }

    /// Waits until somebody listens on a port of loopback.
    ///
    /// # Errors
    /// When it ends, or does not listen within a minute.
    pub async fn listens(&mut self, port: u16) -> Result<()> {
        let end = tokio::time::Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("process {} ended ({status}); see what it said above", self.pid);
            }
            if tokio::time::Instant::now() > end {
                bail!("process {} does not listen on port {port}", self.pid);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Processor time so far.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu(&self) -> Result<Duration> {
        usage::cpu(self.pid)
    }

    /// Ends it in order, as SIGTERM does.
    ///
    /// # Errors
    /// When it does not end within a minute.
    pub async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw).context("pid")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        // what it still says is for nobody, but must not fill the pipe
        let rest = async { while let Ok(Some(_)) = self.says.next_line().await {} };
        let ended = async { tokio::join!(self.child.wait(), rest).0 };
        tokio::time::timeout(PATIENCE, ended).await.context("a process does not end")??;
        Ok(())
    }
}

/// The same command on one core.
#[must_use]
pub fn pinned(command: &Command, core: &str) -> Command {
    let plain = command.as_std();
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", core]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            pinned.env(name, value);
        }
    }
    if let Some(folder) = plain.get_current_dir() {
        pinned.current_dir(folder);
    }
    pinned
}

/// A port of loopback that nobody uses.
///
/// # Errors
/// When there is none.
pub async fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port())
}
