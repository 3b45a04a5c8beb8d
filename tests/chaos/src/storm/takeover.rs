//! Sessions that change hands.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures::future::join_all;
use wagate_domain::{ConnectorId, ports::Leases};

use crate::{cast::EACH, world::World};

/// How long others may take. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(180);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Sessions that were taken over from a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Takeover {
    /// What had become of the connector.
    pub(crate) how: &'static str,
    /// How many sessions it had held.
    pub(crate) sessions: usize,
    /// From that moment until the last of them was held by another.
    pub(crate) took: Duration,
}

/// Sessions (by number) that the connector in a place holds.
pub(super) async fn owned(world: &World, slot: usize) -> Vec<usize> {
    let connectors = world.cast.connectors().await;
    let Some(id) = connectors.into_iter().find_map(|(at, id)| id.filter(|_| at == slot)) else {
        return Vec::new();
    };
    let owners = join_all(world.sessions.iter().map(|session| world.leases.owner(session.key))).await;
    let held = owners.into_iter().enumerate();
    // while Redis is away nobody can be asked; what is not known to be held is not waited for
    held.filter_map(|(n, owner)| matches!(owner, Ok(Some((owner, _))) if owner == id).then_some(n)).collect()
}

/// The connector in this place, or another, as soon as one holds sessions; and which. All are awake then: who is to
/// fall asleep needs another to take its sessions.
pub(super) async fn holder(world: &World, slot: usize) -> (usize, Vec<usize>) {
    wagate_tests::eventually("a connector that holds sessions", || async {
        for slot in 0..EACH {
            if world.cast.is_frozen(slot).await {
                return None;
            }
        }
        for slot in (0..EACH).map(|step| (slot + step) % EACH) {
            let owned = owned(world, slot).await;
            if !owned.is_empty() {
                return Some((slot, owned));
            }
        }
        None
    })
    .await
}

/// Waits until nobody of `owned` is held by `gone` any more, and everybody by somebody.
pub(super) async fn watch(
    world: &World,
    how: &'static str,
    gone: ConnectorId,
    owned: Vec<usize>,
    since: Instant,
) -> Result<Option<Takeover>> {
    let sessions = owned.len();
    let mut left = owned;
    while !left.is_empty() {
        let owners = left.iter().map(|n| async {
            let owner = world.leases.owner(world.sessions[*n].key).await;
            (*n, matches!(owner, Ok(Some((owner, _))) if owner != gone))
        });
        left = join_all(owners).await.into_iter().filter_map(|(n, taken)| (!taken).then_some(n)).collect();
        if since.elapsed() > PATIENCE {
            bail!("sessions {left:?} were not taken over from the connector that was {how}");
        }
        if !left.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok((sessions > 0).then(|| Takeover { how, sessions, took: since.elapsed() }))
}
