//! What the benchmarks share: what they start, how they measure, and where the figures go.
//!
//! Clients of the protocol and the network itself are not here but in the bench targets, so that a client which
//! skips certificates gets into no build.

pub mod control;
pub mod report;
pub mod server;
pub mod usage;

/// A line of progress.
#[expect(clippy::print_stderr, reason = "progress for the person who waits")]
pub fn say(line: &str) {
    eprintln!("{line}");
}
