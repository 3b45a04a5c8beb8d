//! Deletes what is older than its workspace keeps it, a bounded part at a time.

use std::{collections::HashMap, time::Duration};

use crate::{
    Timestamp, WorkspaceId,
    media::Staging,
    ports::{AuditLog, PortResult, Retentions, TooOld, Workspaces},
    retention::{Aged, Retention, span},
    workspaces::Plan,
};

/// How much one run deletes at most of each workspace and kind; the next run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Things deleted in one step: others write between two of them.
    pub batch: u32,
    /// Steps.
    pub batches: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { batch: 500, batches: 20 }
    }
}

/// What applying retention needs.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "ports have nothing to show")]
pub struct ApplyPorts<'a> {
    /// How much a run deletes.
    pub bounds: Bounds,
    /// Retention on record.
    pub retention: &'a dyn Retentions,
    /// Workspaces, whose plans may keep things for less long.
    pub workspaces: &'a dyn Workspaces,
    /// The plan of a workspace that has none of its own.
    pub plan: &'a Plan,
    /// Media objects, on record and in S3.
    pub staging: Staging<'a>,
    /// The audit log.
    pub audit: &'a dyn AuditLog,
    /// How long its entries are kept, of all tenants alike: who could shorten it could hide what they did.
    pub audit_kept: Duration,
}

/// Deletes what is too old at this moment; returns how many things went. Ends early where it was interrupted, and
/// the next run goes on from there: what is gone is not found again.
///
/// # Errors
/// As the ports report them; what was deleted before stays deleted.
pub async fn apply(ports: ApplyPorts<'_>, now: Timestamp) -> PortResult<u64> {
    let workspaces = ports.workspaces.list().await?;
    let plans: HashMap<_, _> = workspaces.into_iter().map(|one| (one.id, one.plan)).collect();
    let mut gone = 0;
    for (workspace, retention) in ports.retention.all().await? {
        let plan = plans.get(&workspace).copied().flatten().unwrap_or(*ports.plan);
        gone += apply_to(ports, now, workspace, &retention.within(plan.retention_days)).await?;
    }
    Ok(gone + forget_entries(ports, now.minus(ports.audit_kept)).await?)
}

async fn forget_entries(ports: ApplyPorts<'_>, before: Timestamp) -> PortResult<u64> {
    let Bounds { batch, batches } = ports.bounds;
    let mut gone = 0;
    for _ in 0..batches {
        let deleted = ports.audit.forget(before, batch).await?;
        gone += deleted;
        if deleted < u64::from(batch) {
            break;
        }
    }
    Ok(gone)
}

async fn apply_to(
    ports: ApplyPorts<'_>,
    now: Timestamp,
    workspace: WorkspaceId,
    retention: &Retention,
) -> PortResult<u64> {
    let Bounds { batch, batches } = ports.bounds;
    let too_old = |days: u32| TooOld { workspace, before: now.minus(span(days)) };
    let mut gone = 0;
    for kind in Aged::ALL {
        let Some(which) = kind.days(retention).map(too_old) else { continue };
        for _ in 0..batches {
            let deleted = ports.retention.forget(kind, which, batch).await?;
            gone += deleted;
            if deleted < u64::from(batch) {
                break;
            }
        }
    }
    if let Some(which) = retention.media_days.map(too_old) {
        gone += forget_media(ports, which).await?;
    }
    Ok(gone)
}

async fn forget_media(ports: ApplyPorts<'_>, which: TooOld) -> PortResult<u64> {
    let Bounds { batch, batches } = ports.bounds;
    let mut gone = 0;
    for _ in 0..batches {
        let old = ports.retention.old_media(which, batch).await?;
        for media in &old {
            // the row last: a run that breaks off between the two finds the object again
            ports.staging.objects.delete(&media.object_key()).await?;
            ports.staging.index.delete(media.workspace, media.id).await?;
            gone += 1;
        }
        if old.len() < batch as usize {
            break;
        }
    }
    Ok(gone)
}
