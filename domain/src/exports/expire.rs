//! Deleting exports whose time is over.

use crate::{
    Timestamp,
    ports::{Exports, Objects, PortResult},
};

/// Exports deleted in one run; the next one goes on.
const BATCH: u32 = 500;

/// Deletes what had expired by `now`, the file first; returns how many went.
///
/// # Errors
/// As the ports report them; a run that breaks off finds the rest again.
pub async fn expire(exports: &dyn Exports, objects: &dyn Objects, now: Timestamp) -> PortResult<u64> {
    let expired = exports.expired(now, BATCH).await?;
    for export in &expired {
        objects.delete(&export.object_key()).await?;
        exports.delete(export.workspace, export.id).await?;
    }
    Ok(expired.len() as u64)
}
