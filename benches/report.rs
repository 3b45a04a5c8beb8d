//! The tables of results.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::say;

const END: &str = "<!-- end of measured -->";

/// What a figure is to be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Goal {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn text(self, unit: &str) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {}", figure(bound, unit)),
            Self::AtMost(bound) => format!("≤ {}", figure(bound, unit)),
        }
    }
}

/// What was measured, in order.
#[derive(Debug)]
pub struct Report {
    command: &'static str,
    remarks: Vec<String>,
    lines: Vec<(String, String)>,
    goals: Vec<[String; 4]>,
}

impl Report {
    /// An empty report of a command, which names its place in the document.
    #[must_use]
    pub const fn of(command: &'static str) -> Self {
        Self { command, remarks: Vec::new(), lines: Vec::new(), goals: Vec::new() }
    }

    /// Adds a sentence to what is said of the circumstances.
    pub fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(text.into());
    }

    /// Adds a figure.
    pub fn add(&mut self, what: &str, unit: &str, value: f64) {
        let value = figure(value, unit);
        say(&format!("{what}: {value}"));
        self.lines.push((what.to_owned(), value));
    }

    /// Adds a figure that has a goal.
    pub fn goal(&mut self, what: &str, unit: &str, value: f64, goal: Goal) {
        let met = if goal.is_met(value) { "met" } else { "**missed**" };
        let row = [what.to_owned(), figure(value, unit), goal.text(unit), met.to_owned()];
        say(&format!("goal: {}", row.join(", ")));
        self.goals.push(row);
    }

    /// Writes the tables between the markers of a file, or says them.
    ///
    /// # Errors
    /// When the file cannot be read or written, or has no markers of this command.
    pub fn finish(&self, file: Option<&Path>) -> Result<()> {
        let tables = self.tables()?;
        let Some(file) = file else {
            say(&tables);
            return Ok(());
        };
        let begin = format!("<!-- measured: written by `{}` -->", self.command);
        let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        let (before, rest) = text.split_once(&begin).with_context(|| format!("no marker {begin}"))?;
        let (_, after) = rest.split_once(END).context("no end marker")?;
        fs::write(file, format!("{before}{begin}\n{tables}{END}{after}"))?;
        Ok(())
    }

    fn tables(&self) -> Result<String> {
        let mut tables = format!("\n{} {}\n", place(), self.remarks.join(" ")).replace(" \n", "\n");
        if !self.goals.is_empty() {
            tables.push_str("\n| goal | measured | wanted | |\n| --- | --- | --- | --- |\n");
            for row in &self.goals {
                writeln!(tables, "| {} |", row.join(" | "))?;
            }
        }
        tables.push_str("\n| what | measured |\n| --- | --- |\n");
        for (what, value) in &self.lines {
            writeln!(tables, "| {what} | {value} |")?;
        }
        tables.push('\n');
        Ok(tables)
    }
}

fn figure(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

/// When and on what it was measured.
fn place() -> String {
    let today = jiff::Zoned::now().date();
    let read = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let kib: u64 =
        read("/proc/meminfo", "MemTotal").split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    format!(
        "Measured on {today}: {} ({} cores), {} GiB of memory; wagate {} (commit {}), {}, Linux {}.",
        read("/proc/cpuinfo", "model name"),
        fs::read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count(),
        kib >> 20,
        env!("CARGO_PKG_VERSION"),
        output("git", &["rev-parse", "--short", "HEAD"]),
        output("rustc", &["--version"]),
        output("uname", &["-r"]),
    )
}

/// What a program says on standard output; nothing when it is not there.
#[must_use]
pub fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().map(|output| output.stdout);
    String::from_utf8_lossy(&output.unwrap_or_default()).trim().to_owned()
}
