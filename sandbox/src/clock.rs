//! Wall clock of the network.

/// Unix time in whole seconds.
pub(crate) fn unix_secs() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0)
}
