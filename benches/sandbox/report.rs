//! The table of results.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::say;

const BEGIN: &str = "<!-- measured: written by `make bench-sandbox` -->";
const END: &str = "<!-- end of measured -->";

/// What was measured, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<(String, String)>,
}

impl Report {
    /// Adds a line.
    pub(crate) fn add(&mut self, what: &str, unit: &str, value: f64) {
        let digits = if value >= 100.0 { 0 } else { 1 };
        let value = format!("{value:.digits$} {unit}").trim_end().to_owned();
        say(&format!("{what}: {value}"));
        self.lines.push((what.to_owned(), value));
    }

    /// Writes the table between the markers of a file, or says it.
    pub(crate) fn finish(&self, file: Option<&Path>) -> Result<()> {
        let mut table = format!("\n{}\n\n| what | measured |\n| --- | --- |\n", place());
        for (what, value) in &self.lines {
            writeln!(table, "| {what} | {value} |")?;
        }
        table.push('\n');
        let Some(file) = file else {
            say(&table);
            return Ok(());
        };
        let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        let (before, rest) = text.split_once(BEGIN).context("no begin marker")?;
        let (_, after) = rest.split_once(END).context("no end marker")?;
        fs::write(file, format!("{before}{BEGIN}\n{table}{END}{after}"))?;
        Ok(())
    }
}

/// When and on what it was measured.
fn place() -> String {
    let today = jiff::Zoned::now().date();
    let read = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kib: u64 =
        read("/proc/meminfo", "MemTotal").split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let output = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().map(|output| output.stdout);
        String::from_utf8_lossy(&output.unwrap_or_default()).trim().to_owned()
    };
    format!(
        "Measured on {today}: {} ({} cores, pinned to {cores} for the load and 1 for the network), {} GiB of memory; \
         wagate {} (commit {}), whatsapp-rust 0.7.0, {}, Linux {}.",
        read("/proc/cpuinfo", "model name"),
        fs::read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count(),
        kib >> 20,
        env!("CARGO_PKG_VERSION"),
        output("git", &["rev-parse", "--short", "HEAD"]),
        output("rustc", &["--version"]),
        output("uname", &["-r"]),
    )
}
