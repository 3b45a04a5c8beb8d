//! A process of the built program, and what it has written to its log.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::{Child, Command};
use wagate_infra::testing::eventually;

/// How long a process may take to say something, or to end. Never a measure of speed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A running process. Killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: Pid,
    log: Log,
}

/// Lines of JSON that a process writes to standard error.
#[derive(Debug, Clone)]
pub(crate) struct Log(PathBuf);

impl Process {
    /// Starts `program` with its log in a file.
    pub(crate) fn start(
        program: &Path,
        arguments: &[&str],
        variables: &[(&'static str, String)],
        log: PathBuf,
    ) -> Result<Self> {
        let child = Command::new(program)
            .args(arguments)
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .env("WAGATE_LOG__FORMAT", "json")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).with_context(|| format!("make {}", log.display()))?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let pid =
            child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)).context("no process id")?;
        Ok(Self { child, pid, log: Log(log) })
    }

    /// What it writes.
    pub(crate) const fn log(&self) -> &Log {
        &self.log
    }

    /// Its standard output, once.
    pub(crate) fn output(&mut self) -> Option<tokio::process::ChildStdout> {
        self.child.stdout.take()
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid, signal).with_context(|| format!("signal process {:?}", self.pid))
    }

    /// Kills it (`kill -9`) and waits until it is gone; a stopped one, too.
    pub(crate) async fn kill(mut self) -> Result<()> {
        self.check()?;
        self.child.kill().await.context("kill a process")
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.check()?;
        self.signal(Signal::TERM)?;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.context("a process does not end when it is asked to")??;
        // one that was still starting has nothing to put in order and ends at once
        let in_order = status.success() || status.signal() == Some(Signal::TERM.as_raw());
        anyhow::ensure!(in_order, "a process ended with {status}; see {}", self.log.0.display());
        Ok(())
    }
}

impl Process {
    /// A process that has ended although nobody asked it to is a finding of its own.
    fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => {
                bail!("a process ended by itself with {status}; its log: {}", self.log.0.display())
            }
        }
    }
}

impl Log {
    /// The first line that tells something, when there is one yet.
    pub(crate) fn tells<T>(&self, pick: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let text = fs::read_to_string(&self.0).ok()?;
        // the last line may be half written
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).find_map(|line| pick(&line))
    }

    /// Waits for such a line.
    pub(crate) async fn told<T>(&self, what: &str, pick: impl Fn(&Value) -> Option<T>) -> T {
        eventually(PATIENCE, what, || async { self.tells(&pick) }).await
    }
}

/// Runs the program to its end; what it printed.
pub(crate) async fn run(
    program: &Path,
    arguments: &[&str],
    variables: &[(&'static str, String)],
) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (*name, value)))
        .output()
        .await
        .with_context(|| format!("run {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    anyhow::ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(text)
}
