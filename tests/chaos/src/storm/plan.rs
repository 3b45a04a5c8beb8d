//! What strikes when: decided by the seed alone, so that a run can be repeated.

use std::fmt;

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{
    cast::{EACH, Role},
    settings::Size,
};

/// Something that breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Strike {
    /// `kill -9`; a new process takes the place at once.
    Kill { role: Role, slot: usize },
    /// SIGTERM: the process hands over and ends, a new one takes its place.
    Roll { slot: usize },
    /// SIGSTOP of a connector until others hold its sessions, then SIGCONT.
    Freeze { slot: usize },
    /// The redis-server ends, killed or in order, and starts again on its append-only file.
    RestartRedis { killed: bool },
    /// SIGSTOP of the redis-server for so long.
    PauseRedis { millis: u64 },
    /// Sockets of so many sessions are cut.
    Cut { sockets: usize, amid_frame: bool },
    /// Sockets of so many sessions stay open and carry nothing any more.
    HalfOpen { sockets: usize },
    /// A session's next acks are lost.
    LoseAcks { session: usize, times: u64 },
    /// A session's next acks are late.
    DelayAcks { session: usize, times: u64, millis: u64 },
    /// A session's next messages reach the network twice.
    DoubleMessages { session: usize, times: u64 },
    /// What the network sends to a session next comes twice: receipts.
    DoubleReceipts { session: usize, times: u64 },
}

/// A strike and its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// When so many messages have been accepted.
    pub(crate) at: usize,
    pub(crate) strike: Strike,
}

/// Kinds of strikes, killed roles counted apart.
const KINDS: usize = 14;

/// The whole storm of a seed: every kind at least once, the first round in random order.
pub(crate) fn plan(seed: u64, size: &Size) -> Vec<Step> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut kinds: Vec<usize> = (0..KINDS).collect();
    kinds.shuffle(&mut rng);
    let strikes = size.strikes.max(KINDS);
    (0..strikes)
        .map(|n| {
            let kind = kinds.get(n).copied().unwrap_or_else(|| rng.random_range(0..KINDS));
            // from the first messages on, and over before the last ones
            let at = size.messages * (n + 1) / (strikes + 2);
            Step { at, strike: strike(kind, &mut rng, size) }
        })
        .collect()
}

fn strike(kind: usize, rng: &mut StdRng, size: &Size) -> Strike {
    let slot = rng.random_range(0..EACH);
    let session = rng.random_range(0..size.sessions);
    let times = rng.random_range(1..=3);
    let sockets = rng.random_range(1..=size.sessions.div_ceil(10) + 1);
    match kind {
        0 => Strike::Kill { role: Role::Connector, slot },
        1 => Strike::Kill { role: Role::Worker, slot },
        2 => Strike::Kill { role: Role::Api, slot },
        3 => Strike::Roll { slot },
        4 => Strike::Freeze { slot },
        5 => Strike::RestartRedis { killed: true },
        6 => Strike::RestartRedis { killed: false },
        7 => Strike::PauseRedis { millis: rng.random_range(500..=6_000) },
        8 => Strike::Cut { sockets, amid_frame: rng.random_bool(0.5) },
        9 => Strike::HalfOpen { sockets: rng.random_range(1..=2) },
        10 => Strike::LoseAcks { session, times: rng.random_range(1..=2) },
        11 => Strike::DelayAcks { session, times, millis: rng.random_range(200..=4_000) },
        12 => Strike::DoubleMessages { session, times },
        _ => Strike::DoubleReceipts { session, times },
    }
}

impl Strike {
    /// What it is called in the table.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Kill { role, .. } => format!("kill -9 {role}"),
            Self::Roll { .. } => "connector ended in order".to_owned(),
            Self::Freeze { .. } => "connector asleep beyond its lease".to_owned(),
            Self::RestartRedis { killed: true } => "kill -9 redis-server".to_owned(),
            Self::RestartRedis { killed: false } => "redis-server restarted".to_owned(),
            Self::PauseRedis { .. } => "redis-server asleep".to_owned(),
            Self::Cut { .. } => "sockets cut".to_owned(),
            Self::HalfOpen { .. } => "sockets half open".to_owned(),
            Self::LoseAcks { .. } => "acks lost".to_owned(),
            Self::DelayAcks { .. } => "acks late".to_owned(),
            Self::DoubleMessages { .. } => "messages doubled".to_owned(),
            Self::DoubleReceipts { .. } => "receipts doubled".to_owned(),
        }
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind())?;
        match self {
            Self::Kill { slot, .. } | Self::Roll { slot } | Self::Freeze { slot } => write!(f, " {slot}"),
            Self::RestartRedis { .. } => Ok(()),
            Self::PauseRedis { millis } => write!(f, " for {millis} ms"),
            Self::Cut { sockets, amid_frame } => {
                write!(f, ": {sockets}{}", if *amid_frame { ", amid a frame" } else { "" })
            }
            Self::HalfOpen { sockets } => write!(f, ": {sockets}"),
            Self::LoseAcks { session, times }
            | Self::DoubleMessages { session, times }
            | Self::DoubleReceipts { session, times } => write!(f, ": {times} of session {session}"),
            Self::DelayAcks { session, times, millis } => {
                write!(f, ": {times} of session {session} by {millis} ms")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_decides_everything_and_every_kind_strikes() {
        let size = Size::long(20_000);
        assert_eq!(plan(7, &size), plan(7, &size));
        assert_ne!(plan(7, &size), plan(8, &size));
        for seed in 0..20 {
            let steps = plan(seed, &Size::SHORT);
            let kinds: BTreeSet<String> = steps.iter().map(|step| step.strike.kind()).collect();
            assert_eq!(kinds.len(), KINDS, "{kinds:?}");
            assert!(steps.is_sorted_by_key(|step| step.at));
            assert!(steps.iter().all(|step| step.at > 0 && step.at < Size::SHORT.messages));
        }
    }
}
