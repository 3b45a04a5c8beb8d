//! Forgets uploads that were announced and never arrived, with whatever lies in S3 under their key.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wagate_domain::{Timestamp, media::Staging};

use crate::jobs::JobError;

/// Name of the job; part of its queue's name.
pub const KIND: &str = "sweep-uploads-v1";

/// An announced upload has this long to arrive (its link is good for one hour).
const PATIENCE: Duration = Duration::from_hours(24);
/// Objects forgotten per query.
const BATCH: u32 = 500;
/// Queries per run: a run is bounded, the next tick goes on.
const BATCHES: u32 = 20;

/// The job's payload.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SweepUploads {
    /// When the tick was due, in milliseconds since the epoch.
    pub tick: i64,
}

/// Deletes abandoned uploads announced more than a day before the tick. Returns how many went.
///
/// # Errors
/// See [`JobError`].
pub async fn run(job: SweepUploads, staging: Staging<'_>) -> Result<u64, JobError> {
    let patience = i64::try_from(PATIENCE.as_millis()).unwrap_or(i64::MAX);
    let before = Timestamp::from_millis(job.tick.saturating_sub(patience));
    let mut gone = 0;
    for _ in 0..BATCHES {
        let abandoned = staging.index.abandoned(before, BATCH).await?;
        if abandoned.is_empty() {
            break;
        }
        for media in &abandoned {
            staging.objects.delete(&media.object_key()).await?;
            staging.index.delete(media.workspace, media.id).await?;
            gone += 1;
        }
    }
    Ok(gone)
}
