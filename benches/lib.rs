//! What the benchmarks share: what they start, how they measure, and where the figures go.
//!
//! Clients of the protocol and the network itself are not here but in the bench targets, so that a client which
//! skips certificates gets into no build.

pub mod baileys;
pub mod control;
pub mod foreign;
pub mod gateway;
pub mod load;
pub mod program;
pub mod redis;
pub mod report;
pub mod server;
pub mod usage;

/// A line of progress.
#[expect(clippy::print_stderr, reason = "progress for the person who waits")]
pub fn say(line: &str) {
    eprintln!("{line}");
}
