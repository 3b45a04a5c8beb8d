//! What a process has used: processor time and memory, as Linux counts them.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// The core of the network.
pub const NETWORK_CORE: &str = "0";
/// The core of its load.
pub const LOAD_CORE: &str = "1";

/// Processor time of a process since its start, all threads, user and system.
pub fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    // The name in parentheses may hold anything; user and system time are the 12th and 13th behind it.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<u64>().ok()).context("stat");
    let ticks = ticks(11)? + ticks(12)?;
    Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
}

/// Resident memory of a process in bytes.
pub fn memory(pid: u32) -> Result<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).context("the process is gone")?;
    let pages: u64 = statm.split(' ').nth(1).context("statm")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// Pins this process, and what it starts, to the core of the load.
pub fn pin_here() -> Result<()> {
    let pid = std::process::id().to_string();
    let done = Command::new("taskset").args(["-a", "-p", "-c", LOAD_CORE, &pid]).output();
    let done = done.context("taskset is needed (util-linux)")?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// Time per piece in microseconds.
#[must_use]
pub fn micros_each(time: Duration, pieces: usize) -> f64 {
    time.as_secs_f64() * 1e6 / pieces as f64
}

/// Pieces per second.
#[must_use]
pub fn per_second(pieces: usize, time: Duration) -> f64 {
    pieces as f64 / time.as_secs_f64()
}
