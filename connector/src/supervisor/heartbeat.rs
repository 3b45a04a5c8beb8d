//! The sign of life of a connector.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::session::Shared;

/// Whether signs of life have arrived lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse(Arc<AtomicBool>);

impl Pulse {
    /// False from a sign of life that did not arrive until the second one that does: by then every
    /// other connector has had its turn too, and who is missing is gone.
    pub(super) fn is_steady(&self) -> bool {
        !self.0.load(Ordering::Acquire)
    }

    fn set_troubled(&self, troubled: bool) {
        self.0.store(troubled, Ordering::Release);
    }
}

/// Says "I am alive" until told to stop, then farewell.
pub(super) async fn heartbeat(shared: Arc<Shared>, pulse: Pulse, stop: CancellationToken) {
    let leases = &shared.ports.leases;
    let ttl = shared.config.lease_ttl;
    let mut beats = tokio::time::interval(ttl / 3);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut arrived = 1_u32;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = beats.tick() => {}
        }
        match leases.heartbeat(shared.me, ttl).await {
            Ok(()) => arrived = arrived.saturating_add(1),
            Err(error) => {
                tracing::warn!(connector = %shared.me, %error, "no heartbeat");
                arrived = 0;
            }
        }
        pulse.set_troubled(arrived < 2);
    }
    if let Err(error) = leases.farewell(shared.me).await {
        tracing::warn!(connector = %shared.me, %error, "no farewell; the heartbeat runs out");
    }
}
