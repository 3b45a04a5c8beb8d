//! Claiming sessions: authority first (the epoch in SQL), then the record others look at.

use std::{collections::HashSet, sync::Arc};

use futures::{StreamExt, stream};
use wagate_domain::{
    ConnectorId,
    ports::{PortError, PortResult},
    sessions::Session,
};

use crate::session::{Claimed, Shared, chain};

/// Claims under way at a time.
const AT_ONCE: usize = 16;

/// Claims up to `room` of the sessions given whose owner is not alive; returns those that are ours now.
pub(super) async fn claim(
    shared: &Arc<Shared>,
    sessions: Vec<Session>,
    alive: &HashSet<ConnectorId>,
    room: usize,
) -> Vec<Claimed> {
    if room == 0 {
        return Vec::new();
    }
    let mut orphans = stream::iter(sessions)
        .map(|session| async move {
            match is_orphan(shared, &session, alive).await {
                Ok(true) => Some(session),
                Ok(false) => None,
                Err(error) => {
                    tracing::warn!(session = %session.id, error = %chain(&error), "owner not readable");
                    None
                }
            }
        })
        .buffered(AT_ONCE)
        .filter_map(|found| async move { found })
        .take(room)
        .map(|session| async move {
            let id = session.id;
            take(shared, &session).await.unwrap_or_else(|error| {
                tracing::warn!(session = %id, error = %chain(&error), "session not claimed");
                None
            })
        })
        .buffer_unordered(AT_ONCE)
        .boxed();
    let mut claimed = Vec::new();
    while let Some(session) = orphans.next().await {
        claimed.extend(session);
    }
    claimed
}

/// Whether nobody alive holds the session. One on record as ours, without an actor, is an orphan too.
async fn is_orphan(shared: &Shared, session: &Session, alive: &HashSet<ConnectorId>) -> PortResult<bool> {
    let owner = shared.ports.leases.owner(session.key()).await?;
    Ok(owner.is_none_or(|(owner, _)| owner == shared.me || !alive.contains(&owner)))
}

async fn take(shared: &Shared, session: &Session) -> PortResult<Option<Claimed>> {
    let ports = &shared.ports;
    let Some(ours) = ports.sessions.raise_epoch(session.id, session.epoch, shared.me).await? else {
        return Ok(None);
    };
    let contested = match ports.leases.take(ours.key(), shared.me, ours.epoch).await {
        Ok(contested) => contested,
        Err(PortError::Stale) => return Ok(None),
        Err(error) => return Err(error),
    };
    // what a former owner had taken or set aside is looked at anew
    let put_back = async {
        let recovered = ports.lanes.recover(ours.key(), ours.epoch).await?;
        Ok(recovered + ports.lanes.unpark(ours.key(), ours.epoch).await?)
    };
    let recovered = match put_back.await {
        Ok(recovered) => recovered,
        Err(PortError::Stale) => return Ok(None),
        Err(error) => return Err(error),
    };
    tracing::info!(session = %ours.id, epoch = ours.epoch, recovered, "session claimed");
    Ok(Some(Claimed { session: ours, contested }))
}
