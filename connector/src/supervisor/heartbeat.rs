//! The sign of life of a connector.

use std::sync::Arc;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::session::Shared;

/// Says "I am alive" until told to stop, then farewell.
pub(super) async fn heartbeat(shared: Arc<Shared>, stop: CancellationToken) {
    let leases = &shared.ports.leases;
    let ttl = shared.config.lease_ttl;
    let mut beats = tokio::time::interval(ttl / 3);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = beats.tick() => {}
        }
        if let Err(error) = leases.heartbeat(shared.me, ttl).await {
            tracing::warn!(connector = %shared.me, %error, "no heartbeat");
        }
    }
    if let Err(error) = leases.farewell(shared.me).await {
        tracing::warn!(connector = %shared.me, %error, "no farewell; the heartbeat runs out");
    }
}
