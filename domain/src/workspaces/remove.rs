//! Removing what belongs to workspaces that are to be deleted, a bounded part at a time.
//!
//! When the grace is over, what waits is cancelled and linked sessions are logged out of WhatsApp ([`unlink`]). Then the
//! tenant becomes a tombstone in one step, from which there is no way back, and everything of it is looked for and removed
//! until nothing is found: rows, keys, objects. Whatever breaks off in between is taken up by the next run.

use std::time::Duration;

use futures::future::try_join_all;

use crate::{
    Env, Timestamp, WorkspaceId,
    messages::{Failure, cancel_waiting},
    ports::{Due, Lanes, Objects, PortResult, Removals, SessionCalls, Sessions, Traces, Which},
    retention::Bounds,
    sessions::{Command, Session, State},
};

/// How long sessions have to be taken up once more and logged out.
const UNLINKING: Duration = Duration::from_mins(1);
/// How long the owner of a session has to unlink it.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(5);
/// How long it is looked for what came late: an upload that went on meanwhile, an event that was on its way.
const LATE: Duration = Duration::from_hours(24);
/// Time between two such looks.
const LOOK_AGAIN: Duration = Duration::from_hours(1);
/// Sessions listed at once.
const SESSIONS: u32 = 100;

/// What removing needs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct RemovePorts<'a> {
    /// How much a run removes of each tenant.
    pub bounds: Bounds,
    /// How long exports are kept after their tenant.
    pub exports_kept: Duration,
    /// What the record keeps of tenants.
    pub removals: &'a dyn Removals,
    /// What Redis keeps of them.
    pub traces: &'a dyn Traces,
    /// S3.
    pub objects: &'a dyn Objects,
    /// Their sessions.
    pub sessions: &'a dyn Sessions,
    /// The connectors that hold those.
    pub calls: &'a dyn SessionCalls,
    /// What waits to be sent.
    pub lanes: &'a dyn Lanes,
}

/// Begins every removal that is due and goes on with those that have begun; returns how many things went. One that fails
/// stands in the way of no other.
///
/// # Errors
/// The last failure, as the ports report it; what was removed stays removed.
pub async fn remove_due(env: &Env, ports: RemovePorts<'_>) -> PortResult<u64> {
    let now = env.now();
    let (mut gone, mut outcome) = (0, Ok(()));
    for due in ports.removals.due(now).await? {
        if let Err(error) = begin(env, ports, due, now).await {
            outcome = Err(error);
        }
    }
    for workspace in ports.removals.open(now.minus(LATE), now.minus(LOOK_AGAIN)).await? {
        match go_on(env, ports, workspace).await {
            Ok(removed) => gone += removed,
            Err(error) => outcome = Err(error),
        }
    }
    outcome.map(|()| gone)
}

async fn begin(env: &Env, ports: RemovePorts<'_>, due: Due, now: Timestamp) -> PortResult<()> {
    if unlink(env, ports, due, now).await? {
        ports.removals.begin(due.workspace, now, now.plus(ports.exports_kept)).await?;
    }
    Ok(())
}

/// Removes a part of a tenant; how much went.
async fn go_on(env: &Env, ports: RemovePorts<'_>, workspace: WorkspaceId) -> PortResult<u64> {
    let (removed, left) = sweep(ports, workspace).await?;
    if !left {
        ports.removals.end(workspace, env.now()).await?;
    }
    Ok(removed)
}

/// Cancels what waits and logs sessions out; whether that is done, or has had its time.
async fn unlink(env: &Env, ports: RemovePorts<'_>, due: Due, now: Timestamp) -> PortResult<bool> {
    let over = due.unlink_until.is_some_and(|until| until <= now);
    let (mut after, mut linked) = (None, false);
    loop {
        let page = ports.sessions.list(due.workspace, after, SESSIONS).await?;
        for session in &page {
            // nothing that waited for days may go out when the session is held once more
            cancel_waiting(env, ports.lanes, session.key(), &Which::default(), Some(&gone())).await?;
        }
        let left: Vec<&Session> =
            page.iter().filter(|session| session.is_linked() && session.wanted).collect();
        if due.unlink_until.is_some() && !over {
            let connected = left.iter().filter(|session| session.state == State::Connected);
            let calls =
                connected.map(|session| ports.calls.call(session.key(), &Command::Logout, LOGOUT_PATIENCE));
            try_join_all(calls).await?;
        }
        linked |= !left.is_empty();
        after = page.last().map(|last| last.id);
        if page.len() < SESSIONS as usize {
            break;
        }
    }
    if linked && due.unlink_until.is_none() {
        ports.removals.unlink(due.workspace, now.plus(UNLINKING)).await?;
    }
    Ok(over || !linked)
}

fn gone() -> Failure {
    Failure {
        code: "workspace_deleted".to_owned(),
        message: "the workspace was deleted before the message could be sent".to_owned(),
    }
}

/// Removes what there is of a tenant, within bounds: how much went, and whether something may be left. Only a look that
/// finds nothing at all says that nothing is.
async fn sweep(ports: RemovePorts<'_>, workspace: WorkspaceId) -> PortResult<(u64, bool)> {
    let Bounds { batch, batches } = ports.bounds;
    let mut gone = 0;
    for _ in 0..batches {
        let found = sweep_once(ports, workspace, batch).await?;
        if found == 0 {
            return Ok((gone, false));
        }
        gone += found;
    }
    Ok((gone, true))
}

/// Rows first: whatever else there is came with one.
async fn sweep_once(ports: RemovePorts<'_>, workspace: WorkspaceId, batch: u32) -> PortResult<u64> {
    let rows = ports.removals.remove(workspace, batch).await?;
    if rows > 0 {
        return Ok(rows);
    }
    let keys = ports.objects.list(&format!("{workspace}/"), batch).await?;
    for key in &keys {
        ports.objects.delete(key).await?;
    }
    if !keys.is_empty() {
        return Ok(keys.len() as u64);
    }
    ports.traces.forget(workspace).await
}
