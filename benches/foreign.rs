//! Programs in Node that the gateway is compared with; `benches/foreign` holds them and their pinned packages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::program::pinned;
use crate::report::output;

/// What to do when they are not there.
pub const REMEDY: &str = "install Node.js 20 or newer and run scripts/foreign-clients benches/foreign";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign")
}

/// A command that runs one of them.
///
/// # Errors
/// When the packages are not installed.
pub fn node(script: &str) -> Result<Command> {
    ensure!(folder().join("node_modules/.installed").exists(), "no packages in benches/foreign: {REMEDY}");
    let mut command = Command::new("node");
    command.arg(folder().join(script)).env("NODE_ENV", "production");
    Ok(command)
}

/// The same on one core.
///
/// # Errors
/// When the packages are not installed.
pub fn node_on(script: &str, core: &str) -> Result<Command> {
    Ok(pinned(&node(script)?, core))
}

/// The versions of Node and of some packages, for the report.
///
/// # Errors
/// When one is not installed.
pub fn versions(packages: &[&str]) -> Result<String> {
    let node = output("node", &["--version"]);
    ensure!(!node.is_empty(), "node is missing: {REMEDY}");
    let mut all = vec![format!("Node.js {}", node.trim_start_matches('v'))];
    for package in packages {
        let file = folder().join("node_modules").join(package).join("package.json");
        let text = std::fs::read(&file).with_context(|| format!("{package} is missing: {REMEDY}"))?;
        let read: Value = serde_json::from_slice(&text)?;
        let version = read.get("version").and_then(Value::as_str).context("a package without a version")?;
        all.push(format!("{package} {version}"));
    }
    Ok(all.join(", "))
}
